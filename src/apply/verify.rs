//! Looks at the target again once an image is written: does its tag, and all that is below it, hold what was planned?

use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::Context;
use super::crew::BLOBS_AT_A_TIME;
use super::transfer::Transfers;
use crate::diag::Problem;
use crate::image::rewrite::ImageTree;
use crate::image::{Descriptor, ManifestReference};
use crate::migrate::Verify;
use crate::plan::{Event, Step, SyncWork};
use crate::store::{Error, Store};

/// Wait before a blob is read once more.
const PAUSE: Duration = Duration::from_secs(1);

pub(super) async fn verify(transfers: &Transfers<'_>, image: &ImageTree) -> Result<(), Problem> {
    let Transfers { context, step, work, target, .. } = *transfers;
    let wanted = context.verify.unwrap_or(work.verify);
    let reading = Reading { step, context, work, target };
    if wanted >= Verify::Digest {
        reading.tag(image).await?;
    }
    if wanted == Verify::Pull {
        reading.everything(image).await?;
    }
    Ok(())
}

/// One image as it is read back.
struct Reading<'a> {
    step: &'a Step,
    context: &'a Context,
    work: &'a SyncWork,
    target: &'a Store,
}

impl Reading<'_> {
    async fn tag(&self, image: &ImageTree) -> Result<(), Problem> {
        let target = &self.work.target;
        let found = self.target.head_manifest(&target.repository, &target.reference).await?;
        match found {
            Some(found) if found.digest == image.root().digest => Ok(()),
            Some(found) => Err(self.wrong(&format!("holds {}, not {}", found.digest, image.root().digest))),
            None => Err(self.wrong("is not there")),
        }
    }

    async fn everything(&self, image: &ImageTree) -> Result<(), Problem> {
        for manifest in &image.manifests {
            let reference = ManifestReference::Digest(manifest.digest.clone());
            match self.target.manifest(&self.work.target.repository, &reference).await? {
                Some(found) if found.bytes == manifest.bytes => {}
                Some(_) => return Err(self.wrong(&format!("has other bytes in its manifest {}", manifest.digest))),
                None => return Err(self.wrong(&format!("lacks its manifest {}", manifest.digest))),
            }
        }
        let reads: Vec<_> = image.blobs.iter().map(|blob| self.blob(blob)).collect();
        stream::iter(reads).buffer_unordered(BLOBS_AT_A_TIME).try_collect::<()>().await
    }

    async fn blob(&self, blob: &Descriptor) -> Result<(), Problem> {
        for attempt in 1.. {
            match self.read(blob).await {
                Err(error) if error.temporary && attempt <= self.work.retries => {
                    self.context.send(Event::Retried {
                        address: self.step.address.clone(),
                        attempt,
                        retries: self.work.retries,
                        pause: PAUSE,
                        problem: error.problem,
                    });
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => return Err(self.wrong(&format!("cannot be read back: {}", error.problem))),
                Ok(()) => break,
            }
        }
        Ok(())
    }

    /// The store checks size and digest of the bytes as they pass.
    async fn read(&self, blob: &Descriptor) -> Result<(), Error> {
        let mut bytes = self.target.blob(&self.work.target.repository, blob).await?;
        while bytes.next().await.transpose()?.is_some() {}
        Ok(())
    }

    fn wrong(&self, what: &str) -> Problem {
        let message = format!("{} was written, but {what}", self.work.target);
        let help = "look who else writes there, and whether the target's storage is sound; then apply again";
        Problem::new("verify-failed", message).with_help(help)
    }
}
