//! One blob on its way to one target: found, mounted or streamed from the source without touching the disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::sync::OwnedMutexGuard;

use super::Context;
use super::recompress::Kept;
use super::session::{Moved, Session};
use super::shelf::Shelves;
use super::tries::Tries;
use crate::diag::{Problem, say};
use crate::image::{BlobStream, Descriptor};
use crate::plan::{Event, Holders, Step, SyncWork};
use crate::registry::{CheckedBy, Mount};
use crate::store::{Error, Store};

/// What carries blobs to one target.
pub(super) struct Transfers<'a> {
    pub(super) context: &'a Context,
    pub(super) step: &'a Step,
    pub(super) work: &'a SyncWork,
    pub(super) source: Store,
    pub(super) target: Store,
    pub(super) shelves: &'a Shelves,
    /// Where the image goes to other targets, too.
    pub(super) kept: Option<Kept>,
    /// Bytes on their way to the target so far; what is sent again counts once.
    pub(super) moved: Arc<AtomicU64>,
}

/// Who holds a blob at the target; locked while it is on its way: one upload a blob and target.
pub(super) type Locked = OwnedMutexGuard<Holders>;

/// A blob to be placed, and what became of it on another way before.
pub(super) struct Errand<'a> {
    pub(super) blob: &'a Descriptor,
    /// Tries that failed.
    pub(super) failed: u32,
    pub(super) moved: Arc<Moved>,
}

impl<'a> Errand<'a> {
    pub(super) fn new(blob: &'a Descriptor) -> Self {
        Self { blob, failed: 0, moved: Arc::default() }
    }
}

/// How a blob starts out.
pub(super) enum Start {
    /// The target repository holds it, by a mount or already.
    Held,
    /// Its bytes have to be sent.
    Send(Session),
    /// The same, in place of what the target repository holds of another length.
    Replace(Session),
}

