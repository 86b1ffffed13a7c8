//! What tags hold: one HEAD each, all of them at the same time, and none at targets that hold no tag at all or whose
//! vendor's list tells.

use std::collections::{BTreeMap, HashMap};

use futures_util::stream::{self, StreamExt};
use tokio::sync::OnceCell;

use super::CONCURRENCY;
use super::lists::Listed;
use super::reach::Reach;
use crate::diag::Problem;
use crate::image::{Descriptor, Repository};
use crate::plan::{Location, Observed, Request};
use crate::store::Store;

pub(super) type Heads = HashMap<Location, Observed<Option<Descriptor>>>;

/// What both sides of `requests` hold; what is `known` already is not asked for, nor are targets that are `listed`.
pub(super) async fn heads(reach: &Reach<'_>, requests: &[&Request], known: Heads, listed: &Listed) -> Heads {
    let unknown = |location: &&Location| !known.contains_key(*location);
    let unlisted = |target: &&Location| unknown(target) && !listed.contains_key(*target);
    let targets = || requests.iter().map(|request| &request.target).filter(unlisted);
    let scouts = Scout::of(targets());
    let sources = requests.iter().map(|request| &request.source).filter(unknown);
    let sources = sources.map(|source| (source, reach.source(&source.registry)));
    let locations = targets().map(|target| (target, reach.store(&target.registry))).chain(sources).collect();
    let asked: Heads = stream::iter(alternating(locations))
        .map(async |(location, store)| {
            let observed = match (store, scouts.get(&(&location.registry, &location.repository))) {
                (Err(why), _) => Observed::Unknown { why },
                (Ok(store), Some(scout)) => scout.ask(reach, store, location).await,
                (Ok(store), None) => head(store, location).await,
            };
            (location.clone(), observed)
        })
        .buffer_unordered(CONCURRENCY)
        .collect()
        .await;
    known.into_iter().chain(asked).collect()
}

async fn head(store: &Store, location: &Location) -> Observed<Option<Descriptor>> {
    store.head_manifest(&location.repository, &location.reference).await.map_err(Problem::from).into()
}

/// The first tag of several that are wanted in a repository of a target. Where it is missing, the repository may be empty:
/// its list tells, and nobody asks for the others. Each tag is looked at again before it is written.
struct Scout<'a> {
    tag: &'a Location,
    /// What it holds, and whether there is no tag at all.
    found: OnceCell<(Observed<Option<Descriptor>>, bool)>,
}

impl<'a> Scout<'a> {
    fn of(targets: impl Iterator<Item = &'a Location>) -> HashMap<(&'a String, &'a Repository), Self> {
        let mut tags: HashMap<_, Vec<&Location>> = HashMap::new();
        for target in targets.filter(|target| target.reference.tag().is_some()) {
            tags.entry((&target.registry, &target.repository)).or_default().push(target);
        }
        let several = tags.into_iter().filter(|(_, tags)| tags.len() > 1);
        let first = several.filter_map(|(place, tags)| Some((place, tags.into_iter().min()?)));
        first.map(|(place, tag)| (place, Self { tag, found: OnceCell::new() })).collect()
    }

    async fn ask(&self, reach: &Reach<'_>, store: &Store, location: &Location) -> Observed<Option<Descriptor>> {
        // Boxed: many wait for it, one asks.
        let report = || {
            Box::pin(async {
                let found = head(store, self.tag).await;
                let place = (&self.tag.registry, &self.tag.repository);
                let empty = matches!(found, Observed::Known(None)) && reach.is_empty(place).await;
                (found, empty)
            })
        };
        match self.found.get_or_init(report).await {
            (found, _) if self.tag == location => found.clone(),
            (_, true) if location.reference.tag().is_some() => Observed::Known(None),
            _ => head(store, location).await,
        }
    }
}

/// The same locations, one of each repository after the other: all registries have something to do from the start, and
/// scouts go ahead.
fn alternating<T>(locations: BTreeMap<&Location, T>) -> impl Iterator<Item = (&Location, T)> {
    let (mut numbers, mut ordered) = (HashMap::new(), Vec::with_capacity(locations.len()));
    for (location, value) in locations {
        let number = numbers.entry((&location.registry, &location.repository)).or_insert(0_usize);
        ordered.push((*number, location, value));
        *number += 1;
    }
    ordered.sort_by_key(|(number, ..)| *number);
    ordered.into_iter().map(|(_, location, value)| (location, value))
}
