//! Both sides of every tag, the images that have to be read, and the blobs that targets hold already.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt};

use super::CONCURRENCY;
use super::heads::{self, Heads};
use super::lists::{self, Listed};
use super::reach::Reach;
use crate::diag::{Diagnostic, Problem, say};
use crate::image::rewrite::{ImageTree, Rewrite};
use crate::image::{Descriptor, Digest, ManifestReference, RawManifest, Repository, referrers};
use crate::plan::{Location, Observed, Request, SyncFacts};
use crate::store::{Store, is_equivalent, read_image};

/// An image to read: where, what, and how it is to be changed.
type ImageKey = (String, Repository, Digest, Rewrite);

/// Blobs at targets, by registry and repository.
pub(super) type Held = BTreeSet<(String, Repository, Digest)>;

type Images = BTreeMap<ImageKey, Result<ImageTree, Problem>>;

/// What the requests find at both sides, and the blobs that targets hold. At most one HEAD a side and tag; manifests are read
/// only where digests do not settle it, blobs are asked for only where something is to be written and the repository is
/// not empty. A request behind a path that is not as declared has no facts. What is `known` already is not asked for.
pub(super) async fn observe(reach: &Reach<'_>, requests: &[Request], known: Heads) -> Seen {
    let worth_asking = |request: &&Request| {
        let sides = [&request.source.registry, &request.target.registry];
        request.conflict.is_none() && !sides.iter().any(|side| reach.path_problem(side).is_some())
    };
    let requests: Vec<&Request> = requests.iter().filter(worth_asking).collect();
    let (listed, findings) = lists::of_targets(reach, &requests, &known).await;
    let heads = heads::heads(reach, &requests, known, &listed).await;
    let mut sides = Sides { heads, listed };
    let images = images(reach, &requests, &sides).await;
    if !sides.listed.is_empty() {
        let listed = lists::believed(&sides.listed, &requests, |request| wanted(request, &sides, &images));
        let heads = heads::heads(reach, &requests, sides.heads, &listed).await;
        sides = Sides { heads, listed };
    }
    let held = held(reach, &requests, &sides, &images).await;
    let equivalent = equivalent(reach, &requests, &sides, &images).await;
    let facts = |request: &Request| {
        let (target, equivalent) = match equivalent.get(&request.target) {
            Some(Err(why)) => (Observed::Unknown { why: why.clone() }, false),
            Some(Ok(true)) => (sides.target(request), true),
            _ if let Some(why) = reach.unwritable(&request.target.registry)
                && is_written(request, &sides, &images) =>
            {
                (Observed::Unknown { why: why.clone() }, false)
            }
            _ => (sides.target(request), false),
        };
        SyncFacts {
            source: sides.heads[&request.source].clone(),
            target,
            image: image_key(request, &sides).and_then(|key| images.get(&key).cloned()),
            equivalent,
            unsigned: None,
            referrers_unknown: None,
        }
    };
    let facts = requests.into_iter().map(|request| (request.target.clone(), facts(request))).collect();
    Seen { facts, held, findings }
}

/// What was found.
pub(super) struct Seen {
    pub(super) facts: BTreeMap<Location, SyncFacts>,
    pub(super) held: Held,
    /// Lists that did not come.
    pub(super) findings: Vec<Diagnostic>,
}

/// What both sides hold, looked at or as lists of targets say it.
struct Sides {
    heads: Heads,
    listed: Listed,
}

impl Sides {
    fn source(&self, request: &Request) -> Option<&Descriptor> {
        match self.heads.get(&request.source) {
            Some(Observed::Known(descriptor)) => descriptor.as_ref(),
            _ => None,
        }
    }

    fn target(&self, request: &Request) -> Observed<Option<Digest>> {
        match self.heads.get(&request.target) {
            Some(Observed::Known(descriptor)) => Observed::Known(descriptor.as_ref().map(|found| found.digest.clone())),
            Some(Observed::Unknown { why }) => Observed::Unknown { why: why.clone() },
            None => Observed::Known(self.listed.get(&request.target).cloned()),
        }
    }

    fn target_digest(&self, request: &Request) -> Option<&Digest> {
        match self.heads.get(&request.target) {
            Some(Observed::Known(descriptor)) => Some(&descriptor.as_ref()?.digest),
            Some(Observed::Unknown { .. }) => None,
            None => self.listed.get(&request.target),
        }
    }
}

