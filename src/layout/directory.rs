//! The directory itself: is it a layout, its `index.json`, and changes to that which lose nobody's tags. Blocking.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::error::{Action, Error, Fault};
use super::file::{self, Draft, Stamp};
use super::index::{Index, Names};
use crate::diag::{Wording, say};
use crate::image::{Algorithm, Descriptor, Digest, Repository, Tag};

const MAX_INDEX_BYTES: u64 = 64 * 1024 * 1024;
const MAX_MARKER_BYTES: u64 = 64 * 1024;
/// Longest wait for another process's change of `index.json`, which takes milliseconds.
const LOCK_LIMIT: Duration = Duration::from_mins(1);
const LOCK_POLL: Duration = Duration::from_millis(10);

/// A directory that is, or may become, a layout.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    index: Mutex<Option<CachedIndex>>,
}

/// `repository:tag` is to point at `target`.
#[derive(Clone, Debug)]
pub(super) struct TagChange {
    pub(super) repository: Repository,
    pub(super) tag: Tag,
    pub(super) target: Descriptor,
}

/// `index.json` as it was read last; its bytes settle what its stamp leaves open.
#[derive(Debug)]
struct CachedIndex {
    stamp: Stamp,
    read_at: SystemTime,
    bytes: Vec<u8>,
    index: Arc<Index>,
}

