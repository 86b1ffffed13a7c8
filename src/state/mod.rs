//! What a run leaves for the next one: the large uploads that were under way when it ended.
//!
//! Only ever a hint: without it, or with a wrong one, everything is sent anew. Nothing here can fail. The file holds no
//! credentials, but links that belong to uploads, so nobody else may read it.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::image::{Digest, RegistryHost, Repository};

/// Registries clear abandoned uploads away after about as long.
const LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// No file of ours is larger.
const MAX_BYTES: u64 = 1024 * 1024;
const MAX_ENTRIES: usize = 1000;
const VERSION: u32 = 1;

/// A blob on its way to a repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pub registry: RegistryHost,
    pub repository: Repository,
    pub digest: Digest,
}

/// The uploads that are under way, kept in a file where there is one.
pub struct Uploads {
    file: Option<StateFile>,
    entries: Mutex<BTreeMap<Key, Entry>>,
}

struct Entry {
    location: String,
    since: Timestamp,
}

struct StateFile {
    path: PathBuf,
    /// Held until the end: of several runs at a time only the first one uses the file.
    _lock: File,
}

#[derive(Serialize, Deserialize)]
struct Document {
    version: u32,
    uploads: Vec<Line>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    registry: String,
    repository: String,
    digest: String,
    location: String,
    /// Unix time in seconds.
    since: i64,
}

impl Uploads {
    /// Remembers nothing beyond this run.
    #[must_use]
    pub fn forgetful() -> Self {
        Self { file: None, entries: Mutex::default() }
    }

    /// Those of the file at `path`, which is made when there is something to remember. A file that cannot be used, or
    /// that another run uses, is left alone.
    #[must_use]
    pub fn in_file(path: &Path, now: Timestamp) -> Self {
        let Some(lock) = lock(path) else { return Self::forgetful() };
        let Some(entries) = read(path, now) else { return Self::forgetful() };
        let file = StateFile { path: path.to_owned(), _lock: lock };
        Self { file: Some(file), entries: Mutex::new(entries) }
    }

    /// Where an upload that did not end may go on.
    #[must_use]
    pub fn find(&self, key: &Key) -> Option<String> {
        self.entries().get(key).map(|entry| entry.location.clone())
    }

    /// An upload is under way at `location`.
    pub fn note(&self, key: Key, location: &str, now: Timestamp) {
        let mut entries = self.entries();
        if entries.len() < MAX_ENTRIES || entries.contains_key(&key) {
            entries.insert(key, Entry { location: location.to_owned(), since: now });
            self.save(&entries);
        }
    }

    /// It ended, or the registry knows nothing of it.
    pub fn forget(&self, key: &Key) {
        let mut entries = self.entries();
        if entries.remove(key).is_some() {
            self.save(&entries);
        }
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<Key, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What cannot be written is a hint less.
    fn save(&self, entries: &BTreeMap<Key, Entry>) {
        let Some(StateFile { path, .. }) = &self.file else { return };
        let _ = if entries.is_empty() { fs::remove_file(path) } else { write(path, entries) };
    }
}

impl fmt::Debug for Uploads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Uploads").field("count", &self.entries().len()).finish_non_exhaustive()
    }
}

/// `uploads.json` in the folder for state (XDG Base Directory Specification).
#[must_use]
pub fn default_path(environment: impl Fn(&str) -> Option<std::ffi::OsString>) -> Option<PathBuf> {
    let folder = |name| environment(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = folder("XDG_STATE_HOME").or_else(|| Some(folder("HOME")?.join(".local/state")))?;
    Some(state.join("swrctl/uploads.json"))
}

fn lock(path: &Path) -> Option<File> {
    fs::create_dir_all(path.parent()?).ok()?;
    let mut name = path.file_name()?.to_owned();
    name.push(".lock");
    let file = File::options().create(true).truncate(false).write(true).open(path.with_file_name(name)).ok()?;
    file.try_lock().ok()?;
    Some(file)
}

/// The entries that are still good; `None` where the file is of a version that this program must not overwrite.
fn read(path: &Path, now: Timestamp) -> Option<BTreeMap<Key, Entry>> {
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    let mut text = Vec::new();
    let readable = File::open(path).is_ok_and(|file| file.take(MAX_BYTES).read_to_end(&mut text).is_ok());
    if !readable {
        return Some(BTreeMap::new());
    }
    if serde_json::from_slice::<Version>(&text).is_ok_and(|found| found.version != VERSION) {
        return None;
    }
    let lines = serde_json::from_slice(&text).map_or_else(|_| Vec::new(), |document: Document| document.uploads);
    let fresh = |since: Timestamp| since <= now && now.duration_since(since) < LIFE;
    let entries = lines.into_iter().filter_map(|line| {
        let since = Timestamp::from_second(line.since).ok().filter(|since| fresh(*since))?;
        let key = Key {
            registry: line.registry.parse().ok()?,
            repository: line.repository.parse().ok()?,
            digest: line.digest.parse().ok()?,
        };
        Some((key, Entry { location: line.location, since }))
    });
    Some(entries.take(MAX_ENTRIES).collect())
}

/// Whole or not at all, for nobody else to read: what `tempfile` makes is.
fn write(path: &Path, entries: &BTreeMap<Key, Entry>) -> std::io::Result<()> {
    let line = |(key, entry): (&Key, &Entry)| Line {
        registry: key.registry.to_string(),
        repository: key.repository.to_string(),
        digest: key.digest.to_string(),
        location: entry.location.clone(),
        since: entry.since.as_second(),
    };
    let document = Document { version: VERSION, uploads: entries.iter().map(line).collect() };
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(&serde_json::to_vec_pretty(&document)?)?;
    file.persist(std::path::absolute(path)?).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests;