/// The image that has to be read for `request`, if any.
fn image_key(request: &Request, sides: &Sides) -> Option<ImageKey> {
    let source = sides.source(request)?;
    if matches!(sides.heads.get(&request.target), Some(Observed::Unknown { .. })) {
        return None;
    }
    let target = sides.target_digest(request);
    if target.is_some() && request.missing_only {
        return None;
    }
    let settled =
        !request.rewrite.needs_content(&source.media_type) && target.is_some_and(|target| *target == source.digest);
    let source_place = (request.source.registry.clone(), request.source.repository.clone());
    (!settled).then(|| (source_place.0, source_place.1, source.digest.clone(), request.rewrite.clone()))
}

/// What a target is to hold, where that is known.
fn wanted(request: &Request, sides: &Sides, images: &Images) -> Option<Digest> {
    match image_key(request, sides) {
        Some(key) => images.get(&key)?.as_ref().ok()?.digest().cloned(),
        None => Some(sides.source(request)?.digest.clone()),
    }
}

/// Is a target to hold something else than it does?
fn is_written(request: &Request, sides: &Sides, images: &Images) -> bool {
    let (held, wanted) = (sides.target_digest(request), wanted(request, sides, images));
    let image = image_key(request, sides).and_then(|key| images.get(&key)?.as_ref().ok());
    let is_held = held.zip(image).is_some_and(|(held, image)| image.is_called(held));
    !(request.missing_only && held.is_some()) && wanted.as_ref() != held && !is_held
}

async fn images(reach: &Reach<'_>, requests: &[&Request], sides: &Sides) -> Images {
    let keys: BTreeSet<ImageKey> = requests.iter().filter_map(|request| image_key(request, sides)).collect();
    let refused = beyond_pulls(reach, &keys);
    stream::iter(keys)
        .map(async |key| {
            let (registry, repository, digest, rewrite) = &key;
            let image = match reach.source(registry) {
                _ if refused.contains_key(&key) => Err(refused[&key].clone()),
                Err(why) => Err(why),
                Ok(store) => read_image(store, repository, digest, rewrite, &reach.reads).await.map_err(Problem::from),
            };
            (key, image)
        })
        .buffer_unordered(CONCURRENCY)
        .collect()
        .await
}

/// Images for which a registry that counts pulls has none left: refused before the first is read, so that what can be
/// had is had and the plan says what is missing.
fn beyond_pulls(reach: &Reach<'_>, keys: &BTreeSet<ImageKey>) -> BTreeMap<ImageKey, Problem> {
    let mut wanted: BTreeMap<&String, Vec<&ImageKey>> = BTreeMap::new();
    for key in keys {
        wanted.entry(&key.0).or_default().push(key);
    }
    let mut refused = BTreeMap::new();
    for (registry, keys) in wanted {
        let Some(pulls) = reach.source(registry).ok().and_then(Store::pulls) else { continue };
        let message = say!(
            "`{registry}` says that {pulls} are left, and this plan takes {count} or more",
            "`{registry}` 称还剩 {pulls}，而这个计划需要 {count} 次或更多",
            registry,
            pulls = pulls.wording(),
            count = keys.len()
        );
        let help = say!(
            "log in for a higher limit, leave tags out, or go on with the rest when the time is over",
            "登录以提高限额，减少标签，或者等限额恢复后再处理其余的"
        );
        let problem = Problem::new("pulls-used-up", message).with_help(help);
        let beyond = keys.into_iter().skip(pulls.left as usize);
        refused.extend(beyond.map(|key| (key.clone(), problem.clone())));
    }
    refused
}