impl Directory {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, index: Mutex::new(None) }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.algorithm_path(digest.algorithm()).join(digest.hex())
    }

    fn algorithm_path(&self, algorithm: Algorithm) -> PathBuf {
        self.path.join("blobs").join(algorithm.name())
    }

    fn marker_path(&self) -> PathBuf {
        self.path.join("oci-layout")
    }

    fn index_path(&self) -> PathBuf {
        self.path.join("index.json")
    }

    /// Fails where no image can be written, as far as rights tell: to what is there, or to where it will be made.
    pub(super) fn require_writable(&self) -> Result<(), Error> {
        let path = std::path::absolute(&self.path).unwrap_or_else(|_| self.path.clone());
        let made_in = path.ancestors().find(|ancestor| ancestor.exists());
        let blobs = Some(self.algorithm_path(Algorithm::Sha256)).filter(|blobs| blobs.exists());
        for folder in made_in.into_iter().chain(blobs.as_deref()) {
            if !folder.is_dir() {
                return Err(Error::new(folder, Fault::NotADirectory));
            }
            let access = rustix::fs::access(folder, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK);
            access.map_err(|error| Error::io(Action::Write, folder, &error.into()))?;
        }
        Ok(())
    }

    /// False where a layout can be created: nothing is there, or nothing but what a killed run left.
    pub(super) fn exists(&self) -> Result<bool, Error> {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Marker {
            image_layout_version: String,
        }
        let path = self.marker_path();
        let Some((bytes, _)) = file::read(&path, MAX_MARKER_BYTES)? else { return self.check_creatable() };
        match serde_json::from_slice(&bytes) {
            Ok(Marker { image_layout_version }) if image_layout_version == "1.0.0" => Ok(true),
            Ok(Marker { image_layout_version }) => Err(Error::new(path, Fault::Version(image_layout_version))),
            Err(error) => Err(Error::new(
                path,
                Fault::Malformed(say!(
                    "is not a layout's marker: {error}",
                    "不是布局的标记文件：{error}",
                    error = Wording::of_json(&error)
                )),
            )),
        }
    }

    fn check_creatable(&self) -> Result<bool, Error> {
        let entries = match std::fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(Error::io(Action::Read, &self.path, &error)),
        };
        for entry in entries {
            let entry = entry.map_err(|error| Error::io(Action::Read, &self.path, &error))?;
            if !file::is_draft(&entry.path()) {
                // Another process may have made the layout since its marker was looked for: the marker comes first.
                let is_made = self.marker_path().exists();
                return if is_made { self.exists() } else { Err(Error::new(&self.path, Fault::NotALayout)) };
            }
        }
        Ok(false)
    }

    /// Makes the directory a layout, and removes what killed runs left in it.
    pub(super) fn prepare(&self) -> Result<(), Error> {
        if !self.exists()? {
            create_directories(&self.path)?;
            let mut marker = Draft::of(self.marker_path())?;
            marker.write(br#"{"imageLayoutVersion":"1.0.0"}"#)?;
            marker.publish_new()?;
        }
        if self.is_newborn() {
            let mut index = Draft::of(self.index_path())?;
            index.write(&Index::empty(None).to_bytes())?;
            index.publish_new()?;
        }
        file::sweep(&self.path);
        for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
            file::sweep(&self.algorithm_path(algorithm));
        }
        Ok(())
    }

    /// Between its marker and its index: whoever created it is about to go on, or was killed.
    fn is_newborn(&self) -> bool {
        !self.path.join("blobs").exists() && !self.index_path().exists()
    }

    /// A draft of a blob.
    pub(super) fn blob_draft(&self, digest: &Digest) -> Result<Draft, Error> {
        create_directories(&self.algorithm_path(digest.algorithm()))?;
        Draft::of(self.blob_path(digest))
    }

    /// The index as it is now; an empty one where there is no layout yet.
    pub(super) fn index(&self) -> Result<Arc<Index>, Error> {
        let mut cache = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.index_path();
        if let Some(cached) = &*cache
            && cached.stamp.is_settled(cached.read_at)
            && Stamp::at(&path) == Some(cached.stamp)
        {
            return Ok(Arc::clone(&cached.index));
        }
        if !self.exists()? {
            *cache = None;
            return Ok(Arc::new(Index::empty(self.own_repository())));
        }
        let read_at = SystemTime::now();
        let Some((bytes, stamp)) = file::read(&path, MAX_INDEX_BYTES)? else {
            let newborn = self.is_newborn().then(|| Arc::new(Index::empty(self.own_repository())));
            return newborn.ok_or_else(|| Error::new(path, Fault::NoIndex));
        };
        let index = match cache.take() {
            Some(cached) if cached.bytes == bytes => cached.index,
            _ => Arc::new(Index::parse(&bytes, self.own_repository()).map_err(|fault| Error::new(path, fault))?),
        };
        *cache = Some(CachedIndex { stamp, read_at, bytes, index: Arc::clone(&index) });
        Ok(index)
    }

    pub(super) fn find(&self, repository: &Repository, tag: &Tag, names: Names) -> Result<Option<Descriptor>, Error> {
        self.index()?.find(repository, tag, names).map_err(|fault| Error::new(self.index_path(), fault))
    }

    /// Makes all changes with one write, whatever other processes write at the same time; one result for each.
    pub(super) fn set_tags(&self, changes: &[TagChange]) -> Vec<Result<(), Error>> {
        self.try_set_tags(changes).unwrap_or_else(|error| vec![Err(error); changes.len()])
    }

    fn try_set_tags(&self, changes: &[TagChange]) -> Result<Vec<Result<(), Error>>, Error> {
        let _lock = self.lock()?;
        let path = self.index_path();
        let mut next = Index::clone(&*self.index()?);
        let set = |change: &TagChange| next.set_tag(&change.repository, &change.tag, &change.target);
        let results: Vec<_> = changes.iter().map(set).collect();
        if results.contains(&Ok(true)) {
            self.write_index(&path, next)?;
        }
        Ok(results.into_iter().map(|result| result.map(drop).map_err(|fault| Error::new(&path, fault))).collect())
    }

    /// Takes a tag out of the index; the files of its image stay.
    pub(super) fn remove_tag(&self, repository: &Repository, tag: &Tag) -> Result<(), Error> {
        let _lock = self.lock()?;
        let mut next = Index::clone(&*self.index()?);
        if next.remove_tag(repository, tag) { self.write_index(&self.index_path(), next) } else { Ok(()) }
    }

    fn write_index(&self, path: &Path, next: Index) -> Result<(), Error> {
        let bytes = next.to_bytes();
        if bytes.len() as u64 > MAX_INDEX_BYTES {
            return Err(Error::new(path, Fault::TooLarge { limit: MAX_INDEX_BYTES }));
        }
        let mut draft = Draft::of(path.to_owned())?;
        draft.write(&bytes)?;
        draft.publish()?;
        let mut cache = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        *cache = Stamp::at(path).map(|stamp| CachedIndex {
            stamp,
            // Never settled: the next read compares the bytes, in case another tool wrote after us.
            read_at: SystemTime::UNIX_EPOCH,
            bytes,
            index: Arc::new(next),
        });
        Ok(())
    }

    /// Excludes other changes of the index, in this process and others, until dropped.
    fn lock(&self) -> Result<File, Error> {
        let path = self.marker_path();
        let started = Instant::now();
        loop {
            let marker = OpenOptions::new().read(true).write(true).open(&path);
            let marker = marker.map_err(|error| Error::io(Action::Write, &path, &error))?;
            match marker.try_lock() {
                Ok(()) if is_at(&marker, &path) => return Ok(marker),
                // The marker was replaced while it was opened.
                Ok(()) => {}
                Err(TryLockError::Error(error)) => return Err(Error::io(Action::Lock, &path, &error)),
                Err(TryLockError::WouldBlock) if started.elapsed() > LOCK_LIMIT => {
                    return Err(Error::new(path, Fault::Locked));
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_POLL),
            }
        }
    }

    /// The repository that bare tags belong to: named like the directory, when that is a repository's name.
    fn own_repository(&self) -> Option<Repository> {
        let resolved = || self.path.canonicalize().ok();
        let name = self.path.file_name().map(ToOwned::to_owned);
        let name = name.or_else(|| resolved()?.file_name().map(ToOwned::to_owned))?;
        name.to_str()?.parse().ok()
    }
}

fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(open), Ok(named)) => file::inode(&open) == file::inode(&named),
        _ => false,
    }
}

/// Creates what is missing of `path`, each name durable in its parent.
fn create_directories(path: &Path) -> Result<(), Error> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        create_directories(parent)?;
    }
    match std::fs::create_dir(path) {
        Ok(()) => file::sync_parent(path),
        Err(_) if path.is_dir() => Ok(()),
        Err(error) => Err(Error::io(Action::Create, path, &error)),
    }
}
