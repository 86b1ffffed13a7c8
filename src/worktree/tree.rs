//! What lies anywhere in a build context, listed once for all Dockerfiles that have it.

use std::collections::{BTreeSet, VecDeque};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::walk::with_slashes;
use crate::lint::{Tree, holds_secret, is_told_by_text};

/// Most files and folders that are listed, the nearest first.
const MAX_ENTRIES: usize = 20_000;

/// Most files that are looked into for secrets, and how far: keys are small.
const MAX_READ: usize = 64;
const MAX_TEXT: u64 = 16 * 1024;

/// What is installed, built or kept by programs: nothing in it is the project's own.
const CLOSED: [&str; 10] =
    [".git", ".hg", ".svn", ".venv", "__pycache__", "bower_components", "node_modules", "target", "vendor", "venv"];

/// The files and folders below a directory; links are not followed.
pub(super) fn tree(directory: &Path) -> Tree {
    let start = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let (mut paths, mut secrets, mut closed) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let (mut complete, mut read) = (true, 0);
    let mut waiting = VecDeque::from([PathBuf::new()]);
    while let Some(folder) = waiting.pop_front() {
        // What cannot be listed may hold anything.
        let Ok(entries) = std::fs::read_dir(start.join(&folder)) else {
            closed.insert(with_slashes(&folder));
            continue;
        };
        for entry in entries.flatten() {
            if paths.len() == MAX_ENTRIES {
                complete = false;
                waiting.clear();
                break;
            }
            let path = folder.join(entry.file_name());
            let name = with_slashes(&path);
            let kind = entry.file_type().ok();
            if kind.is_some_and(|kind| kind.is_dir()) {
                let apart = CLOSED.iter().any(|closed| entry.file_name() == *closed);
                if apart {
                    closed.insert(name.clone());
                } else {
                    waiting.push_back(path);
                }
            } else if kind.is_some_and(|kind| kind.is_file()) && is_told_by_text(&name) && read < MAX_READ {
                read += 1;
                if beginning(&entry.path()).is_some_and(|text| holds_secret(&name, &text)) {
                    secrets.insert(name.clone());
                }
            } else if kind.is_some_and(|kind| kind.is_symlink()) {
                closed.insert(name.clone());
            }
            paths.insert(name);
        }
    }
    let git = GitIgnores::of(start);
    let tree = Tree::new(paths, secrets, closed).with_git(move |path| git.ignore(path));
    if complete { tree } else { tree.cut() }
}

fn beginning(file: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    File::open(file).ok()?.take(MAX_TEXT).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// What git ignores in a directory: the lists of it and of the folders above, up to the repository's.
#[derive(Debug)]
struct GitIgnores {
    root: PathBuf,
    lists: Vec<Gitignore>,
}

impl GitIgnores {
    fn of(directory: &Path) -> Self {
        let root = directory.canonicalize().unwrap_or_else(|_| directory.to_owned());
        let mut lists = Vec::new();
        for folder in root.ancestors() {
            lists.extend(list_of(folder));
            if folder.join(".git").exists() {
                break;
            }
        }
        Self { root, lists }
    }

    /// Whether git ignores a path below the directory; lists of folders on the way there hold too.
    fn ignore(&self, path: &str) -> bool {
        let file = self.root.join(path);
        let below = file.ancestors().skip(1).take_while(|folder| *folder != self.root).filter_map(list_of);
        let below: Vec<_> = below.collect();
        below
            .iter()
            .chain(&self.lists)
            .any(|list| [false, true].iter().any(|folder| list.matched_path_or_any_parents(&file, *folder).is_ignore()))
    }
}

fn list_of(folder: &Path) -> Option<Gitignore> {
    let mut builder = GitignoreBuilder::new(folder);
    let fault = builder.add(folder.join(".gitignore"));
    builder.build().ok().filter(|list| fault.is_none() && !list.is_empty())
}

/// Those of `paths` below `directory` that are not there, and that a fresh clone was meant to have.
pub(super) fn absent(directory: &Path, paths: &BTreeSet<String>) -> BTreeSet<String> {
    let start = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let gone = |path: &&String| {
        let found = start.join(path).symlink_metadata();
        found.is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
    };
    let gone: BTreeSet<_> = paths.iter().filter(gone).cloned().collect();
    // Where nothing of it is there, the files come later, or the context is another folder.
    if gone.is_empty() || gone.len() == paths.len() {
        return BTreeSet::new();
    }
    let git = GitIgnores::of(start);
    gone.into_iter().filter(|path| !git.ignore(path)).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let file = folder.path().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        folder
    }

    #[test]
    fn everything_but_what_is_installed_is_listed() {
        let folder = folder(&[
            ("a/b/id_rsa", "x"),
            ("a/node_modules/c/id_rsa", "x"),
            ("d/e.pem", "-----BEGIN PRIVATE KEY-----\n"),
            ("d/f.pem", "-----BEGIN CERTIFICATE-----\n"),
        ]);
        let paths = ["a", "a/b", "a/b/id_rsa", "a/node_modules", "d", "d/e.pem", "d/f.pem"];
        let paths = paths.map(str::to_owned).into_iter().collect::<BTreeSet<_>>();
        let tree = tree(folder.path());
        let shown = format!("{tree:?}");
        assert!(shown.contains(&paths.len().to_string()), "{shown}");
    }

    #[test]
    fn what_is_absent_and_not_ignored_by_git_is_told() {
        let folder = folder(&[(".gitignore", "*.jar\n"), ("a/.gitignore", "/made\n"), ("a/here", "")]);
        fs::create_dir(folder.path().join(".git")).unwrap();
        let named = ["a/here", "a/made/x", "a/gone", "b.jar", "made"].map(str::to_owned).into_iter().collect();
        let told: Vec<_> = absent(folder.path(), &named).into_iter().collect();
        assert_eq!(told, ["a/gone", "made"]);
    }
}
