//! One tag at one target: its precondition, then (see [`super::crew`]) its blobs, then children, and the tag last.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::OwnedMutexGuard;

use super::Context;
use super::shelf::Shelves;
use super::transfer::Transfers;
use super::verify::Reading;
use crate::diag::{Problem, Wording, say};
use crate::image::rewrite::ImageTree;
use crate::image::{Digest, ManifestReference, RawManifest};
use crate::plan::{Action, Location, Outcome, Step, StepId, SyncWork, TARGET_MOVED};
use crate::store::{Error, NotStored, Replaced, Store, is_equivalent, read_image};

/// One tag to be made equal at one target.
#[derive(Clone, Copy)]
pub(super) struct Copy<'a> {
    pub(super) id: StepId,
    pub(super) step: &'a Step,
    pub(super) work: &'a SyncWork,
}

/// The same, once its target was looked at and its image is at hand.
pub(super) struct Prepared<'a> {
    pub(super) copy: Copy<'a>,
    pub(super) image: ImageTree,
    pub(super) transfers: Transfers<'a>,
}

impl<'a> Copy<'a> {
    /// # Errors
    /// With its outcome, where there is nothing to be written.
    pub(super) async fn prepare(
        self,
        context: &'a Context,
        shelves: &'a Shelves,
    ) -> Result<Prepared<'a>, (StepId, Outcome)> {
        match self.try_prepare(context, shelves).await {
            Ok(Some(prepared)) => Ok(prepared),
            Ok(None) => Err((self.id, came_to_hold_it())),
            Err(problem) => Err((self.id, Outcome::failed(problem))),
        }
    }

    /// `None` where the target's tag holds it already.
    async fn try_prepare(self, context: &'a Context, shelves: &'a Shelves) -> Result<Option<Prepared<'a>>, Problem> {
        let Self { step, work, .. } = self;
        let Some(source_digest) = &work.source_digest else { return Err(incomplete(step)) };
        let after = work.after.as_ref();
        let source = context.store(&step.address, &work.source.registry)?.retrying(work.retries);
        let target = context.store(&step.address, &work.target.registry)?.retrying(work.retries).as_target();
        let known = context.images.get(&work.target).filter(|known| known.digest() == after);
        let image = match known {
            Some(known) => known.clone(),
            None => {
                // Of a plan that was saved; what was done since then is not read and moved again. It is looked at again
                // right before the tag is written, too.
                if work.subject.is_none() && self.is_done(context, &source, &target).await? {
                    return Ok(None);
                }
                read_image(&source, &work.source.repository, source_digest, &work.rewrite, &context.reads).await?
            }
        };
        if image.digest() != after {
            let Some(after) = after else { return Err(incomplete(step)) };
            let message = say!(
                "{target} would become {digest}, not {after} as planned",
                "{target} 会变成 {digest}，而不是计划的 {after}",
                target = work.target,
                digest = image.root().digest,
                after
            );
            let help = say!("plan again with this version of swrctl", "用这个版本的 swrctl 重新制定计划");
            return Err(Problem::new("other-digest", message).with_help(help));
        }
        let transfers = Transfers { context, step, work, source, target, shelves, kept: None, moved: Arc::default() };
        Ok(Some(Prepared { copy: self, image, transfers }))
    }

    /// Whether the target holds what the plan wants there.
    ///
    /// # Errors
    /// When it holds neither that nor what it held when the plan was made.
    async fn is_done(self, context: &Context, source: &Store, target: &Store) -> Result<bool, Problem> {
        let work = self.work;
        let found = target.head_manifest(&work.target.repository, &work.target.reference).await?;
        let found = found.map(|found| found.digest);
        if found == work.before {
            return Ok(false);
        }
        let is_done = match (&work.after, &found) {
            (_, None) => false,
            (Some(after), Some(found)) if after.algorithm() == found.algorithm() => after == found,
            (_, Some(found)) => self.became(context, source, (target, found)).await?,
        };
        if is_done { Ok(true) } else { Err(moved(&work.target, work.before.as_ref(), found.as_ref())) }
    }

    /// Whether what the target holds is what the image becomes, where the digests do not tell: the plan could not know that
    /// of recompressed layers, or the target answers with one of another algorithm.
    async fn became(
        self,
        context: &Context,
        source: &Store,
        (target, found): (&Store, &Digest),
    ) -> Result<bool, Problem> {
        let Some(source_digest) = &self.work.source_digest else { return Ok(false) };
        let SyncWork { source: from, target: to, rewrite, .. } = self.work;
        let wanted = read_image(source, &from.repository, source_digest, rewrite, &context.reads).await?;
        if wanted.digest().is_some() {
            return Ok(wanted.root().is_called(found));
        }
        Ok(is_equivalent(target, (&to.repository, found), &wanted, &context.reads).await?)
    }
}

