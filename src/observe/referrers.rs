//! What refers to the images that are copied, where a migration carries it along: one round finds what refers to the
//! images, the next what refers to that.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use futures_util::future::join;
use futures_util::stream::{self, StreamExt};

use super::CONCURRENCY;
use super::heads::Heads;
use super::reach::Reach;
use crate::diag::{Diagnostic, Problem, Wording, say};
use crate::image::referrers::is_signature_of;
use crate::image::rewrite::Rewrite;
use crate::image::{Child, Descriptor, Digest, Manifest, ManifestReference, Repository, Tag};
use crate::migrate::Referrers;
use crate::plan::{Location, Observed, Request, SyncFacts, target_conflict};
use crate::store::{GONE, Store};

/// What one round found.
#[derive(Default)]
pub(super) struct Round {
    pub(super) requests: Vec<Request>,
    /// Both sides of the requests, as far as the lists tell them.
    pub(super) heads: Heads,
    /// What images lose because their own digest changes, by target.
    pub(super) losses: BTreeMap<Location, Wording>,
    /// Why it is not known what refers to an image, by target.
    pub(super) unknown: BTreeMap<Location, Problem>,
}

/// The requests that come with `requests`.
pub(super) async fn discover(reach: &Reach<'_>, requests: &[Request], facts: &BTreeMap<Location, SyncFacts>) -> Round {
    let carried = requests.iter().filter(|request| request.referrers.is_some());
    let carried: Vec<_> = carried.filter_map(|request| Some((request, facts.get(&request.target)?))).collect();
    let signatures = signature_tags(reach, &carried).await;
    let found: Vec<_> = stream::iter(carried)
        .map(async |(request, facts)| (request, of_image(reach, request, facts, &signatures).await))
        .buffered(CONCURRENCY)
        .collect()
        .await;
    let mut round = Round::default();
    let mut seen = HashMap::new();
    let mut rivals = Vec::new();
    for (request, found) in found {
        match found {
            Err(why) => drop(round.unknown.insert(request.target.clone(), why)),
            Ok(found) => {
                round.losses.extend(found.loss.map(|loss| (request.target.clone(), loss)));
                for (extra, heads) in found.requests {
                    let first = *seen.entry(extra.target.clone()).or_insert(round.requests.len());
                    if first == round.requests.len() {
                        round.heads.extend(heads);
                        round.requests.push(extra);
                    } else if extra.source.reference.tag().is_some() && extra.source != round.requests[first].source {
                        rivals.push((first, extra));
                    }
                }
            }
        }
    }
    for (first, rival) in rivals {
        if !hold_the_same(reach, [&round.requests[first].source, &rival.source]).await {
            let conflict = target_conflict(&round.requests[first], &rival);
            round.requests[first].conflict.get_or_insert(conflict);
        }
    }
    round
}

/// Are two tags of sources known to hold one manifest?
async fn hold_the_same(reach: &Reach<'_>, tags: [&Location; 2]) -> bool {
    let [one, other] = tags.map(async |tag| {
        let store = reach.source(&tag.registry).ok()?;
        Some(store.head_manifest(&tag.repository, &tag.reference).await.ok()??.digest)
    });
    let (one, other) = join(one, other).await;
    one.is_some() && one == other
}

/// Takes out what a list names and the source does not have any more, as it is after a deletion, and tells of it.
pub(super) fn leave_out_gone(
    requests: &mut Vec<Request>,
    facts: &mut BTreeMap<Location, SyncFacts>,
) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    requests.retain(|request| {
        let Some(subject) = &request.subject else { return true };
        let image = facts.get(&request.target).and_then(|facts| facts.image.as_ref());
        let is_gone = matches!(image, Some(Err(why)) if why.code.as_str() == GONE);
        if is_gone {
            facts.remove(&request.target);
            let message = say!(
                "{source} is listed as referring to {subject}, and is not there: it is left out",
                "{source} 被列为关联 {subject} 的制品，却不存在：已略过",
                source = request.source,
                subject
            );
            findings.push(Diagnostic::warning("referrer-gone", message).with_help(say!(
                "where it was deleted on purpose, its entry in the list may stay",
                "如果是有意删除的，列表中的条目可以保留"
            )));
        }
        !is_gone
    });
    findings
}

/// What refers to one image.
#[derive(Default)]
struct Found {
    requests: Vec<(Request, Heads)>,
    loss: Option<Wording>,
}

