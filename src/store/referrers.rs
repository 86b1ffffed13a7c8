//! Referrers, where the place lists them and where the list is a tag that clients keep.
//!
//! Nothing in the protocol makes reading and writing such a list one step: of two writers at a time the last one wins, and
//! does not know it. So whoever writes looks again after a while, and lists what was lost once more.

use std::time::Duration;

use tokio::time::Instant;

use super::{Error, NotStored, Store};
use crate::diag::{Problem, say};
use crate::image::referrers::{self, List};
use crate::image::{Digest, ManifestReference, RawManifest, Repository};

/// Of so many writers at a time all are listed in the end: one more with every round.
const TRIES: usize = 5;
/// Who read the list before we wrote it writes its own within about the time that reading and writing took us; this many
/// times that is waited for, and not longer than is worth it.
const SLOWER: u32 = 3;
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

impl Store {
    /// What the place itself lists as referring to `subject`; `None` where that is left to its clients.
    pub async fn referrers(
        &self,
        repository: &Repository,
        subject: &Digest,
    ) -> Result<Option<Vec<referrers::Entry>>, Error> {
        match self {
            Self::Registry(client) => Ok(client.referrers(repository, subject).await?),
            Self::Layout(_) => Ok(None),
        }
    }

    /// What clients list as referring to `subject`.
    pub async fn referrers_by_tag(
        &self,
        repository: &Repository,
        subject: &Digest,
    ) -> Result<Vec<referrers::Entry>, Error> {
        match self {
            Self::Registry(client) => Ok(client.referrers_by_tag(repository, subject).await?),
            Self::Layout(_) => {
                let tag = ManifestReference::Tag(referrers::tag(subject));
                let index = self.manifest(repository, &tag).await?;
                Ok(index.map(|index| referrers::entries(&index.bytes)).unwrap_or_default())
            }
        }
    }

    /// Writes a manifest that refers to `subject`, and sees to it that it is listed. Whoever lists the same subject at
    /// the same time in this process has to wait for its turn.
    pub async fn put_referrer(
        &self,
        repository: &Repository,
        manifest: &RawManifest,
        subject: &Digest,
    ) -> Result<(), NotStored> {
        let reference = ManifestReference::Digest(manifest.digest.clone());
        let lists = match self {
            Self::Registry(client) => client.put_manifest(repository, &reference, manifest).await?.lists_referrers,
            Self::Layout(layout) => {
                layout.put_manifest(repository, &reference, manifest).await?;
                false
            }
        };
        if lists { Ok(()) } else { Ok(self.list(repository, manifest, subject).await?) }
    }

    async fn list(&self, repository: &Repository, manifest: &RawManifest, subject: &Digest) -> Result<(), Error> {
        let entry = referrers::entry(manifest);
        let tag = ManifestReference::Tag(referrers::tag(subject));
        for round in 0..=TRIES {
            let began = Instant::now();
            let kept = match self.manifest(repository, &tag).await? {
                Some(index) => List::read(&index.bytes).ok_or_else(|| no_list(repository, &tag))?,
                None => List::default(),
            };
            let Some(index) = kept.with(&entry) else { return Ok(()) };
            if round == TRIES {
                break;
            }
            self.put_manifest(repository, &tag, &index).await?;
            tokio::time::sleep((began.elapsed() * SLOWER).clamp(SHORTEST_PAUSE, LONGEST_PAUSE)).await;
        }
        let message = say!(
            "{digest} is stored, but others rewrite the list of referrers {list}",
            "{digest} 已存入，但其他人在改写关联制品列表 {list}",
            digest = manifest.digest,
            list = format_args!("{repository}:{tag}")
        );
        let help = say!("apply again when nobody else signs", "等没有其他人签名时再执行一次 apply");
        let problem = Problem::new("referrer-not-listed", message).with_help(help);
        Err(Error { problem, temporary: true })
    }
}

/// What somebody else keeps under that tag is not ours to replace.
fn no_list(repository: &Repository, tag: &ManifestReference) -> Error {
    let message = say!(
        "{place} is no list of referrers, so nothing can be listed in it",
        "{place} 不是关联制品的列表，无法在其中登记",
        place = format_args!("{repository}:{tag}")
    );
    let help = say!(
        "look who wrote this tag, and delete it where nobody needs it",
        "查明是谁写的这个标签，没有人需要时就删除它"
    );
    Error { problem: Problem::new("no-referrers-list", message).with_help(help), temporary: false }
}
