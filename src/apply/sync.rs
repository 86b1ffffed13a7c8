//! One tag at one target: its precondition, then (see [`super::crew`]) its blobs, then children, and the tag last.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Context;
use super::shelf::Shelves;
use super::transfer::Transfers;
use super::verify::verify;
use crate::diag::{Problem, Wording, say};
use crate::image::rewrite::ImageTree;
use crate::image::{Digest, ManifestReference};
use crate::plan::{Action, Location, Outcome, Step, StepId, SyncWork, TARGET_MOVED};
use crate::store::{Error, NotStored, Replaced, Store, read_image};

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
        let source = context.store(&step.address, &work.source.registry)?;
        let target = context.store(&step.address, &work.target.registry)?.as_target();
        let known = context.images.get(&work.target).filter(|known| known.digest() == after);
        let image = match known {
            Some(known) => known.clone(),
            None => {
                // Of a plan that was saved; what was done since then is not read and moved again. It is looked at again
                // right before the tag is written, too.
                if work.subject.is_none() && precondition(work, &target).await? == Held::After {
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
        let image = self.transfers.recompress(&self.image).await?;
        let replaced = match put_manifests(&self.transfers, &image).await {
            Err(NotStored::Incomplete(error)) => {
                if !self.transfers.place_lost(&self.image.blobs).await? {
                    return Err(error.into());
                }
                put_manifests(&self.transfers, &image).await.map_err(|refused| self.lost_again(refused))?
            }
            stored => stored.map_err(Error::from)?,
        };
        let work = self.copy.work;
        if let Replaced::No { held } = replaced {
            let is_same = held.as_ref().is_some_and(|held| image.root().is_called(held));
            return if is_same { Ok(None) } else { Err(moved(&work.target, work.before.as_ref(), held.as_ref())) };
        }
        verify(&self.transfers, &image).await?;
        Ok(Some(image.root().digest.clone()))
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

#[derive(PartialEq, Eq)]
enum Held {
    /// What the plan saw.
    Before,
    /// What the plan wants.
    After,
}

/// Does the target's tag still hold what it held when the plan was made?
async fn precondition(work: &SyncWork, target: &Store) -> Result<Held, Problem> {
    let found = target.head_manifest(&work.target.repository, &work.target.reference).await?.map(|found| found.digest);
    if work.after.is_some() && found == work.after {
        return Ok(Held::After);
    }
    if found == work.before {
        return Ok(Held::Before);
    }
    Err(moved(&work.target, work.before.as_ref(), found.as_ref()))
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
/// since the plan was made stays. A child that several tags share is written once.
async fn put_manifests(transfers: &Transfers<'_>, image: &ImageTree) -> Result<Replaced, NotStored> {
    let Some((root, children)) = image.manifests.split_last() else { return Ok(Replaced::Yes) };
    let Transfers { target, shelves, .. } = transfers;
    let place = &transfers.work.target;
    let digests: BTreeSet<&Digest> = image.manifests.iter().map(|manifest| &manifest.digest).collect();
    let mut written = BTreeMap::new();
    // In one order, so that none waits for another in a circle.
    for digest in digests {
        written.insert(digest, shelves.child(&place.registry, &place.repository, digest).lock_owned().await);
    }
    for child in children {
        if let Some(written) = written.get_mut(&child.digest).filter(|written| !***written) {
            let reference = ManifestReference::Digest(child.digest.clone());
            target.put_manifest(&place.repository, &reference, child).await?;
            **written = true;
        }
    }
    let Some(subject) = &transfers.work.subject else {
        let before = transfers.work.before.as_ref();
        return target.replace_manifest(&place.repository, &place.reference, root, before).await;
    };
    // One list a subject: whoever else refers to it waits.
    let list = shelves.shelf(&place.registry, subject);
    let _turn = list.lock().await;
    target.put_referrer(&place.repository, root, subject).await.map(|()| Replaced::Yes)
}
