//! OCI image layout directories as places of images: reads and writes them, alone or beside other processes.
//!
//! Several repositories live in one layout: `index.json` names manifests `<repository>:<tag>` in
//! `org.opencontainers.image.ref.name`, which skopeo reads as `oci:DIR:<repository>:<tag>`. Names that other tools
//! wrote are understood where a directory is read (see `name`), and their entries are left alone, as are those without a
//! name. Blobs are shared by all repositories.
//!
//! A file is visible only whole and synced: content goes to a draft beside its place, which is then renamed. Changes of
//! `index.json` exclude each other by a lock on `oci-layout`. Does not decide what to copy, and never deletes content.

mod blob;
mod directory;
mod error;
mod file;
mod index;
mod manifest;
mod name;
mod tagging;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::OnceCell;

use self::directory::{Directory, TagChange};
use self::error::Fault;
use self::index::Names;
use self::tagging::Tagging;
use crate::image::{BlobStream, Descriptor, Digest, ManifestReference, RawManifest, Repository, Tag};

pub use self::error::Error;

/// An OCI image layout directory; a cheap handle for any number of tasks.
#[derive(Clone, Debug)]
pub struct Layout {
    state: Arc<State>,
    /// Which names its tags go by.
    names: Names,
}

#[derive(Debug)]
struct State {
    directory: Arc<Directory>,
    /// Set when the directory is a layout and free of what killed runs left.
    prepared: OnceCell<()>,
    tagging: Tagging,
}

impl Layout {
    /// Looks at nothing yet: the directory need not exist.
    #[must_use]
    pub fn at(dir: PathBuf) -> Self {
        let directory = Arc::new(Directory::new(dir));
        let state = State { directory, prepared: OnceCell::new(), tagging: Tagging::default() };
        Self { state: Arc::new(state), names: Names::Readable }
    }

    /// The same directory as a place to write to: only tags by the names that this tool writes are there to be compared,
    /// replaced and taken away.
    #[must_use]
    pub fn as_target(&self) -> Self {
        Self { names: Names::Own, ..self.clone() }
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        self.state.directory.path()
    }

    /// False where a layout can be created: the directory is missing or empty.
    ///
    /// # Errors
    /// When something else than a layout is there.
    pub async fn exists(&self) -> Result<bool, Error> {
        self.with(Directory::exists).await
    }

    /// Fails with what to do when there is no layout here, which a target may be but a source may not.
    pub async fn require(&self) -> Result<(), Error> {
        if self.exists().await? { Ok(()) } else { Err(Error::new(self.path(), Fault::Missing)) }
    }

    /// Fails where no image can be written, as far as the rights of folders tell; writes nothing.
    pub async fn require_writable(&self) -> Result<(), Error> {
        self.with(Directory::require_writable).await
    }

    /// Repositories with at least one tag, sorted; none where there is no layout yet.
    pub async fn catalog(&self) -> Result<Vec<Repository>, Error> {
        self.with(|directory| Ok(directory.index()?.repositories())).await
    }

    /// Sorted; none when nothing is named after the repository.
    pub async fn tags(&self, repository: &Repository) -> Result<Option<Vec<Tag>>, Error> {
        let (repository, names) = (repository.clone(), self.names);
        self.with(move |directory| Ok(directory.index()?.tags(&repository, names))).await
    }

    /// What `reference` points at; a digest is found whatever the repository.
    ///
    /// # Errors
    /// Also when a tag points at a manifest whose file is missing or of the wrong size.
    pub async fn head_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
    ) -> Result<Option<Descriptor>, Error> {
        let (repository, names) = (repository.clone(), self.names);
        match reference.clone() {
            ManifestReference::Tag(tag) => {
                self.with(move |directory| manifest::head(directory, &repository, &tag, names)).await
            }
            ManifestReference::Digest(digest) => {
                self.with(move |directory| match manifest::by_digest(directory, &digest) {
                    // Wrong bytes are not that manifest; storing it again mends the file.
                    Err(error) if error.is_wrong_content() => Ok(None),
                    found => Ok(found?.map(|raw| raw.descriptor())),
                })
                .await
            }
        }
    }

    /// The manifest's exact bytes, of the size and digest that its name says.
    pub async fn manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
    ) -> Result<Option<RawManifest>, Error> {
        let (repository, names) = (repository.clone(), self.names);
        match reference.clone() {
            ManifestReference::Tag(tag) => {
                self.with(move |directory| manifest::by_tag(directory, &repository, &tag, names)).await
            }
            ManifestReference::Digest(digest) => {
                self.with(move |directory| manifest::by_digest(directory, &digest)).await
            }
        }
    }

    /// Bytes of the blob's file: compare them with the descriptor's size, as a file of another size is not that blob.
    pub async fn head_blob(&self, digest: &Digest) -> Result<Option<u64>, Error> {
        let digest = digest.clone();
        self.with(move |directory| blob::size(directory, &digest)).await
    }

    /// The blob's bytes, verified on the way: a stream of wrong bytes ends with an error before its last chunk.
    pub async fn blob(&self, blob: &Descriptor) -> Result<BlobStream, Error> {
        blob::read(Arc::clone(&self.state.directory), blob.clone()).await
    }

    /// The same from the byte numbered `from` on, not verified.
    pub async fn blob_from(&self, blob: &Descriptor, from: u64) -> Result<BlobStream, Error> {
        blob::read_from(Arc::clone(&self.state.directory), blob.clone(), from).await
    }

    /// Stores `bytes` once they have proved to be what `blob` names; creates the layout where there is none.
    pub async fn put_blob(&self, blob: &Descriptor, bytes: BlobStream) -> Result<(), Error> {
        self.prepare().await?;
        blob::write(Arc::clone(&self.state.directory), blob, bytes).await
    }

    /// Stores a manifest whose blobs and children are there, and points the tag at it.
    ///
    /// # Errors
    /// Also when something that the manifest refers to is not stored yet.
    pub async fn put_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
        manifest: &RawManifest,
    ) -> Result<(), Error> {
        self.prepare().await?;
        let digest = match reference {
            ManifestReference::Digest(digest) => digest.clone(),
            ManifestReference::Tag(_) => manifest.digest.clone(),
        };
        let stored = manifest.clone();
        self.with(move |directory| manifest::write(directory, &digest, &stored)).await?;
        let ManifestReference::Tag(tag) = reference else { return Ok(()) };
        let change = TagChange { repository: repository.clone(), tag: tag.clone(), target: manifest.descriptor() };
        self.state.tagging.set(&self.state.directory, change).await
    }

    /// Takes a tag away; the files of its image stay.
    pub async fn remove_tag(&self, repository: &Repository, tag: &Tag) -> Result<(), Error> {
        let (repository, tag) = (repository.clone(), tag.clone());
        self.with(move |directory| directory.remove_tag(&repository, &tag)).await
    }

    async fn prepare(&self) -> Result<(), Error> {
        self.state.prepared.get_or_try_init(|| self.with(Directory::prepare)).await.copied()
    }

    async fn with<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Directory) -> Result<T, Error> + Send + 'static,
    {
        let directory = Arc::clone(&self.state.directory);
        blocking(self.path(), move || work(&directory)).await
    }
}

/// Runs file work off the async threads; `path` names it should the runtime end first.
async fn blocking<T, F>(path: &Path, work: F) -> Result<T, Error>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, Error> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(stopped) => match stopped.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Error::new(path, Fault::Stopped)),
        },
    }
}