async fn of_image(
    reach: &Reach<'_>,
    request: &Request,
    facts: &SyncFacts,
    signatures: &Signatures,
) -> Result<Found, Problem> {
    let source = reach.source(&request.source.registry)?;
    let place = (&request.source.registry, &request.source.repository);
    let target = (&request.target.registry, &request.target.repository);
    let mut found = Found::default();
    let Observed::Known(Some(root)) = &facts.source else { return Ok(found) };
    if leaves_another(request, facts, root) {
        return Ok(found);
    }
    let tags = match signatures.get(&(request.source.registry.clone(), request.source.repository.clone())) {
        Some(tags) if request.referrers == Some(Referrers::Everything) => tags.clone()?,
        _ => Arc::default(),
    };
    // Not even what an index consists of has to be read.
    if reach.listed_referrers(place, &root.digest).await?.is_none()
        && reach.attached(place).await.is_ok_and(|tags| tags.is_empty())
    {
        return Ok(found);
    }
    let kept = kept_manifests(source, request, facts).await?;
    for subject in &kept {
        let listed = reach.referrers(place, subject).await?;
        let listed: Vec<_> =
            listed.into_iter().filter(|entry| request.carries(entry.artifact_type.as_deref())).collect();
        if !listed.is_empty() {
            let present = reach.referrers(target, subject).await?;
            for entry in listed {
                let reference = ManifestReference::Digest(entry.descriptor.digest.clone());
                let extra = extra(request, &reference, Some(subject.clone()));
                let present = present.iter().any(|held| held.descriptor.digest == entry.descriptor.digest);
                let held = present.then(|| entry.descriptor.clone());
                let heads = [
                    (extra.source.clone(), Observed::Known(Some(entry.descriptor))),
                    (extra.target.clone(), Observed::Known(held)),
                ];
                found.requests.push((extra, heads.into()));
            }
        }
        let of_subject = tags.iter().filter(|tag| is_signature_of(tag, subject));
        found.requests.extend(of_subject.map(|tag| (extra(request, &tag.clone().into(), None), Heads::new())));
    }
    if !kept.contains(&root.digest) {
        let listed = reach.referrers(place, &root.digest).await?.len();
        let lost = listed + tags.iter().filter(|tag| is_signature_of(tag, &root.digest)).count();
        found.loss = (lost > 0).then(|| {
            say!(
                "{lost} of its signatures and referrers: its digest changes",
                "它的 {lost} 个签名和关联制品：摘要会变",
                lost
            )
        });
    }
    Ok(found)
}

/// Does the target keep another image, which nothing of the source refers to?
fn leaves_another(request: &Request, facts: &SyncFacts, root: &Descriptor) -> bool {
    let holds_another = matches!(&facts.target, Observed::Known(Some(held)) if *held != root.digest);
    holds_another && (request.missing_only || facts.equivalent)
}

/// Digests below and including the image's own that are the same at the target.
async fn kept_manifests(source: &Store, request: &Request, facts: &SyncFacts) -> Result<Vec<Digest>, Problem> {
    match (&facts.source, &facts.image) {
        (Observed::Known(Some(root)), Some(Ok(tree))) => {
            let written = tree.manifests.iter().map(|manifest| manifest.digest.clone());
            let has_root = tree.root().digest == root.digest;
            let copied = |digest: &Digest| has_root || *digest != tree.root().digest;
            Ok(written.filter(copied).collect())
        }
        (Observed::Known(Some(root)), None) if root.media_type.is_index() => {
            let reference = ManifestReference::Digest(root.digest.clone());
            let index = source.manifest(&request.source.repository, &reference).await?;
            let children = match index.map(|index| index.parse()) {
                Some(Ok(Manifest::Index { children, .. })) => children,
                _ => vec![],
            };
            let children = children.into_iter().filter(Child::is_manifest).map(|child| child.descriptor.digest);
            Ok(children.chain([root.digest.clone()]).collect())
        }
        (Observed::Known(Some(root)), None) => Ok(vec![root.digest.clone()]),
        _ => Ok(vec![]),
    }
}

/// A request for what belongs to the image of `request`, behind it.
fn extra(request: &Request, reference: &ManifestReference, subject: Option<Digest>) -> Request {
    let at = |location: &Location| Location { reference: reference.clone(), ..location.clone() };
    Request {
        source: at(&request.source),
        target: at(&request.target),
        rewrite: Rewrite::default(),
        behind: Some(request.target.clone()),
        subject,
        ..request.clone()
    }
}

/// Tags that name signatures, by the source repository, or why they are not known.
type Signatures = BTreeMap<(String, Repository), Result<Arc<BTreeSet<Tag>>, Problem>>;

/// Tags of the source repositories that name signatures, as cosign writes them.
async fn signature_tags(reach: &Reach<'_>, carried: &[(&Request, &SyncFacts)]) -> Signatures {
    let everything = carried.iter().filter(|(request, _)| request.referrers == Some(Referrers::Everything));
    let places: BTreeSet<_> =
        everything.map(|(request, _)| (request.source.registry.clone(), request.source.repository.clone())).collect();
    stream::iter(places)
        .map(async |(registry, repository)| {
            let tags = reach.attached((&registry, &repository)).await;
            let tags = tags.map_err(|why| not_listed(&registry, &repository, &why));
            ((registry, repository), tags)
        })
        .buffer_unordered(CONCURRENCY)
        .collect()
        .await
}

/// Half a list would leave signatures behind without a word.
fn not_listed(registry: &str, repository: &Repository, why: &Problem) -> Problem {
    let message = say!(
        "the signatures in {registry}/{repository} are not known, because its tags cannot be listed: {reason}",
        "无法列出 {registry}/{repository} 的标签，因此不知道其中的签名：{reason}",
        registry,
        repository,
        reason = why.message
    );
    let help = say!(
        "let the login list tags, or name the artifact types to carry along: `referrers \"…\"`",
        "允许该登录列出标签，或者写明要带上的制品类型：`referrers \"…\"`"
    );
    Problem::new("signatures-unknown", message).with_help(help)
}
