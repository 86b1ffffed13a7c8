//! Repositories and tags of the sources, where rules choose among them.

use std::collections::BTreeMap;

use futures_util::stream::{self, StreamExt};

use super::{CONCURRENCY, unreachable};
use crate::diag::Problem;
use crate::network::PathReport;
use crate::plan::{Listings, Observed, needed_catalogs, needed_tags};
use crate::project::Project;
use crate::store::{Store, Stores};

pub(super) async fn list(project: &Project, stores: &Stores, paths: &BTreeMap<String, PathReport>) -> Listings {
    let mut listings = Listings::default();
    listings.catalogs = stream::iter(needed_catalogs(project))
        .map(async |registry| {
            let observed = match reachable(stores, paths, &registry) {
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
            let observed = match reachable(stores, paths, &registry) {
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

/// A store worth asking.
fn reachable<'a>(
    stores: &'a Stores,
    paths: &BTreeMap<String, PathReport>,
    registry: &str,
) -> Result<&'a Store, Problem> {
    match unreachable(paths, registry) {
        Some(why) => Err(why),
        None => stores.get(registry),
    }
}
