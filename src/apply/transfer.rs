//! One blob on its way: found, mounted or streamed from source to target without touching the disk.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::Context;
use super::session::{Moved, Session};
use super::shelf::Shelves;
use crate::image::{BlobStream, Descriptor, Repository};
use crate::plan::{Event, Step, SyncWork};
use crate::registry::{Client, Mount};
use crate::store::{Error, Store};

/// The blobs of one sync.
pub(super) struct Transfers<'a> {
    pub(super) context: &'a Context,
    pub(super) step: &'a Step,
    pub(super) work: &'a SyncWork,
    pub(super) source: &'a Store,
    pub(super) target: &'a Store,
    pub(super) shelves: &'a Shelves,
}

/// Wait before the first retry; doubled for each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

impl Transfers<'_> {
    /// Makes the target repository hold `blob`; returns the bytes that moved.
    pub(super) async fn place(&self, blob: &Descriptor) -> Result<u64, Error> {
        let repository = &self.work.target.repository;
        let shelf = self.shelves.holders(&self.work.target.registry, &blob.digest);
        // Held while the blob is on its way: one upload a blob and target.
        let mut holders = shelf.lock().await;
        let bytes = match self.target {
            Store::Layout(_) if !holders.is_empty() => 0,
            _ if holders.contains(repository) => 0,
            Store::Layout(_) => self.with_retries(blob, Session::New).await?,
            Store::Registry(client) => match self.mount(client, blob, &holders).await? {
                Some(Mount::Mounted) => 0,
                Some(Mount::Refused(upload)) => self.with_retries(blob, Session::Open(upload)).await?,
                None => {
                    self.with_retries(blob, Session::remembered(&self.context.uploads, client, repository, blob))
                        .await?
                }
            },
        };
        holders.insert(repository.clone());
        Ok(bytes)
    }

    async fn mount(
        &self,
        client: &Client,
        blob: &Descriptor,
        holders: &BTreeSet<Repository>,
    ) -> Result<Option<Mount>, Error> {
        let Some(from) = holders.first() else { return Ok(None) };
        Ok(Some(client.mount_blob(&self.work.target.repository, &blob.digest, from).await?))
    }

    /// Moves the bytes, again and again while what stops it is temporary.
    async fn with_retries(&self, blob: &Descriptor, mut session: Session) -> Result<u64, Error> {
        let retries = self.work.retries;
        let (mut attempt, mut pause, mut kept) = (1, FIRST_PAUSE, 0);
        let moved = Arc::<Moved>::default();
        loop {
            match self.once(blob, &mut session, &moved).await {
                Err(error) if error.temporary && attempt <= retries => {
                    self.context.send(Event::Retried {
                        address: self.step.address.clone(),
                        attempt,
                        retries,
                        pause,
                        problem: error.problem,
                    });
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

    async fn once(&self, blob: &Descriptor, session: &mut Session, moved: &Arc<Moved>) -> Result<(), Error> {
        let bytes = |from| self.counted(blob, from, moved);
        match self.target {
            Store::Layout(layout) => layout.put_blob(blob, bytes(0)).await?,
            Store::Registry(client) => {
                let (uploads, repository) = (&self.context.uploads, &self.work.target.repository);
                session.send(uploads, client, repository, blob, bytes).await?;
            }
        }
        Ok(())
    }

    /// The blob's bytes from the one numbered `from` on, told of as they pass. Opened when the first is asked for: an
    /// upload that waits for its turn holds no connection to the source.
    fn counted(&self, blob: &Descriptor, from: u64, moved: &Arc<Moved>) -> BlobStream {
        let (source, repository) = (self.source.clone(), self.work.source.repository.clone());
        let (blob, moved) = (blob.clone(), Arc::clone(moved));
        let (events, address) = (self.context.events.clone(), self.step.address.clone());
        let bytes = stream::once(async move { source.blob_from(&repository, &blob, from).await }).try_flatten();
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
