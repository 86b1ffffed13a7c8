//! One blob on its way to one target: found, mounted or streamed from the source without touching the disk.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::sync::OwnedMutexGuard;

use super::Context;
use super::session::{Moved, Session};
use super::shelf::Shelves;
use crate::image::{BlobStream, Descriptor, Repository};
use crate::plan::{Event, Step, SyncWork};
use crate::registry::{CheckedBy, Mount};
use crate::store::{Error, Store};

/// What carries blobs to one target.
pub(super) struct Transfers<'a> {
    pub(super) context: &'a Context,
    pub(super) step: &'a Step,
    pub(super) work: &'a SyncWork,
    pub(super) source: &'a Store,
    pub(super) target: &'a Store,
    pub(super) shelves: &'a Shelves,
}

/// The repositories of the target that hold a blob; held while it is on its way: one upload a blob and target.
pub(super) type Shelf = OwnedMutexGuard<BTreeSet<Repository>>;

/// How a blob starts out.
pub(super) enum Start {
    /// The target repository holds it, by a mount or already.
    Held,
    /// Its bytes have to be sent.
    Send(Session),
}

/// Wait before the first retry; doubled for each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

impl Transfers<'_> {
    /// Makes the target repository hold `blob`, after `tries` that failed already; returns the bytes that moved.
    pub(super) async fn place(&self, blob: &Descriptor, tries: u32) -> Result<u64, Error> {
        self.place_from(blob, tries, |from| self.download(blob, from)).await
    }

    /// As [`Self::place`], with the blob's bytes from a given one on as `bytes` brings them.
    pub(super) async fn place_from(
        &self,
        blob: &Descriptor,
        tries: u32,
        bytes: impl Fn(u64) -> BlobStream,
    ) -> Result<u64, Error> {
        let mut shelf = self.shelf(blob).await;
        let moved = match self.start(blob, &shelf).await? {
            Start::Held => 0,
            Start::Send(session) => self.with_retries(blob, session, tries, bytes).await?,
        };
        shelf.insert(self.work.target.repository.clone());
        Ok(moved)
    }

    /// Places those of `blobs` again that the target does not hold in spite of what the plan saw there: since then its
    /// garbage was collected. Returns the bytes that moved; none where all of them are there.
    pub(super) async fn place_lost(&self, blobs: &[Descriptor]) -> Result<Option<u64>, Error> {
        let mut moved = None;
        for blob in blobs {
            let mut shelf = self.shelf(blob).await;
            if self.target.has_blob(&self.work.target.repository, blob).await? {
                continue;
            }
            shelf.clear();
            drop(shelf);
            moved = Some(moved.unwrap_or_default() + self.place(blob, 0).await?);
        }
        Ok(moved)
    }

    pub(super) async fn shelf(&self, blob: &Descriptor) -> Shelf {
        self.shelves.holders(&self.work.target.registry, &blob.digest).lock_owned().await
    }

    /// Mounts the blob where another repository holds it, or finds where its bytes are to go.
    pub(super) async fn start(&self, blob: &Descriptor, holders: &BTreeSet<Repository>) -> Result<Start, Error> {
        let repository = &self.work.target.repository;
        let client = match self.target {
            _ if holders.contains(repository) => return Ok(Start::Held),
            Store::Layout(_) if !holders.is_empty() => return Ok(Start::Held),
            Store::Layout(_) => return Ok(Start::Send(Session::New)),
            Store::Registry(client) => client,
        };
        let mount = match holders.first() {
            Some(from) => {
                let mount = client.mount_blob(repository, &blob.digest, from).await?;
                if matches!(mount, Mount::Mounted) {
                    self.context.send(Event::Mounted { address: self.step.address.clone(), bytes: blob.size });
                }
                mount
            }
            None => match Session::remembered(&self.context.uploads, client, repository, blob) {
                Session::New => match client.open_upload(repository, &blob.digest).await {
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
        })
    }

    /// Moves the bytes, again and again while what stops it is temporary.
    async fn with_retries(
        &self,
        blob: &Descriptor,
        mut session: Session,
        tries: u32,
        bytes: impl Fn(u64) -> BlobStream,
    ) -> Result<u64, Error> {
        let (mut attempt, mut pause, mut kept) = (tries + 1, FIRST_PAUSE, 0);
        let moved = Arc::<Moved>::default();
        loop {
            match self.send(blob, &mut session, &moved, self.checked_by(attempt), &bytes).await {
                Err(error) if self.may_retry(&error, attempt) => {
                    self.tell_retry(attempt, pause, error);
                    tokio::time::sleep(pause).await;
                    (attempt, pause) = (attempt + 1, (pause * 2).min(LONGEST_PAUSE));
                    if session.kept() > kept {
                        (attempt, pause, kept) = (1, FIRST_PAUSE, session.kept());
                    }
                }
                result => return result.map(|()| moved.bytes()),
            }
        }
    }

    /// What `make` makes, tried again while what stops it is temporary.
    pub(super) async fn retried<T, F: Future<Output = Result<T, Error>>>(
        &self,
        make: impl Fn() -> F,
    ) -> Result<T, Error> {
        let (mut attempt, mut pause) = (1, FIRST_PAUSE);
        loop {
            match make().await {
                Err(error) if self.may_retry(&error, attempt) => {
                    self.tell_retry(attempt, pause, error);
                    tokio::time::sleep(pause).await;
                    (attempt, pause) = (attempt + 1, (pause * 2).min(LONGEST_PAUSE));
                }
                result => return result,
            }
        }
    }

    pub(super) fn may_retry(&self, error: &Error, attempt: u32) -> bool {
        error.temporary && attempt <= self.work.retries
    }

    pub(super) fn tell_retry(&self, attempt: u32, pause: Duration, error: Error) {
        self.context.send(Event::Retried {
            address: self.step.address.clone(),
            attempt,
            retries: self.work.retries,
            pause,
            problem: error.problem,
        });
    }

    /// Who checks the bytes of an attempt: the target where it can, as long as what it refuses can be sent again, checked
    /// here.
    pub(super) fn checked_by(&self, attempt: u32) -> CheckedBy {
        if attempt == 1 && self.work.retries > 0 { CheckedBy::Registry } else { CheckedBy::Us }
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
        match self.target {
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
        let (moved, events, address) = (Arc::clone(moved), self.context.events.clone(), self.step.address.clone());
        let mut at = from;
        let tell = move |chunk: &Result<bytes::Bytes, _>| {
            if let Ok(chunk) = chunk {
                at += chunk.len() as u64;
                let bytes = moved.up_to(at, chunk.len() as u64);
                if bytes > 0 {
                    let _ = events.send(Event::Moved { address: address.clone(), bytes });
                }
            }
        };
        bytes.inspect(tell).boxed()
    }
}
