//! What targets hold beyond what the rules produce, where a migration prunes.

use futures_util::stream::{self, StreamExt};

use super::CONCURRENCY;
use super::reach::Reach;
use crate::diag::{Diagnostic, Problem};
use crate::plan::{Expansion, Observed, Surplus, TargetTags, needed_target_tags, surplus};
use crate::project::Project;

/// The surplus tags with what they hold, and what the user should hear about repositories that are left alone.
pub(super) async fn observe(
    project: &Project,
    reach: &Reach<'_>,
    expansion: &Expansion,
) -> (Vec<Surplus>, Vec<Diagnostic>) {
    let tags: TargetTags = stream::iter(needed_target_tags(project, expansion))
        .map(async |(registry, repository)| {
            let listed = reach.target_tags((&registry, &repository)).await;
            // What is no tag can neither be wanted nor deleted.
            ((registry, repository), listed.map(|listed| listed.map(|listed| listed.names)).into())
        })
        .buffer_unordered(CONCURRENCY)
        .collect()
        .await;
    let (found, findings) = surplus(project, expansion, &tags);
    let looked_at: Vec<Surplus> = stream::iter(found)
        .map(async |surplus| {
            let held = match reach.target(&surplus.target.registry) {
                Err(why) => Observed::Unknown { why },
                Ok(store) => {
                    let head = store.head_manifest(&surplus.target.repository, &surplus.target.reference).await;
                    head.map_err(Problem::from).into()
                }
            };
            Surplus { held, ..surplus }
        })
        .buffered(CONCURRENCY)
        .collect()
        .await;
    let (_needed, surplus) = looked_at.into_iter().partition(|surplus| surplus.is_needed(project, expansion));
    (surplus, findings)
}
