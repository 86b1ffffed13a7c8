//! What targets hold out of their vendor's list of tags, where the project asks for that: one request for a thousand tags
//! in place of a HEAD for each.
//!
//! A list may be behind the registry, so it is believed in one case only: where it says what we want. Everything else is
//! looked at by a HEAD before the plan says anything about it, and once more before it is written.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt};

use super::CONCURRENCY;
use super::heads::Heads;
use super::reach::Reach;
use crate::image::{Descriptor, Digest, MediaType, Repository, Tag};
use crate::plan::{Location, Observed, Request};
use crate::store::Store;

/// Fewer tags of a repository are asked for one by one.
const WORTH_A_LIST: usize = 2;

/// What lists say that `known` does not. A list that does not come is none: its tags are then looked at one by one.
pub(super) async fn of_targets(reach: &Reach<'_>, requests: &[&Request], known: &Heads) -> BTreeMap<Location, Digest> {
    let mut wanted: BTreeMap<(&String, &Repository), Vec<(&Location, &Tag)>> = BTreeMap::new();
    for request in requests {
        let target = &request.target;
        if let Some(tag) = target.reference.tag()
            // Whatever the tag holds is good there, so that nothing would tell that the list is wrong.
            && !request.missing_only
            && !known.contains_key(target)
        {
            wanted.entry((&target.registry, &target.repository)).or_default().push((target, tag));
        }
    }
    stream::iter(wanted.into_iter().filter(|(_, targets)| targets.len() >= WORTH_A_LIST))
        .map(async |((registry, repository), targets)| {
            let listed = match reach.store(registry) {
                Ok(Store::Registry(client)) => client.listed_digests(repository).await,
                Ok(Store::Layout(_)) | Err(_) => None,
            };
            let listed = listed.unwrap_or_default();
            let found =
                targets.into_iter().filter_map(|(target, tag)| Some((target.clone(), listed.get(tag)?.clone())));
            stream::iter(found.collect::<Vec<_>>())
        })
        .buffer_unordered(CONCURRENCY)
        .flatten()
        .collect()
        .await
}

/// A manifest of which nothing is known but its digest.
pub(super) fn head(digest: &Digest) -> Observed<Option<Descriptor>> {
    let descriptor = Descriptor { media_type: MediaType::parse(""), digest: digest.clone(), size: 0 };
    Observed::Known(Some(descriptor))
}

/// Forgets what lists say of targets that are to hold something else: they are to be looked at.
pub(super) fn doubt(
    listed: &BTreeMap<Location, Digest>,
    requests: &[&Request],
    heads: Heads,
    wanted: impl Fn(&Request) -> Option<Digest>,
) -> Heads {
    let as_wanted = |request: &&&Request| wanted(request).as_ref() == listed.get(&request.target);
    let sure: BTreeSet<&Location> = requests.iter().filter(as_wanted).map(|request| &request.target).collect();
    heads.into_iter().filter(|(place, _)| !listed.contains_key(place) || sure.contains(place)).collect()
}
