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
use crate::diag::{Diagnostic, Problem, say};
use crate::image::{Digest, Repository, Tag};
use crate::plan::{Location, Request};

/// Fewer tags of a repository are asked for one by one.
const WORTH_A_LIST: usize = 2;

/// What tags of targets hold, as lists say it.
pub(super) type Listed = BTreeMap<Location, Digest>;

/// What lists say that `known` does not, and where they say nothing: there each tag is looked at.
pub(super) async fn of_targets(reach: &Reach<'_>, requests: &[&Request], known: &Heads) -> (Listed, Vec<Diagnostic>) {
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
    let lists = stream::iter(wanted.into_iter().filter(|(_, targets)| targets.len() >= WORTH_A_LIST))
        .map(async |(place, targets)| (place, targets, reach.digests(place).await))
        .buffered(CONCURRENCY)
        .collect::<Vec<_>>()
        .await;
    let (mut listed, mut silent) = (Listed::new(), Vec::new());
    for (place, targets, digests) in lists {
        match digests {
            None => {}
            Some(Err(why)) => silent.push(looked_at(place, targets.len(), why)),
            Some(Ok(digests)) => listed.extend(
                targets.into_iter().filter_map(|(target, tag)| Some((target.clone(), digests.get(tag)?.clone()))),
            ),
        }
    }
    (listed, silent)
}

/// Says that a list did not come.
fn looked_at((registry, repository): (&String, &Repository), tags: usize, why: Problem) -> Diagnostic {
    let message = say!(
        "the list of tags of {registry}/{repository} did not come, each of its {tags} tags is looked at: {reason}",
        "没有取得 {registry}/{repository} 的标签列表，改为逐个查看它的 {tags} 个标签：{reason}",
        registry,
        repository,
        tags,
        reason = why.message
    );
    let help = why.help.unwrap_or_else(|| {
        say!(
            "the plan is as exact, with more requests; `tag-lists=false` at the provider asks for no list",
            "计划同样准确，只是请求更多；在 provider 写 `tag-lists=false` 就不再请求列表"
        )
    });
    Diagnostic::warning("tag-list", message).with_help(help)
}

/// What is left of lists without what they say of targets that are to hold something else: they are to be looked at.
pub(super) fn believed(listed: &Listed, requests: &[&Request], wanted: impl Fn(&Request) -> Option<Digest>) -> Listed {
    let as_wanted = |request: &&&Request| wanted(request).as_ref() == listed.get(&request.target);
    let sure: BTreeSet<&Location> = requests.iter().filter(as_wanted).map(|request| &request.target).collect();
    listed
        .iter()
        .filter(|(place, _)| sure.contains(place))
        .map(|(place, digest)| (place.clone(), digest.clone()))
        .collect()
}