impl Prepared<'_> {
    /// By the first section that names it.
    pub(super) fn place(&self) -> &str {
        self.transfers.context.project.home(&self.copy.work.target.registry)
    }

    /// Writes the manifests; `placed` is what became of its blobs.
    pub(super) async fn finish(&self, placed: Result<(), Error>) -> Outcome {
        let written = self.write_manifests(placed).await;
        let bytes = self.transfers.moved.load(Ordering::Relaxed);
        match written {
            Ok(None) => came_to_hold_it(),
            Ok(Some(digest)) if self.copy.step.action == Action::Create => {
                Outcome::Created { bytes, digest: Some(digest) }
            }
            Ok(Some(digest)) => Outcome::Updated { bytes, digest: Some(digest) },
            Err(problem) => Outcome::Failed { problem, bytes },
        }
    }

    /// What was written; `None` where somebody else wrote the same meanwhile.
    async fn write_manifests(&self, placed: Result<(), Error>) -> Result<Option<Digest>, Problem> {
        placed?;
        let (work, transfers) = (self.copy.work, &self.transfers);
        let image = transfers.recompress(&self.image).await?;
        let reading = Reading { transfers, image: &image, recompressed: &self.image.recompress };
        let has_tag = work.target.reference.tag().is_some();
        if reading.is_whole() && has_tag {
            // No tag ever leads to what cannot be read back.
            self.stored(|| put_by_digest(transfers, &image, &image.manifests)).await?;
            reading.everything().await?;
        }
        let replaced = self.stored(|| put_manifests(transfers, &image)).await?;
        if let Replaced::No { held } = replaced {
            let is_same = held.as_ref().is_some_and(|held| image.root().is_called(held));
            return if is_same { Ok(None) } else { Err(moved(&work.target, work.before.as_ref(), held.as_ref())) };
        }
        if reading.is_whole() && !has_tag {
            reading.everything().await?;
        }
        reading.reference().await?;
        Ok(Some(image.root().digest.clone()))
    }

    /// What `put` puts, once more where the target has lost blobs since the plan was made.
    async fn stored<T, F: Future<Output = Result<T, NotStored>>>(&self, put: impl Fn() -> F) -> Result<T, Error> {
        match put().await {
            Err(NotStored::Incomplete(error)) => {
                if !self.transfers.place_lost(&self.image.blobs).await? {
                    return Err(error);
                }
                put().await.map_err(|refused| self.lost_again(refused))
            }
            stored => stored.map_err(Error::from),
        }
    }

    /// Why a manifest is refused after its content was sent twice.
    fn lost_again(&self, refused: NotStored) -> Error {
        let NotStored::Incomplete(error) = refused else { return refused.into() };
        let message = say!(
            "{target} does not keep what it accepts: its content was sent twice, and {reason}",
            "{target} 不保留它接收的内容：内容已发送两次，而{reason}",
            target = self.copy.work.target,
            reason = error.problem.message
        );
        let help = say!(
            "look at the registry's storage (several instances that share none, a job that clears it) and at its log",
            "检查镜像仓库的存储（多个实例没有共享存储，或者有清理任务）和它的日志"
        );
        Error { problem: Problem::new("target-loses-content", message).with_help(help), temporary: false }
    }
}

fn incomplete(step: &Step) -> Problem {
    let message = say!("the plan of {step} has no digests", "计划里的 {step} 没有摘要", step = step.address);
    Problem::new("incomplete-plan", message).with_help(say!("plan again", "重新制定计划"))
}

fn came_to_hold_it() -> Outcome {
    Outcome::Unchanged {
        note: say!("the target came to hold it since the plan", "制定计划之后目标上已经有了它")
    }
}

/// A target's tag is not what it was when the plan was made.
pub(super) fn moved(target: &Location, before: Option<&Digest>, found: Option<&Digest>) -> Problem {
    let message = say!(
        "{target} moved since the plan was made: it held {before}, now it holds {found}",
        "{target} 在制定计划之后变了：原来是 {before}，现在是 {found}",
        target,
        before = Wording::list(before),
        found = Wording::list(found)
    );
    let help = say!("look who else writes this tag, then plan again", "查明还有谁在写这个标签，然后重新制定计划");
    Problem::new(TARGET_MOVED, message).with_help(help)
}

/// Children before their index, the tag last: it never points at something incomplete, and what somebody else wrote there
/// since the plan was made stays.
async fn put_manifests(transfers: &Transfers<'_>, image: &ImageTree) -> Result<Replaced, NotStored> {
    let Some((root, children)) = image.manifests.split_last() else { return Ok(Replaced::Yes) };
    let _turns = put_by_digest(transfers, image, children).await?;
    let Transfers { target, shelves, work, .. } = transfers;
    let place = &work.target;
    let Some(subject) = &work.subject else {
        return target.replace_manifest(&place.repository, &place.reference, root, work.before.as_ref()).await;
    };
    // One list a subject: whoever else refers to it waits.
    let list = shelves.shelf(&place.registry, subject);
    let _turn = list.lock().await;
    target.put_referrer(&place.repository, root, subject).await.map(|()| Replaced::Yes)
}

/// Writes some of the image's manifests by their digests, in order. One that several tags share is written once. Nobody else
/// writes any of the image before what is returned is dropped.
async fn put_by_digest<'a>(
    transfers: &Transfers<'_>,
    image: &'a ImageTree,
    manifests: &[RawManifest],
) -> Result<BTreeMap<&'a Digest, OwnedMutexGuard<bool>>, NotStored> {
    let place = &transfers.work.target;
    let digests: BTreeSet<&Digest> = image.manifests.iter().map(|manifest| &manifest.digest).collect();
    let mut written = BTreeMap::new();
    // In one order, so that none waits for another in a circle.
    for digest in digests {
        let child = transfers.shelves.child(&place.registry, &place.repository, digest);
        written.insert(digest, child.lock_owned().await);
    }
    for manifest in manifests {
        if let Some(written) = written.get_mut(&manifest.digest).filter(|written| !***written) {
            let reference = ManifestReference::Digest(manifest.digest.clone());
            transfers.target.put_manifest(&place.repository, &reference, manifest).await?;
            **written = true;
        }
    }
    Ok(written)
}
