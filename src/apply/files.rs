//! Writes Dockerfiles: whole or not at all, and only over what is known to be there.

use std::fs::{File, Metadata};
use std::io::{self, Write as _};
use std::path::Path;

use crate::diag::{Problem, Wording, say};

/// Code of the problem that a file is not what it was when its change was decided.
pub const FILE_CHANGED: &str = "file-changed";

/// Replaces `before` by `after` in the file at `path`, which people know by `name`; it keeps its mode and owner.
///
/// # Errors
/// When the file holds anything else by now, is a link, is read-only, or cannot be written.
pub fn replace(path: &Path, name: &str, before: &[u8], after: &[u8]) -> Result<(), Problem> {
    let io = |error: io::Error| unwritable(name, &error);
    let metadata = path.symlink_metadata().map_err(io)?;
    if metadata.is_symlink() {
        let message = say!(
            "`{name}` is a link: writing would put a file in its place",
            "`{name}` 是链接：写入会用普通文件取代它",
            name
        );
        let help = say!("name the file that it leads to", "写出它所指向的文件");
        return Err(Problem::new("is-a-link", message).with_help(help));
    }
    if metadata.permissions().readonly() {
        let problem = Problem::new("read-only-file", say!("`{name}` is read-only", "`{name}` 是只读的", name));
        return Err(problem.with_help(say!("make it writable, or leave it out", "让它可写，或者把它排除在外")));
    }
    let draft = draft(path, after).map_err(io)?;
    keep_owner(draft.as_file(), &metadata).map_err(io)?;
    draft.as_file().set_permissions(metadata.permissions()).map_err(io)?;
    draft.as_file().sync_all().map_err(io)?;
    if std::fs::read(path).map_err(io)? != before {
        return Err(changed(name));
    }
    draft.persist(path).map_err(|error| io(error.error))?;
    Ok(())
}

/// Writes a file where none is.
///
/// # Errors
/// When there is one by now, or it cannot be written.
pub fn create(path: &Path, name: &str, content: &[u8]) -> Result<(), Problem> {
    let draft = draft(path, content).map_err(|error| unwritable(name, &error))?;
    draft.as_file().sync_all().map_err(|error| unwritable(name, &error))?;
    match draft.persist_noclobber(path) {
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(changed(name)),
        Err(error) => Err(unwritable(name, &error.error)),
        Ok(_) => Ok(()),
    }
}

/// A file beside `path`, so that putting it in its place is a rename; with the rights of any new file.
fn draft(path: &Path, content: &[u8]) -> io::Result<tempfile::NamedTempFile<File>> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let create = |path: &Path| File::options().write(true).create_new(true).open(path);
    let mut draft = tempfile::Builder::new().prefix(".swrctl-").make_in(parent, create)?;
    draft.write_all(content)?;
    Ok(draft)
}

#[cfg(unix)]
fn keep_owner(file: &File, wanted: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let found = file.metadata()?;
    if (found.uid(), found.gid()) == (wanted.uid(), wanted.gid()) {
        return Ok(());
    }
    fchown(file, Some(wanted.uid()), Some(wanted.gid()))
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "other systems have no owner to keep")]
fn keep_owner(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}

fn unwritable(name: &str, error: &io::Error) -> Problem {
    let reason = Wording::of_system(error);
    let message = say!("`{name}` cannot be written: {reason}", "无法写入 `{name}`：{reason}", name, reason);
    Problem::new("unwritable-file", message).with_help(say!(
        "make the file and its folder writable, or leave it out",
        "让该文件及其文件夹可写，或者把它排除在外"
    ))
}

fn changed(name: &str) -> Problem {
    let message = say!("`{name}` was changed by somebody else in the meantime", "`{name}` 在此期间被别人改动过", name);
    Problem::new(FILE_CHANGED, message).with_help(say!("run it again", "再运行一次"))
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

    use super::*;

    fn code(result: Result<(), Problem>) -> String {
        result.map_or_else(|problem| problem.code.as_str().to_owned(), |()| "written".to_owned())
    }

    #[test]
    fn a_file_keeps_its_mode_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("Dockerfile");
        fs::write(&file, "a").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o750)).unwrap();
        assert_eq!(code(replace(&file, "f", b"a", b"b")), "written");
        assert_eq!((fs::read(&file).unwrap(), file.metadata().unwrap().mode() & 0o777), (b"b".to_vec(), 0o750));
        assert_eq!(code(replace(&file, "f", b"a", b"c")), FILE_CHANGED);
        assert_eq!(fs::read(&file).unwrap(), b"b");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn links_and_read_only_files_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&file, "a").unwrap();
        symlink("a", &link).unwrap();
        assert_eq!(code(replace(&link, "f", b"a", b"b")), "is-a-link");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o444)).unwrap();
        assert_eq!(code(replace(&file, "f", b"a", b"b")), "read-only-file");
        assert_eq!(code(replace(&folder.path().join("gone"), "f", b"a", b"b")), "unwritable-file");
        assert_eq!((fs::read(&file).unwrap(), link.is_symlink()), (b"a".to_vec(), true));
    }

    #[test]
    fn a_new_file_is_never_written_over_another() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(".dockerignore");
        assert_eq!(code(create(&file, "f", b"a")), "written");
        assert_eq!(code(create(&file, "f", b"b")), FILE_CHANGED);
        assert_eq!(fs::read(&file).unwrap(), b"a");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