impl Transfers<'_> {
    /// Makes the target repository hold a blob.
    pub(super) async fn place(&self, errand: Errand<'_>) -> Result<(), Error> {
        let blob = errand.blob;
        self.place_from(errand, |from| self.download(blob, from)).await
    }

    /// As [`Self::place`], with the blob's bytes from a given one on as `bytes` brings them.
    pub(super) async fn place_from(&self, errand: Errand<'_>, bytes: impl Fn(u64) -> BlobStream) -> Result<(), Error> {
        let mut holders = self.shelf(errand.blob).await;
        match self.start(errand.blob, &holders).await? {
            Start::Held => {}
            Start::Send(session) => self.send_patiently(&errand, session, bytes).await?,
            Start::Replace(session) => {
                self.send_patiently(&errand, session, bytes).await?;
                self.see_replaced(errand.blob).await?;
            }
        }
        self.note_held(&mut holders);
        Ok(())
    }

    /// Notes that the target repository holds a blob.
    pub(super) fn note_held(&self, holders: &mut Holders) {
        holders.add(self.login(), &self.work.target.repository);
    }

    fn login(&self) -> &str {
        self.context.project.login(&self.work.target.registry)
    }

    /// Sends a blob, of `bytes` from a given one on, that the target holds damaged or has lost, whatever it says of it.
    pub(super) async fn send_again(&self, blob: &Descriptor, bytes: impl Fn(u64) -> BlobStream) -> Result<(), Error> {
        let _turn = self.shelf(blob).await;
        self.send_patiently(&Errand::new(blob), Session::New, bytes).await?;
        self.see_replaced(blob).await
    }

    /// Some registries write no blob twice: they take the bytes and keep what they have.
    async fn see_replaced(&self, blob: &Descriptor) -> Result<(), Error> {
        let Err(error) = self.read_back(blob).await else { return Ok(()) };
        if error.temporary {
            return Err(error);
        }
        let message = say!(
            "{target} holds a damaged {digest}, and keeps it when the right bytes are sent: {reason}",
            "{target} 里的 {digest} 已损坏，重新发送正确的内容也不会替换：{reason}",
            target = self.work.target,
            digest = blob.digest,
            reason = error.problem.message
        );
        let help = say!(
            "delete that blob in the registry's storage, then apply again; other images that use it are damaged, too",
            "在镜像仓库的存储里删除这个数据块，然后重新 apply；用到它的其他镜像也已损坏"
        );
        Err(Error { problem: Problem::new("target-damaged", message).with_help(help), temporary: false })
    }

    /// Places those of `blobs` again that the target does not hold in spite of what the plan saw there: since then its
    /// garbage was collected. Returns false where all of them are there.
    pub(super) async fn place_lost(&self, blobs: &[Descriptor]) -> Result<bool, Error> {
        let mut lost = false;
        for blob in blobs {
            let mut holders = self.shelf(blob).await;
            if self.target.has_blob(&self.work.target.repository, blob).await? {
                continue;
            }
            holders.clear();
            drop(holders);
            self.place(Errand::new(blob)).await?;
            lost = true;
        }
        Ok(lost)
    }

    pub(super) async fn shelf(&self, blob: &Descriptor) -> Locked {
        self.shelves.shelf(&self.work.target.registry, &blob.digest).lock_owned().await
    }

    /// Mounts the blob where another repository holds it, or finds where its bytes are to go.
    pub(super) async fn start(&self, blob: &Descriptor, holders: &Holders) -> Result<Start, Error> {
        let repository = &self.work.target.repository;
        let client = match &self.target {
            _ if holders.contains(repository) => return Ok(Start::Held),
            Store::Layout(_) if !holders.is_empty() => return Ok(Start::Held),
            Store::Layout(_) => return Ok(Start::Send(Session::New)),
            Store::Registry(client) => client,
        };
        let mount = match holders.mountable(self.login()) {
            Some(from) => {
                let mount = client.mount_blob(repository, &blob.digest, from).await?;
                if matches!(mount, Mount::Mounted) {
                    self.context.send(Event::Mounted { address: self.step.address.clone(), bytes: blob.size });
                }
                mount
            }
            None => match Session::remembered(&self.context.uploads, client, repository, blob) {
                Session::New => match client.open_upload(repository, blob).await {
                    // Tried again with the bytes.
                    Err(error) if error.is_temporary() => return Ok(Start::Send(Session::New)),
                    opened => opened?,
                },
                remembered => return Ok(Start::Send(remembered)),
            },
        };
        Ok(match mount {
            Mount::Mounted => Start::Held,
            Mount::Refused(upload) => Start::Send(Session::Open(upload)),
            Mount::Damaged(upload) => Start::Replace(Session::Open(upload)),
        })
    }

    /// Moves the bytes, again and again while what stops it is temporary.
    async fn send_patiently(
        &self,
        errand: &Errand<'_>,
        mut session: Session,
        bytes: impl Fn(u64) -> BlobStream,
    ) -> Result<(), Error> {
        let (mut tries, mut kept) = (self.tries(errand.failed), 0);
        loop {
            let by = self.checked_by(tries.failed());
            let Err(error) = self.send(errand.blob, &mut session, &errand.moved, by, &bytes).await else {
                return Ok(());
            };
            tries.wait(error).await?;
            if session.kept() > kept {
                kept = session.kept();
                tries.start_anew();
            }
        }
    }

    /// What `make` makes, tried again while what stops it is temporary.
    pub(super) async fn retried<T, F: Future<Output = Result<T, Error>>>(
        &self,
        make: impl Fn() -> F,
    ) -> Result<T, Error> {
        let mut tries = self.tries(0);
        loop {
            match make().await {
                Err(error) => tries.wait(error).await?,
                made => return made,
            }
        }
    }

    pub(super) fn tries(&self, failed: u32) -> Tries<'_> {
        Tries::new((self.context, self.step, &self.target), self.work.retries, failed)
    }

    /// Who checks the bytes after so many tries that failed: the target where it can, as long as what it refuses can be
    /// sent again, checked here.
    pub(super) fn checked_by(&self, failed: u32) -> CheckedBy {
        if failed == 0 && self.work.retries > 0 { CheckedBy::Registry } else { CheckedBy::Us }
    }

    /// Reads a blob of the target to its end; the store checks its bytes as they pass.
    pub(super) async fn read_back(&self, blob: &Descriptor) -> Result<(), Error> {
        let read = || async {
            let mut bytes = self.target.blob(&self.work.target.repository, blob).await?;
            while bytes.next().await.transpose()?.is_some() {}
            Ok(())
        };
        self.retried(read).await
    }

    /// Sends what the target does not have of `blob`, of `bytes` from a given one on; tells of them as they pass.
    pub(super) async fn send(
        &self,
        blob: &Descriptor,
        session: &mut Session,
        moved: &Arc<Moved>,
        by: CheckedBy,
        bytes: impl FnOnce(u64) -> BlobStream,
    ) -> Result<(), Error> {
        let bytes = |from| self.counted(bytes(from), from, moved);
        match &self.target {
            Store::Layout(layout) => layout.put_blob(blob, bytes(0)).await?,
            Store::Registry(client) => {
                let (uploads, repository) = (&self.context.uploads, &self.work.target.repository);
                session.send(uploads, client, repository, blob, by, bytes).await?;
            }
        }
        Ok(())
    }

    /// The blob's bytes from the one numbered `from` on. Opened when the first is asked for: an upload that waits for its
    /// turn holds no connection to the source.
    pub(super) fn download(&self, blob: &Descriptor, from: u64) -> BlobStream {
        let (source, repository) = (self.source.clone(), self.work.source.repository.clone());
        let blob = blob.clone();
        let open = async move { source.unchecked_blob(&repository, &blob, from).await };
        stream::once(open).try_flatten().boxed()
    }

    fn counted(&self, bytes: BlobStream, from: u64, moved: &Arc<Moved>) -> BlobStream {
        let (moved, sum) = (Arc::clone(moved), Arc::clone(&self.moved));
        let (events, address) = (self.context.events.clone(), self.step.address.clone());
        let mut at = from;
        let tell = move |chunk: &Result<bytes::Bytes, _>| {
            if let Ok(chunk) = chunk {
                at += chunk.len() as u64;
                let bytes = moved.up_to(at, chunk.len() as u64);
                if bytes > 0 {
                    sum.fetch_add(bytes, Ordering::Relaxed);
                    let _ = events.send(Event::Moved { address: address.clone(), bytes });
                }
            }
        };
        bytes.inspect(tell).boxed()
    }
}
