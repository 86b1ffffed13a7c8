//! Repositories and tags of the sources, where rules choose among them.

use futures_util::stream::{self, StreamExt};

use super::CONCURRENCY;
use super::reach::Reach;
use crate::diag::Problem;
use crate::plan::{Listings, Observed, needed_catalogs, needed_tags};
use crate::project::Project;

pub(super) async fn list(project: &Project, reach: &Reach<'_>) -> Listings {
    let mut listings = Listings::default();
    listings.catalogs = stream::iter(needed_catalogs(project))
        .map(async |registry| {
            let observed = match reach.source(&registry) {
                Err(why) => Observed::Unknown { why },
                Ok(store) => store.catalog().await.map_err(Problem::from).into(),
            };
            (registry, observed)
        })
        .buffer_unordered(CONCURRENCY)
        .collect()
        .await;
    listings.tags = stream::iter(needed_tags(project, &listings))
        .map(async |(registry, repository)| {
            let observed = match reach.source(&registry) {
                Err(why) => Observed::Unknown { why },
                Ok(store) => store.tags(&repository).await.map_err(Problem::from).into(),
            };
            ((registry, repository), observed)
        })
        .buffer_unordered(CONCURRENCY)
        .collect()
        .await;
    listings
}
