//! Writes files: whole or not at all, and only over what is known to be there.

use std::fs::{File, Metadata};
use std::io::{self, Seek as _, Write as _};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use super::attributes;
use crate::diag::{Problem, Wording, say};

/// Code of the problem that a file is not what it was when its change was decided.
pub const FILE_CHANGED: &str = "file-changed";

/// Held while a file is changed: who ends the process waits for it.
static CHANGING: Mutex<()> = Mutex::new(());

/// What changes a file holds this to its end, so that an interrupt leaves neither half a file nor a draft beside it.
pub(super) fn begin_change() -> MutexGuard<'static, ()> {
    CHANGING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for the file that is being changed, if there is one, and keeps others from being changed; not for ever: its disk
/// may hang.
pub fn end_changes(limit: Duration) {
    std::mem::forget(take(&CHANGING, limit));
}

fn take(lock: &Mutex<()>, limit: Duration) -> Option<MutexGuard<'_, ()>> {
    const POLL: Duration = Duration::from_millis(5);
    for _ in 0..limit.as_millis() / POLL.as_millis() {
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(POLL),
            Err(TryLockError::Poisoned(error)) => return Some(error.into_inner()),
            Ok(guard) => return Some(guard),
        }
    }
    None
}

/// Replaces `before` by `after` in the file at `path`, which people know by `name`; it keeps its owner, mode and
/// attributes. Readers see the old file or the new one; but where a file is a mount of its own, as `/etc/hosts` is in
/// containers, no other can take its place: it is written over.
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
    keep_owner(draft.as_file(), &metadata).map_err(|error| foreign(name, &error))?;
    draft.as_file().set_permissions(metadata.permissions()).map_err(io)?;
    attributes::keep(path, draft.as_file()).map_err(io)?;
    draft.as_file().sync_all().map_err(io)?;
    if std::fs::read(path).map_err(io)? != before {
        return Err(changed(name));
    }
    match draft.persist(std::path::absolute(path).map_err(io)?) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == io::ErrorKind::ResourceBusy => write_over(path, before, after).map_err(io),
        Err(error) => Err(io(error.error)),
    }
}

/// In one write, so that nobody reads half of it; what was there comes back when that fails.
fn write_over(path: &Path, before: &[u8], after: &[u8]) -> io::Result<()> {
    let mut file = File::options().write(true).open(path)?;
    let mut put = |content: &[u8]| {
        file.rewind()?;
        file.write_all(content)?;
        file.set_len(content.len() as u64)?;
        file.sync_all()
    };
    put(after).inspect_err(|_| drop(put(before)))
}

/// Removes the file at `path`, which holds `before`.
///
/// # Errors
/// When it holds anything else by now, or cannot be removed.
pub fn remove(path: &Path, name: &str, before: &[u8]) -> Result<(), Problem> {
    if std::fs::read(path).map_err(|error| unwritable(name, &error))? != before {
        return Err(changed(name));
    }
    std::fs::remove_file(path).map_err(|error| unwritable(name, &error))
}

/// Writes a file where none is.
///
/// # Errors
/// When there is one by now, or it cannot be written.
pub fn create(path: &Path, name: &str, content: &[u8]) -> Result<(), Problem> {
    let draft = draft(path, content).map_err(|error| uncreated(path, name, &error))?;
    put_in_place(draft, path, name)
}

/// The same, for a file that programs of other users read: resolvers, name servers.
///
/// # Errors
/// As [`create`].
pub fn create_for_everybody(path: &Path, name: &str, content: &[u8]) -> Result<(), Problem> {
    let draft = draft(path, content).map_err(|error| uncreated(path, name, &error))?;
    open_to_readers(draft.as_file()).map_err(|error| unwritable(name, &error))?;
    put_in_place(draft, path, name)
}

fn put_in_place(draft: tempfile::NamedTempFile<File>, path: &Path, name: &str) -> Result<(), Problem> {
    draft.as_file().sync_all().map_err(|error| unwritable(name, &error))?;
    let path = std::path::absolute(path).map_err(|error| unwritable(name, &error))?;
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

#[cfg(unix)]
fn open_to_readers(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "other systems have no mode to set")]
fn open_to_readers(_: &File) -> io::Result<()> {
    Ok(())
}

/// A new file cannot be where there is no folder for it.
fn uncreated(path: &Path, name: &str, error: &io::Error) -> Problem {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir());
    let Some(folder) = folder else { return unwritable(name, error) };
    let message = say!(
        "`{name}` cannot be written: there is no folder `{folder}`",
        "无法写入 `{name}`：没有文件夹 `{folder}`",
        name,
        folder = folder.display()
    );
    Problem::new("unwritable-file", message)
        .with_help(say!("create the folder, or name another", "创建该文件夹，或者换一个"))
}

fn unwritable(name: &str, error: &io::Error) -> Problem {
    let reason = Wording::of_system(error);
    let message = say!("`{name}` cannot be written: {reason}", "无法写入 `{name}`：{reason}", name, reason);
    Problem::new("unwritable-file", message).with_help(say!(
        "make the file and its folder writable, or leave it out",
        "让该文件及其文件夹可写，或者把它排除在外"
    ))
}

/// Only the superuser may make files that belong to others.
fn foreign(name: &str, error: &io::Error) -> Problem {
    let reason = Wording::of_system(error);
    let message = say!(
        "`{name}` cannot be replaced, as it belongs to another user or group: {reason}",
        "`{name}` 属于其他用户或组，无法替换：{reason}",
        name,
        reason
    );
    Problem::new("foreign-file", message)
        .with_help(say!("run it with `sudo`, or as the user it belongs to", "用 `sudo` 运行，或换用它所属的用户"))
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
    fn who_ends_the_process_waits_for_the_file_that_is_being_changed_and_not_for_ever() {
        static LOCK: Mutex<()> = Mutex::new(());
        let change = LOCK.lock().unwrap();
        assert!(take(&LOCK, Duration::from_millis(50)).is_none());
        let ended = std::thread::spawn(|| take(&LOCK, Duration::from_mins(1)).is_some());
        drop(change);
        assert!(ended.join().unwrap());
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
    fn what_cannot_be_replaced_is_written_over_and_keeps_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hosts");
        fs::write(&file, "a long line").unwrap();
        let before = file.metadata().unwrap().ino();
        for content in ["short", "an even longer line"] {
            write_over(&file, &fs::read(&file).unwrap(), content.as_bytes()).unwrap();
            assert_eq!(
                (fs::read_to_string(&file).unwrap().as_str(), file.metadata().unwrap().ino()),
                (content, before)
            );
        }
    }

    #[test]
    fn only_what_is_known_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("swr.zone");
        assert_eq!(code(create_for_everybody(&file, "f", b"a")), "written");
        assert_eq!(file.metadata().unwrap().mode() & 0o777, 0o644);
        assert_eq!(code(remove(&file, "f", b"b")), FILE_CHANGED);
        assert_eq!(code(remove(&file, "f", b"a")), "written");
        assert!(!file.exists());
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
