//! One tag: its precondition, then blobs, then children, and the tag last.

use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::Context;
use super::shelf::Shelves;
use super::transfer::Transfers;
use crate::diag::Problem;
use crate::image::rewrite::ImageTree;
use crate::image::{Digest, ManifestReference};
use crate::plan::{Action, Outcome, Step, SyncWork, TARGET_MOVED};
use crate::store::{Error, Store, read_image};

/// Blobs of one image on their way at a time.
const BLOBS_AT_A_TIME: usize = 4;

pub(super) async fn sync(step: &Step, work: &SyncWork, context: &Context, shelves: &Shelves) -> Outcome {
    if step.action == Action::Unchanged {
        return Outcome::Unchanged { note: step.reason.clone() };
    }
    match write(step, work, context, shelves).await {
        Ok(Written::Already) => Outcome::Unchanged { note: "the target came to hold it since the plan".to_owned() },
        Ok(Written::Bytes(bytes)) if step.action == Action::Create => Outcome::Created { bytes },
        Ok(Written::Bytes(bytes)) => Outcome::Updated { bytes },
        Err(problem) => Outcome::Failed { problem },
    }
}

enum Written {
    /// The target's tag held it before anything was written.
    Already,
    /// Written; the bytes of blobs that moved.
    Bytes(u64),
}

async fn write(step: &Step, work: &SyncWork, context: &Context, shelves: &Shelves) -> Result<Written, Problem> {
    let (Some(source_digest), Some(after)) = (&work.source_digest, &work.after) else {
        return Err(Problem::new("incomplete-plan", format!("the plan of {} has no digests", step.address)));
    };
    let source = context.stores.get(&work.source.registry)?;
    let target = context.stores.get(&work.target.registry)?;
    if precondition(work, target, after).await? == Held::After {
        return Ok(Written::Already);
    }
    let read;
    let image = if let Some(known) = context.images.get(&work.target).filter(|known| known.root().digest == *after) {
        known
    } else {
        read = read_image(source, &work.source.repository, source_digest, &work.rewrite).await?;
        &read
    };
    if image.root().digest != *after {
        let message = format!("{} would become {}, not {after} as planned", work.target, image.root().digest);
        return Err(Problem::new("other-digest", message).with_help("plan again with this version of swrctl"));
    }
    let transfers = Transfers { context, step, work, source, target, shelves };
    let placed: Vec<_> = image.blobs.iter().map(|blob| transfers.place(blob)).collect();
    let moved: Vec<u64> = stream::iter(placed).buffer_unordered(BLOBS_AT_A_TIME).try_collect().await?;
    put_manifests(work, target, image).await?;
    Ok(Written::Bytes(moved.into_iter().fold(0, u64::saturating_add)))
}

#[derive(PartialEq, Eq)]
enum Held {
    /// What the plan saw.
    Before,
    /// What the plan wants.
    After,
}

/// Does the target's tag still hold what it held when the plan was made?
async fn precondition(work: &SyncWork, target: &Store, after: &Digest) -> Result<Held, Problem> {
    let reference = ManifestReference::Tag(work.target.tag.clone());
    let found = target.head_manifest(&work.target.repository, &reference).await?.map(|found| found.digest);
    if found.as_ref() == Some(after) {
        return Ok(Held::After);
    }
    if found == work.before {
        return Ok(Held::Before);
    }
    let name = |digest: &Option<Digest>| digest.as_ref().map_or_else(|| "nothing".to_owned(), ToString::to_string);
    let message = format!(
        "{} moved since the plan was made: it held {}, now it holds {}",
        work.target,
        name(&work.before),
        name(&found)
    );
    Err(Problem::new(TARGET_MOVED, message).with_help("look who else writes this tag, then plan again"))
}

/// Children before their index, the tag last: it never points at something incomplete.
async fn put_manifests(work: &SyncWork, target: &Store, image: &ImageTree) -> Result<(), Error> {
    let Some((root, children)) = image.manifests.split_last() else { return Ok(()) };
    for child in children {
        let reference = ManifestReference::Digest(child.digest.clone());
        target.put_manifest(&work.target.repository, &reference, child).await?;
    }
    let tag = ManifestReference::Tag(work.target.tag.clone());
    target.put_manifest(&work.target.repository, &tag, root).await
}
