//! Files of a build context that rules look into. Nothing outside the context is opened, whatever links say.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, Metadata};
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use super::walk::shown;
use crate::diag::Source;
use crate::lint::ContextFile;

/// Largest file that is read; a script is far smaller.
const MAX_SIZE: u64 = 256 * 1024;

/// Most files that are read for one Dockerfile.
const MAX_FILES: usize = 64;

/// Those of `paths` that are text files within `directory`.
pub(super) fn read_files(directory: &Path, paths: &BTreeSet<String>) -> BTreeMap<String, ContextFile> {
    if paths.is_empty() {
        return BTreeMap::new();
    }
    let start = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let Ok(root) = start.canonicalize() else { return BTreeMap::new() };
    let found = paths.iter().take(MAX_FILES).filter_map(|path| {
        let (text, executable) = read_file(&root, path)?;
        let source = Arc::new(Source::new(shown(&directory.join(path)), text));
        Some((path.clone(), ContextFile { source, executable }))
    });
    found.collect()
}

/// `None` for what is not there, no file, outside of `root`, too large, or no text: nothing is known about it then.
fn read_file(root: &Path, path: &str) -> Option<(String, Option<bool>)> {
    let file = root.join(path).canonicalize().ok().filter(|file| file.starts_with(root))?;
    // Opening something else, like a pipe, may never return.
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let opened = File::open(&file).ok()?;
    let metadata = opened.metadata().ok()?;
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len().min(MAX_SIZE)).ok()? + 1);
    opened.take(MAX_SIZE + 1).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8(bytes).ok().filter(|text| text.len() as u64 <= MAX_SIZE && !text.contains('\0'))?;
    Some((text, executable(&metadata)))
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems do not tell")]
fn executable(metadata: &Metadata) -> Option<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    Some(metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn executable(_: &Metadata) -> Option<bool> {
    None
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read(directory: &Path, paths: &[&str]) -> Vec<(String, String, Option<bool>)> {
        let paths = paths.iter().map(|path| (*path).to_owned()).collect();
        let files = read_files(directory, &paths).into_iter();
        files.map(|(path, file)| (path, file.source.name().to_owned(), file.executable)).collect()
    }

    #[test]
    fn text_files_are_read_with_their_rights() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("b")).unwrap();
        fs::write(folder.path().join("b/run.sh"), "#!/bin/sh\n").unwrap();
        fs::write(folder.path().join("binary"), b"\x7fELF\0").unwrap();
        fs::write(folder.path().join("large"), "x".repeat(usize::try_from(MAX_SIZE).unwrap() + 1)).unwrap();
        let found = read(folder.path(), &["b/run.sh", "b", "binary", "large", "absent"]);
        let executable = cfg!(unix).then_some(false);
        assert_eq!(found, [("b/run.sh".to_owned(), shown(&folder.path().join("b/run.sh")), executable)]);
    }

    #[cfg(unix)]
    #[test]
    fn links_out_of_the_context_are_not_followed() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = tempfile::tempdir().unwrap();
        let context = folder.path().join("context");
        fs::create_dir(&context).unwrap();
        fs::write(folder.path().join("secret"), "x").unwrap();
        fs::write(context.join("run.sh"), "x").unwrap();
        fs::set_permissions(context.join("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
        symlink("../secret", context.join("out")).unwrap();
        symlink(folder.path(), context.join("above")).unwrap();
        symlink("run.sh", context.join("within")).unwrap();
        let found = read(&context, &["out", "above/secret", "within", "../secret"]);
        assert_eq!(found, [("within".to_owned(), shown(&context.join("within")), Some(true))]);
    }
}
