//! Folders that lie around Dockerfiles, each listed once: a thousand Dockerfiles may lie in one.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::tree::tree;
use crate::lint::{Folder, Tree};

/// The folders of the files that are linted together.
#[derive(Debug, Default)]
pub(super) struct Folders {
    known: HashMap<PathBuf, Known>,
    /// What lies anywhere below those that were asked for.
    trees: Mutex<HashMap<PathBuf, Arc<OnceLock<Arc<Tree>>>>>,
}

#[derive(Debug, Default)]
struct Known {
    /// Names of files in it that are linted, whatever they are called.
    linted: BTreeSet<String>,
    listed: OnceLock<Arc<Folder>>,
}

impl Folders {
    pub(super) fn of(files: impl Iterator<Item = PathBuf>) -> Self {
        let mut folders: HashMap<PathBuf, Known> = HashMap::new();
        for file in files {
            let (Some(parent), Some(name)) = (file.parent(), file.file_name()) else { continue };
            folders.entry(parent.to_owned()).or_default().linted.insert(name.to_string_lossy().into_owned());
        }
        Self { known: folders, trees: Mutex::default() }
    }

    /// What lies in a folder; what cannot be listed holds nothing.
    pub(super) fn get(&self, folder: &Path) -> Arc<Folder> {
        let known = self.known.get(folder);
        let list = || Arc::new(list(folder, known.map(|known| &known.linted)));
        known.map_or_else(list, |known| Arc::clone(known.listed.get_or_init(list)))
    }

    /// What lies anywhere in a folder.
    pub(super) fn tree(&self, folder: &Path) -> Arc<Tree> {
        let mut trees = self.trees.lock().unwrap_or_else(PoisonError::into_inner);
        let known = Arc::clone(trees.entry(folder.to_owned()).or_default());
        // Others go on with other folders meanwhile.
        drop(trees);
        Arc::clone(known.get_or_init(|| Arc::new(tree(folder))))
    }
}

fn list(folder: &Path, linted: Option<&BTreeSet<String>>) -> Folder {
    // The current directory's path may be empty.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let entries: BTreeSet<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    Folder::new(entries, |name| linted.is_some_and(|linted| linted.contains(name)))
}
