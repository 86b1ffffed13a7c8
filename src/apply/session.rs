//! Where the bytes of one blob go at a registry: a new upload, or one that broke off, in this run or in the last.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::image::{BlobStream, Descriptor, Repository};
use crate::registry::{CheckedBy, Client, Error, Kind, Upload};
use crate::state::{Key, Uploads};

/// Below this an upload that broke off is sent anew: that costs as little as asking how far it came.
const WORTH_RESUMING: u64 = 1024 * 1024;
/// From this size on an upload is remembered for the next run.
const LARGE: u64 = 32 * 1024 * 1024;

/// What there is to send a blob's bytes to.
pub(super) enum Session {
    New,
    Open(Upload),
    /// The registry may have kept some of the bytes: more than those that the upload went on from the last time, or nothing
    /// comes of going on with it.
    Broken(Upload),
}

impl Session {
    /// The upload of a large blob that an earlier run did not end.
    pub(super) fn remembered(uploads: &Uploads, client: &Client, repository: &Repository, blob: &Descriptor) -> Self {
        let location = if blob.size < LARGE { None } else { uploads.find(&key(client, repository, blob)) };
        let upload = location.and_then(|location| client.remembered_upload(repository, &location));
        upload.map_or(Self::New, Self::Broken)
    }

    /// An upload that takes the blob's bytes, or those that are missing; none where the registry has it by now.
    async fn open(
        &self,
        uploads: &Uploads,
        client: &Client,
        repository: &Repository,
        blob: &Descriptor,
    ) -> Result<Option<Upload>, Error> {
        let upload = match self {
            Self::Open(upload) => upload.clone(),
            Self::Broken(upload) if blob.size >= WORTH_RESUMING => {
                // Whoever cannot tell how far it came is asked for a new one.
                let resumed = client.resume_upload(upload, blob.size).await.unwrap_or_default();
                match resumed.filter(|resumed| resumed.kept() > upload.kept()) {
                    Some(upload) => upload,
                    // It may have been committed after it broke off behind its last byte.
                    None if is_there(client, repository, blob).await => return Ok(None),
                    None => client.start_upload(repository).await?,
                }
            }
            Self::Broken(_) | Self::New => client.start_upload(repository).await?,
        };
        if blob.size >= LARGE {
            uploads.note(key(client, repository, blob), upload.location(), jiff::Timestamp::now());
        }
        Ok(Some(upload))
    }

    /// Sends what the registry does not have of a blob, of `bytes` from a given one on; afterwards this is what is left of
    /// the upload.
    pub(super) async fn send(
        &mut self,
        uploads: &Uploads,
        client: &Client,
        repository: &Repository,
        blob: &Descriptor,
        by: CheckedBy,
        bytes: impl FnOnce(u64) -> BlobStream,
    ) -> Result<(), Error> {
        let sent = match self.open(uploads, client, repository, blob).await? {
            None => {
                *self = Self::New;
                Ok(())
            }
            Some(upload) => {
                let missing = bytes(upload.kept());
                let sent = client.finish_upload(upload.clone(), blob, missing, by).await;
                match &sent {
                    // It says nothing about the upload: that is as it was.
                    Err(error) if upload.kept() > 0 && never_arrived(error) => {}
                    Err(error) => *self = Self::after(error, upload),
                    Ok(()) => *self = Self::New,
                }
                sent
            }
        };
        if matches!(self, Self::New) {
            uploads.forget(&key(client, repository, blob));
        }
        sent
    }

    /// What is left of an upload: nothing where the registry refuses what it kept.
    fn after(error: &Error, upload: Upload) -> Self {
        let refused = error.status().is_some_and(|status| status < 500);
        let wrong = *error.kind() == Kind::DigestInvalid;
        if wrong || refused && upload.kept() > 0 { Self::New } else { Self::Broken(upload) }
    }

    /// Bytes that the registry had when the last try began.
    pub(super) fn kept(&self) -> u64 {
        match self {
            Self::Broken(upload) => upload.kept(),
            Self::New | Self::Open(_) => 0,
        }
    }
}

/// Whether what failed did so before the registry had anything to do with it.
fn never_arrived(error: &Error) -> bool {
    matches!(error.kind(), Kind::Connect | Kind::Dns | Kind::RateLimited | Kind::Source(_))
}

/// As far as the registry says so.
async fn is_there(client: &Client, repository: &Repository, blob: &Descriptor) -> bool {
    client.head_blob(repository, &blob.digest).await.is_ok_and(|size| size == Some(blob.size))
}

fn key(client: &Client, repository: &Repository, blob: &Descriptor) -> Key {
    Key { registry: client.host().clone(), repository: repository.clone(), digest: blob.digest.clone() }
}

/// How far a blob was moved: bytes that move again count once.
#[derive(Default)]
pub(super) struct Moved(AtomicU64);

impl Moved {
    /// `length` bytes more, up to the one numbered `at`; returns those that are new.
    pub(super) fn up_to(&self, at: u64, length: u64) -> u64 {
        let before = self.0.fetch_max(at, Ordering::Relaxed);
        at.saturating_sub(before).min(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_move_again_count_once() {
        let moved = Moved::default();
        let told: Vec<u64> = [(10, 10), (20, 10), (15, 10), (25, 10), (25, 0)].map(|(at, n)| moved.up_to(at, n)).into();
        assert_eq!(told, [10, 10, 0, 5, 0]);
        assert_eq!(Moved::default().up_to(110, 10), 10, "what an earlier run moved is not counted");
    }
}
