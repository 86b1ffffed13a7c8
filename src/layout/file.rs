//! Files that appear whole or not at all, and bounded reads. Blocking; knows nothing of layouts.

use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::TempPath;

use crate::diag::say;

use super::error::{Action, Error, Fault};

const PREFIX: &str = ".swrctl-";
const SUFFIX: &str = ".part";

/// A file on its way to its place: removed on drop unless published.
///
/// Its writer holds a lock on it, which is how [`sweep`] tells it from what a killed process left.
#[derive(Debug)]
pub(super) struct Draft {
    file: File,
    pending: Pending,
}

/// The names of a draft, now and later.
#[derive(Debug)]
pub(super) struct Pending {
    path: TempPath,
    to: PathBuf,
}

impl Draft {
    /// In the directory of `to`, which exists, so that publishing is a rename.
    pub(super) fn of(to: PathBuf) -> Result<Self, Error> {
        let directory = to.parent().unwrap_or(Path::new(""));
        loop {
            let draft = tempfile::Builder::new()
                .prefix(PREFIX)
                .suffix(SUFFIX)
                .rand_bytes(12)
                .make_in(directory, |path| OpenOptions::new().write(true).create_new(true).open(path))
                .map_err(|error| Error::io(Action::Write, &to, &error))?;
            let (file, path) = draft.into_parts();
            // Another process may sweep between creation and lock. Without lock support nothing is ever swept.
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => {}
                _ if path.exists() => return Ok(Self { file, pending: Pending { path, to } }),
                _ => {}
            }
        }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.file.write_all(bytes).map_err(|error| Error::io(Action::Write, &self.pending.to, &error))
    }

    /// Hands the file to a writer of its own; dropping the rest removes the file.
    pub(super) fn into_parts(self) -> (File, Pending) {
        (self.file, self.pending)
    }

    pub(super) fn publish(self) -> Result<(), Error> {
        self.pending.publish(&self.file)
    }

    /// Like [`Draft::publish`], but leaves an existing file alone.
    pub(super) fn publish_new(self) -> Result<(), Error> {
        let Pending { path, to } = self.pending;
        self.file.sync_all().map_err(|error| Error::io(Action::Write, &to, &error))?;
        match path.persist_noclobber(absolute(&to)) {
            Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => {
                Err(Error::io(Action::Write, &to, &error.error))
            }
            _ => sync_parent(&to),
        }
    }
}

impl Pending {
    /// Makes `file` durable, then visible in its place, replacing what is there.
    pub(super) fn publish(self, file: &File) -> Result<(), Error> {
        file.sync_all().map_err(|error| Error::io(Action::Write, &self.to, &error))?;
        self.path.persist(absolute(&self.to)).map_err(|error| Error::io(Action::Write, &self.to, &error.error))?;
        sync_parent(&self.to)
    }
}

/// `path` by the way that its draft has: in a mount namespace that was entered with a working folder of another, a relative
/// path is on another mount.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Makes the names in the directory of `path` durable, where the file system can.
pub(super) fn sync_parent(path: &Path) -> Result<(), Error> {
    let Some(parent) = path.parent().filter(|_| cfg!(unix)) else { return Ok(()) };
    let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    match File::open(parent).and_then(|directory| directory.sync_all()) {
        Err(error) if !matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Err(Error::io(Action::Write, parent, &error))
        }
        _ => Ok(()),
    }
}

/// Removes the drafts in `directory` that nobody writes any more; what cannot be removed stays.
pub(super) fn sweep(directory: &Path) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for path in entries.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| is_draft(path)) {
        let regular = path.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
        if let Some(file) = regular.then(|| File::open(&path).ok()).flatten()
            && file.try_lock().is_ok()
        {
            let _ = std::fs::remove_file(&path);
        }
    }
}

pub(super) fn is_draft(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX))
}

/// What tells one version of a file from another without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    size: u64,
    modified: Option<SystemTime>,
    inode: (u64, u64),
}

impl Stamp {
    /// Coarsest clock of a file system that is met in practice (FAT's).
    const TICK: Duration = Duration::from_secs(2);

    fn of(metadata: &Metadata) -> Self {
        Self { size: metadata.len(), modified: metadata.modified().ok(), inode: inode(metadata) }
    }

    /// Of the file at `path`; none when there is none.
    pub(super) fn at(path: &Path) -> Option<Self> {
        std::fs::metadata(path).ok().as_ref().map(Self::of)
    }

    /// True when a write after `now` must change the stamp: the file's clock has ticked since the last one.
    pub(super) fn is_settled(&self, now: SystemTime) -> bool {
        self.modified.and_then(|modified| now.duration_since(modified).ok()).is_some_and(|age| age > Self::TICK)
    }
}

/// Device and inode.
#[cfg(unix)]
pub(super) fn inode(metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
pub(super) fn inode(_: &Metadata) -> (u64, u64) {
    (0, 0)
}

/// Opens a regular file (or a link to one); none when it does not exist. Never waits for a pipe.
pub(super) fn open(path: &Path) -> Result<Option<(File, Metadata)>, Error> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Ok(None),
        io::ErrorKind::NotADirectory => {
            Err(Error::new(path.parent().unwrap_or(path).to_path_buf(), Fault::NotADirectory))
        }
        _ => Err(Error::io(Action::Read, path, &error)),
    };
    match std::fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => {
            let reason = say!("it is not a regular file", "不是普通文件");
            Err(Error::new(path, Fault::Io { action: Action::Read, kind: io::ErrorKind::InvalidInput, reason }))
        }
        Ok(_) => match File::open(path).and_then(|file| file.metadata().map(|metadata| (file, metadata))) {
            Ok(opened) => Ok(Some(opened)),
            Err(error) => failed(error),
        },
        Err(error) => failed(error),
    }
}

/// The whole of a file of at most `limit` bytes, with its stamp from before the first byte was read.
pub(super) fn read(path: &Path, limit: u64) -> Result<Option<(Vec<u8>, Stamp)>, Error> {
    let Some((file, metadata)) = open(path)? else { return Ok(None) };
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len().min(limit)).unwrap_or(0));
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| Error::io(Action::Read, path, &error))?;
    if bytes.len() as u64 > limit {
        return Err(Error::new(path, Fault::TooLarge { limit }));
    }
    Ok(Some((bytes, Stamp::of(&metadata))))
}
