//! Looks at the target again once an image is written: does its tag, and all that is below it, hold what was planned?

use futures_util::{StreamExt, TryStreamExt, stream};

use super::crew::BLOBS_AT_A_TIME;
use super::transfer::Transfers;
use crate::diag::{Problem, Wording, say};
use crate::image::rewrite::ImageTree;
use crate::image::{Descriptor, ManifestReference};
use crate::migrate::Verify;
use crate::plan::SyncWork;
use crate::store::Store;

pub(super) async fn verify(transfers: &Transfers<'_>, image: &ImageTree) -> Result<(), Problem> {
    let Transfers { context, work, target, .. } = transfers;
    let wanted = context.verify.unwrap_or(work.verify);
    let reading = Reading { transfers, work, target };
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
    transfers: &'a Transfers<'a>,
    work: &'a SyncWork,
    target: &'a Store,
}

impl Reading<'_> {
    async fn tag(&self, image: &ImageTree) -> Result<(), Problem> {
        let target = &self.work.target;
        let found = self.target.head_manifest(&target.repository, &target.reference).await?;
        match found {
            Some(found) if image.root().is_called(&found.digest) => Ok(()),
            Some(found) => {
                let (found, wanted) = (&found.digest, &image.root().digest);
                Err(self.wrong(&say!("it holds {found}, not {wanted}", "它是 {found}，而不是 {wanted}", found, wanted)))
            }
            None => Err(self.wrong(&say!("it is not there", "它不在那里"))),
        }
    }

    async fn everything(&self, image: &ImageTree) -> Result<(), Problem> {
        for manifest in &image.manifests {
            let digest = &manifest.digest;
            let reference = ManifestReference::Digest(digest.clone());
            match self.target.manifest(&self.work.target.repository, &reference).await? {
                Some(found) if found.bytes == manifest.bytes => {}
                Some(_) => {
                    let what = say!("its manifest {digest} has other bytes", "它的清单 {digest} 内容不同", digest);
                    return Err(self.wrong(&what));
                }
                None => {
                    return Err(self.wrong(&say!(
                        "its manifest {digest} is not there",
                        "缺少它的清单 {digest}",
                        digest
                    )));
                }
            }
        }
        let reads: Vec<_> = image.blobs.iter().map(|blob| self.blob(blob)).collect();
        stream::iter(reads).buffer_unordered(BLOBS_AT_A_TIME).try_collect::<()>().await
    }

    async fn blob(&self, blob: &Descriptor) -> Result<(), Problem> {
        self.transfers.read_back(blob).await.map_err(|error| {
            let reason = error.problem.message;
            self.wrong(&say!("it cannot be read back: {reason}", "无法读回：{reason}", reason))
        })
    }

    fn wrong(&self, what: &Wording) -> Problem {
        let message =
            say!("{target} was written, but {what}", "{target} 已写入，但{what}", target = self.work.target, what);
        let help = say!(
            "look who else writes there, and whether the target's storage is sound; then apply again",
            "查明还有谁在写那里，以及目标的存储是否完好；然后重新 apply"
        );
        Problem::new("verify-failed", message).with_help(help)
    }
}
