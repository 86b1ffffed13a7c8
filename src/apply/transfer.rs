//! One blob on its way: found, mounted or streamed from source to target without touching the disk.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::Context;
use super::shelf::Shelves;
use crate::image::{BlobStream, Descriptor, Repository};
use crate::plan::{Event, Step, SyncWork};
use crate::registry::{Client, Mount, Upload};
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
            Store::Layout(_) => self.with_retries(blob, None).await?,
            Store::Registry(client) => match self.mount(client, blob, &holders).await? {
                Some(Mount::Mounted) => 0,
                Some(Mount::Refused(upload)) => self.with_retries(blob, Some(upload)).await?,
                None => self.with_retries(blob, None).await?,
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
    async fn with_retries(&self, blob: &Descriptor, mut upload: Option<Upload>) -> Result<u64, Error> {
        let retries = self.work.retries;
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            let moved = Arc::new(AtomicU64::new(0));
            match self.once(blob, upload.take(), &moved).await {
                Err(error) if error.temporary && attempt <= retries => {
                    self.context.send(Event::Retried {
                        address: self.step.address.clone(),
                        attempt,
                        retries,
                        pause,
                        lost: moved.load(Ordering::Relaxed),
                        problem: error.problem,
                    });
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                result => return result.map(|()| blob.size),
            }
        }
        Ok(blob.size)
    }

    async fn once(&self, blob: &Descriptor, upload: Option<Upload>, moved: &Arc<AtomicU64>) -> Result<(), Error> {
        let bytes = self.counted(self.download(blob), moved);
        match self.target {
            Store::Layout(layout) => layout.put_blob(blob, bytes).await?,
            Store::Registry(client) => {
                let upload = match upload {
                    Some(upload) => upload,
                    None => client.start_upload(&self.work.target.repository).await?,
                };
                client.finish_upload(upload, blob, bytes).await?;
            }
        }
        Ok(())
    }

    /// Opened when its first byte is asked for: an upload that waits for its turn holds no connection to the source.
    fn download(&self, blob: &Descriptor) -> BlobStream {
        let (source, repository) = (self.source.clone(), self.work.source.repository.clone());
        let blob = blob.clone();
        stream::once(async move { source.blob(&repository, &blob).await }).try_flatten().boxed()
    }

    /// Tells of the bytes as they pass.
    fn counted(&self, bytes: BlobStream, moved: &Arc<AtomicU64>) -> BlobStream {
        let (moved, events, address) = (Arc::clone(moved), self.context.events.clone(), self.step.address.clone());
        let tell = move |chunk: &Result<bytes::Bytes, _>| {
            if let Ok(chunk) = chunk {
                let bytes = chunk.len() as u64;
                moved.fetch_add(bytes, Ordering::Relaxed);
                let _ = events.send(Event::Moved { address: address.clone(), bytes });
            }
        };
        bytes.inspect(tell).boxed()
    }
}
