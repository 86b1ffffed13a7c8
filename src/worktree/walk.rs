//! Walks folders as git sees them.

use std::path::{Path, PathBuf};

use ignore::{DirEntry, WalkBuilder};

use crate::diag::{Diagnostic, say};

/// Every file below `root` that git does not ignore, relative to it; in no order.
///
/// Hidden files are walked, links to folders are not followed.
pub(super) fn walk(root: &Path, findings: &mut Vec<Diagnostic>) -> Vec<PathBuf> {
    let start = if root.as_os_str().is_empty() { Path::new(".") } else { root };
    let walker = WalkBuilder::new(start)
        .hidden(false)
        .parents(true)
        .ignore(false)
        .require_git(false)
        .filter_entry(|entry| entry.file_name() != ".git")
        .build();
    let mut paths = Vec::new();
    for entry in walker {
        match entry {
            Ok(entry) if !is_folder(&entry) => {
                paths.extend(entry.path().strip_prefix(start).ok().map(Path::to_owned));
            }
            Ok(_) => {}
            Err(error) => {
                let message =
                    say!("Dockerfiles below it are not checked: {error}", "没有检查其下的 Dockerfile：{error}", error);
                let help = say!("make the folder readable, or exclude it", "让文件夹可读，或者排除它");
                findings.push(Diagnostic::warning("unreadable-folder", message).with_help(help));
            }
        }
    }
    paths
}

/// A link may lead to a file or to nothing: only folders are no Dockerfiles.
fn is_folder(entry: &DirEntry) -> bool {
    entry.file_type().is_some_and(|kind| if kind.is_symlink() { entry.path().is_dir() } else { kind.is_dir() })
}

/// A path with `/` between its names, whatever the system.
pub(super) fn with_slashes(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

/// How people call a file: as they wrote it, without a needless `./`.
pub(super) fn shown(path: &Path) -> String {
    let path = path.strip_prefix(".").unwrap_or(path);
    if path.is_absolute() {
        path.components().collect::<PathBuf>().to_string_lossy().into_owned()
    } else {
        with_slashes(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_called_as_they_were_written() {
        for (path, expected) in [("./a/b", "a/b"), ("a//b", "a/b"), ("../a", "../a"), ("/a/./b", "/a/b")] {
            assert_eq!(shown(Path::new(path)), expected);
        }
    }
}