/// Whether targets hold the wanted image under another digest, of those where that is good enough or where the digest is
/// not known beforehand. A list of referrers that names others than the wanted one must not be replaced.
async fn equivalent(
    reach: &Reach<'_>,
    requests: &[&Request],
    sides: &Sides,
    images: &Images,
) -> BTreeMap<Location, Result<bool, Problem>> {
    let differing = requests.iter().filter_map(|request| {
        let present = sides.target_digest(request)?;
        let wanted = images.get(&image_key(request, sides)?)?.as_ref().ok()?;
        if !request.accept_equivalent && wanted.digest().is_some() && !is_list(&request.target) {
            return None;
        }
        (!wanted.is_called(present)).then_some((&request.target, present, wanted))
    });
    stream::iter(differing.collect::<Vec<_>>())
        .map(async |(target, present, wanted)| {
            let is_same = async {
                let store = reach.store(&target.registry)?;
                if is_list(target) {
                    return keeps_its_entries(store, target, present, wanted).await.map(|()| false);
                }
                Ok(is_equivalent(store, (&target.repository, present), wanted, &reach.reads).await?)
            };
            (target.clone(), is_same.await)
        })
        .buffer_unordered(CONCURRENCY)
        .collect()
        .await
}

fn is_list(target: &Location) -> bool {
    target.reference.tag().is_some_and(referrers::is_list)
}

/// Whether the list of referrers that a target holds loses none of its entries when `wanted` takes its place.
async fn keeps_its_entries(
    store: &Store,
    target: &Location,
    present: &Digest,
    wanted: &ImageTree,
) -> Result<(), Problem> {
    let held = store.manifest(&target.repository, &ManifestReference::Digest(present.clone())).await?;
    let digests =
        |index: &RawManifest| referrers::entries(&index.bytes).into_iter().map(|entry| entry.descriptor.digest);
    let wanted: BTreeSet<Digest> = digests(wanted.root()).collect();
    let lost = held.iter().flat_map(digests).filter(|digest| !wanted.contains(digest)).count();
    if lost == 0 {
        return Ok(());
    }
    let message = say!(
        "the target's list of what refers to an image names {lost} that the source's does not name, and would be replaced \
         by that",
        "目标上的关联制品列表里有 {lost} 项是源的列表里没有的，而它会被源的列表替换",
        lost
    );
    let help = say!(
        "`referrers true` adds to the list; `except \"sha256-*\"` leaves it alone",
        "`referrers true` 会补充这个列表；`except \"sha256-*\"` 则不去动它"
    );
    Err(Problem::new("referrers-lost", message).with_help(help))
}

/// Blobs of one repository, each once.
type Blobs<'a> = BTreeMap<&'a Digest, &'a Descriptor>;

/// Which blobs of the images to be written their target repositories hold. A blob that cannot be asked for counts as
/// absent: the plan then says too many bytes, never too few.
async fn held(reach: &Reach<'_>, requests: &[&Request], sides: &Sides, images: &Images) -> Held {
    // Of the sections that lead to one place, one asks.
    let mut wanted: BTreeMap<(&str, &Repository), (&String, Blobs<'_>)> = BTreeMap::new();
    let mut tagged = BTreeSet::new();
    for request in requests {
        let Location { registry, repository, .. } = &request.target;
        let (place, target) = ((reach.home(registry), repository), sides.target_digest(request));
        if target.is_some() {
            tagged.insert(place);
        }
        let Some(Ok(tree)) = image_key(request, sides).and_then(|key| images.get(&key)) else { continue };
        if !target.is_some_and(|target| tree.is_called(target)) {
            let (_, blobs) = wanted.entry(place).or_insert_with(|| (registry, BTreeMap::new()));
            blobs.extend(tree.blobs.iter().map(|blob| (&blob.digest, blob)));
        }
    }
    let wanted = stream::iter(wanted)
        .map(async |(at, (registry, blobs))| {
            let (store, place) = (reach.store(registry).ok()?, (registry, at.1));
            // Each upload finds out by itself what an apply that was interrupted left there.
            let absent = reach.is_absent(place.0, place.1);
            let fresh = absent || !tagged.contains(&at) && reach.is_empty(place).await;
            (!fresh).then_some((place, store, blobs))
        })
        .buffer_unordered(CONCURRENCY)
        .filter_map(std::future::ready);
    wanted
        .flat_map(|(place, store, blobs)| stream::iter(blobs.into_values()).map(move |blob| (place, store, blob)))
        .map(async |((registry, repository), store, blob)| {
            let held = store.has_blob(repository, blob).await.unwrap_or(false);
            held.then(|| (registry.clone(), repository.clone(), blob.digest.clone()))
        })
        .buffer_unordered(CONCURRENCY)
        .filter_map(std::future::ready)
        .collect()
        .await
}
