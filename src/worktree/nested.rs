//! Dockerfiles in the folders below a build context: `docker build -f docker/web.Dockerfile .` gives them the same one.

use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::read_files;
use super::walk::with_slashes;
use crate::dockerfile::is_dockerfile;
use crate::lint::{Folder, Nested};

/// Most folders that are looked into, the nearest first: who keeps Dockerfiles apart does so near the top.
const MAX_FOLDERS: usize = 128;
const MAX_DEPTH: usize = 3;

/// Nobody keeps Dockerfiles of a project in what is installed or built.
const APART: [&str; 8] = ["__pycache__", "build", "dist", "node_modules", "obj", "target", "vendor", "venv"];

/// The Dockerfiles below `directory`, and not directly in it; links are not followed.
pub(super) fn nested(directory: &Path) -> Vec<Nested> {
    let start = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let mut found = Vec::new();
    let mut waiting = VecDeque::from([(PathBuf::new(), 0)]);
    for _ in 0..=MAX_FOLDERS {
        let Some((folder, depth)) = waiting.pop_front() else { break };
        let (names, folders) = list(&start.join(&folder));
        if depth > 0 && names.iter().any(|name| is_dockerfile(name)) {
            found.extend(dockerfiles(start, &folder, names));
        }
        if depth < MAX_DEPTH {
            waiting.extend(folders.into_iter().map(|name| (folder.join(name), depth + 1)));
        }
    }
    found
}

/// The names in a folder, and those of its folders that are looked into.
fn list(folder: &Path) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut names, mut folders) = (BTreeSet::new(), BTreeSet::new());
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let apart = name.starts_with('.') || APART.contains(&name.as_str());
        if !apart && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            folders.insert(name.clone());
        }
        names.insert(name);
    }
    (names, folders)
}

fn dockerfiles(start: &Path, folder: &Path, names: BTreeSet<String>) -> Vec<Nested> {
    let paths: BTreeSet<_> =
        names.iter().filter(|name| is_dockerfile(name)).map(|name| with_slashes(&folder.join(name))).collect();
    let folder = Arc::new(Folder::new(names, |_| false));
    let files = read_files(start, &paths).into_values();
    files.map(|file| Nested { source: file.source, folder: Arc::clone(&folder) }).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn dockerfiles_below_are_found_and_what_is_installed_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        for path in
            ["Dockerfile", "a/b/Dockerfile", "docker/web.Dockerfile", "node_modules/c/Dockerfile", ".d/Dockerfile"]
        {
            let file = folder.path().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, format!("FROM scratch\nCOPY {path} /\n")).unwrap();
        }
        let found: Vec<_> = nested(folder.path()).iter().map(|nested| nested.source.text().to_owned()).collect();
        assert_eq!(
            found,
            ["docker/web.Dockerfile", "a/b/Dockerfile"].map(|path| format!("FROM scratch\nCOPY {path} /\n"))
        );
    }
}
