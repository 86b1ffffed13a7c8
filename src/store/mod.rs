//! Any place where images live, asked in the same words: a registry or an OCI image layout directory.

mod base;
pub mod connect;
mod created;
mod image;
mod reads;
mod referrers;
mod stores;

pub use base::read_base;
pub use created::read_created;
pub use image::{GONE, is_equivalent, read_image, read_tagged};
pub use reads::Reads;
pub use stores::Stores;

use std::time::Duration;

use crate::diag::Problem;
use crate::image::{
    BlobError, BlobStream, Descriptor, Digest, Listed, ManifestReference, RawManifest, Repository, Tag,
};
use crate::layout::{self, Layout};
use crate::registry::{self, Client, Kind, Pulls, Retry};

pub use crate::registry::{Removal, Replaced};

/// A place that holds repositories; cheap to clone.
#[derive(Clone, Debug)]
pub enum Store {
    Registry(Client),
    Layout(Layout),
}

/// What went wrong at a store.
pub type Error = BlobError;

impl From<layout::Error> for Error {
    fn from(error: layout::Error) -> Self {
        Self { problem: error.problem(), temporary: error.is_temporary() }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        error.problem
    }
}

/// Why a manifest was not stored.
#[derive(Debug)]
pub enum NotStored {
    /// It names content that is not there.
    Incomplete(Error),
    Other(Error),
}

impl From<Error> for NotStored {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl From<layout::Error> for NotStored {
    fn from(error: layout::Error) -> Self {
        if error.is_incomplete() { Self::Incomplete(error.into()) } else { Self::Other(error.into()) }
    }
}

impl From<registry::Error> for NotStored {
    fn from(error: registry::Error) -> Self {
        if *error.kind() == Kind::BlobUnknown { Self::Incomplete(error.into()) } else { Self::Other(error.into()) }
    }
}

impl From<NotStored> for Error {
    fn from(refused: NotStored) -> Self {
        match refused {
            NotStored::Incomplete(error) | NotStored::Other(error) => error,
        }
    }
}

impl Store {
    /// The same store, which tells of what it asks again.
    #[must_use]
    pub fn watched(&self, tell: impl Fn(Retry) + Send + Sync + 'static) -> Self {
        match self {
            Self::Registry(client) => Self::Registry(client.watched(tell)),
            Self::Layout(_) => self.clone(),
        }
    }

    /// The same store as a place to write to, where tags that belong to others do not count.
    #[must_use]
    pub fn as_target(&self) -> Self {
        match self {
            Self::Registry(client) => Self::Registry(client.clone()),
            Self::Layout(layout) => Self::Layout(layout.as_target()),
        }
    }

    /// The same store, which asks so often again.
    #[must_use]
    pub fn retrying(&self, retries: u32) -> Self {
        match self {
            Self::Registry(client) => Self::Registry(client.retrying(retries)),
            Self::Layout(_) => self.clone(),
        }
    }

    /// How long it wants to be left alone from now on.
    #[must_use]
    pub fn paused_for(&self) -> Duration {
        match self {
            Self::Registry(client) => client.paused_for(),
            Self::Layout(_) => Duration::ZERO,
        }
    }

    /// How many pulls are left, where the place counts them and has said so.
    #[must_use]
    pub fn pulls(&self) -> Option<Pulls> {
        match self {
            Self::Registry(client) => client.pulls(),
            Self::Layout(_) => None,
        }
    }

    /// Every repository, or at least those of one namespace.
    pub async fn catalog(&self, namespace: Option<&Repository>) -> Result<Listed<Repository>, Error> {
        Ok(match self {
            Self::Registry(client) => client.repositories(namespace).await?,
            Self::Layout(layout) => layout.catalog().await?.into(),
        })
    }

    /// Tags of a repository; `None` where the store says that there is no such repository.
    pub async fn tags(&self, repository: &Repository) -> Result<Option<Listed<Tag>>, Error> {
        Ok(match self {
            Self::Registry(client) => client.tags(repository).await?,
            Self::Layout(layout) => layout.tags(repository).await?.map(Listed::from),
        })
    }

    /// What a tag or digest names, without its bytes; `None` where it names nothing.
    pub async fn head_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
    ) -> Result<Option<Descriptor>, Error> {
        Ok(match self {
            Self::Registry(client) => client.head_manifest(repository, reference).await?,
            Self::Layout(layout) => layout.head_manifest(repository, reference).await?,
        })
    }

    pub async fn manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
    ) -> Result<Option<RawManifest>, Error> {
        Ok(match self {
            Self::Registry(client) => client.manifest(repository, reference).await?,
            Self::Layout(layout) => layout.manifest(repository, reference).await?,
        })
    }

    /// Whether a blob is there, in its whole length: what a crash left of it is not that blob.
    pub async fn has_blob(&self, repository: &Repository, blob: &Descriptor) -> Result<bool, Error> {
        let size = match self {
            Self::Registry(client) => client.head_blob(repository, &blob.digest).await?,
            Self::Layout(layout) => layout.head_blob(&blob.digest).await?,
        };
        Ok(size == Some(blob.size))
    }

    /// The bytes of a blob, verified as they pass.
    pub async fn blob(&self, repository: &Repository, blob: &Descriptor) -> Result<BlobStream, Error> {
        Ok(match self {
            Self::Registry(client) => client.blob(repository, blob).await?,
            Self::Layout(layout) => layout.blob(blob).await?,
        })
    }

    /// The bytes of a blob from the one numbered `from` on. Their number is checked; that they are the right ones is for
    /// whoever stores them.
    pub async fn unchecked_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        from: u64,
    ) -> Result<BlobStream, Error> {
        Ok(match self {
            Self::Registry(client) => client.blob_from(repository, blob, from).await?,
            Self::Layout(layout) => layout.blob_from(blob, from).await?,
        })
    }

    /// Writes a manifest whose blobs and children are there already.
    pub async fn put_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
        manifest: &RawManifest,
    ) -> Result<(), NotStored> {
        match self {
            Self::Registry(client) => drop(client.put_manifest(repository, reference, manifest).await?),
            Self::Layout(layout) => layout.put_manifest(repository, reference, manifest).await?,
        }
        Ok(())
    }

    /// As [`Self::put_manifest`], as long as the reference holds what is expected.
    pub async fn replace_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
        manifest: &RawManifest,
        expected: Option<&Digest>,
    ) -> Result<Replaced, NotStored> {
        match self {
            Self::Registry(client) => Ok(client.replace_manifest(repository, reference, manifest, &[expected]).await?),
            Self::Layout(layout) => {
                let held = layout.head_manifest(repository, reference).await?.map(|held| held.digest);
                if held.as_ref() != expected {
                    return Ok(Replaced::No { held });
                }
                layout.put_manifest(repository, reference, manifest).await?;
                Ok(Replaced::Yes)
            }
        }
    }

    /// Takes a tag away that holds `before`, and nothing but the tag.
    pub async fn delete_tag(&self, repository: &Repository, tag: &Tag, before: &Digest) -> Result<Removal, Error> {
        match self {
            Self::Registry(client) => Ok(client.delete_tag(repository, tag, before).await?),
            Self::Layout(layout) => {
                let reference = ManifestReference::Tag(tag.clone());
                match layout.head_manifest(repository, &reference).await? {
                    None => return Ok(Removal::Absent),
                    Some(held) if held.digest != *before => return Ok(Removal::Moved(held.digest)),
                    Some(_) => layout.remove_tag(repository, tag).await?,
                }
                Ok(Removal::Done)
            }
        }
    }
}
