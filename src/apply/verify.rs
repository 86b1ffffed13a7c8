//! Looks at the target again: does all that is below its tag hold what was planned, before the tag leads there, and the tag
//! once it is written?

use futures_util::{StreamExt, TryStreamExt, stream};

use super::crew::BLOBS_AT_A_TIME;
use super::transfer::Transfers;
use crate::diag::{Problem, Wording, say};
use crate::image::rewrite::ImageTree;
use crate::image::{Descriptor, ManifestReference};
use crate::migrate::Verify;

/// One image as it is read back.
pub(super) struct Reading<'a> {
    pub(super) transfers: &'a Transfers<'a>,
    /// As it is written.
    pub(super) image: &'a ImageTree,
    /// Layers of the source that became others.
    pub(super) recompressed: &'a [Descriptor],
}

impl Reading<'_> {
    /// Whether everything is to be read back.
    pub(super) fn is_whole(&self) -> bool {
        self.wanted() == Verify::Pull
    }

    fn wanted(&self) -> Verify {
        self.transfers.context.verify.unwrap_or(self.transfers.work.verify)
    }

    /// The tag that was written, where that is asked for.
    pub(super) async fn reference(&self) -> Result<(), Problem> {
        if self.wanted() < Verify::Digest {
            return Ok(());
        }
        let place = &self.transfers.work.target;
        let found = self.transfers.target.head_manifest(&place.repository, &place.reference).await?;
        let root = self.image.root();
        match found {
            Some(found) if root.is_called(&found.digest) => Ok(()),
            Some(found) => {
                let (found, wanted) = (&found.digest, &root.digest);
                Err(self.wrong(&say!("it holds {found}, not {wanted}", "它是 {found}，而不是 {wanted}", found, wanted)))
            }
            None => Err(self.wrong(&say!("it is not there", "它不在那里"))),
        }
    }

    /// Manifests, config and layers, by their digests. What is damaged or lost of the blobs is sent again.
    pub(super) async fn everything(&self) -> Result<(), Problem> {
        for manifest in &self.image.manifests {
            let digest = &manifest.digest;
            let reference = ManifestReference::Digest(digest.clone());
            match self.transfers.target.manifest(&self.transfers.work.target.repository, &reference).await? {
                Some(found) if found.bytes == manifest.bytes => {}
                Some(_) => {
                    let what = say!("its manifest {digest} has other bytes", "它的清单 {digest} 内容不同", digest);
                    return Err(self.unsound(&what));
                }
                None => {
                    let what = say!("its manifest {digest} is not there", "缺少它的清单 {digest}", digest);
                    return Err(self.unsound(&what));
                }
            }
        }
        let reads: Vec<_> = self.image.blobs.iter().map(|blob| self.blob(blob)).collect();
        stream::iter(reads).buffer_unordered(BLOBS_AT_A_TIME).try_collect::<()>().await
    }

    async fn blob(&self, blob: &Descriptor) -> Result<(), Problem> {
        let Err(error) = self.transfers.read_back(blob).await else { return Ok(()) };
        let repository = &self.transfers.work.target.repository;
        let is_wrong = error.is_other_digest() || !self.transfers.target.has_blob(repository, blob).await?;
        if is_wrong {
            return Ok(self.transfers.mend(self.recompressed, blob).await?);
        }
        let reason = error.problem.message;
        Err(self.unsound(&say!("it cannot be read back: {reason}", "无法读回：{reason}", reason)))
    }

    /// What is wrong before a tag leads there; what has no tag is written when it can be read.
    fn unsound(&self, what: &Wording) -> Problem {
        let target = &self.transfers.work.target;
        if target.reference.tag().is_none() {
            return self.wrong(what);
        }
        failed(say!("{target} is not written: {what}", "{target} 没有写入：{what}", target, what))
    }

    fn wrong(&self, what: &Wording) -> Problem {
        let target = &self.transfers.work.target;
        failed(say!("{target} was written, but {what}", "{target} 已写入，但{what}", target, what))
    }
}

fn failed(message: Wording) -> Problem {
    let help = say!(
        "look who else writes there, and whether the target's storage is sound; then apply again",
        "查明还有谁在写那里，以及目标的存储是否完好；然后重新 apply"
    );
    Problem::new("verify-failed", message).with_help(help)
}
