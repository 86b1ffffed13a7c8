//! Extended attributes: access lists, security labels and the user's own go with a file that is replaced.

use std::fs::File;
use std::io;
use std::path::Path;

/// Values of the file's old content, which the kernel computes or must not take over.
#[cfg(target_os = "linux")]
const OF_CONTENT: [&[u8]; 3] = [b"security.ima", b"security.evm", b"security.capability"];

/// Gives `draft` the attributes of the file at `from`.
#[cfg(target_os = "linux")]
pub(super) fn keep(from: &Path, draft: &File) -> io::Result<()> {
    use rustix::fs::{XattrFlags, fgetxattr, fsetxattr, getxattr};
    use rustix::io::Errno;

    for name in names(from)?.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        if OF_CONTENT.contains(&name) {
            continue;
        }
        let wanted = read(|buffer| getxattr(from, name, buffer))?;
        // Many are there already: those of the folder's default, and the label that every file here gets.
        if read(|buffer| fgetxattr(draft, name, buffer)).ok() == Some(wanted.clone()) {
            continue;
        }
        match fsetxattr(draft, name, &wanted, XattrFlags::empty()) {
            Err(Errno::NOTSUP) | Ok(()) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Each ends with a NUL; none where the file system has no attributes.
#[cfg(target_os = "linux")]
fn names(path: &Path) -> io::Result<Vec<u8>> {
    use rustix::io::Errno;
    match read(|buffer| rustix::fs::listxattr(path, buffer)) {
        Err(Errno::NOTSUP) => Ok(Vec::new()),
        read => Ok(read?),
    }
}

/// Calls `get` with a buffer for the longest list or value that Linux has.
#[cfg(target_os = "linux")]
fn read(get: impl Fn(&mut [u8]) -> rustix::io::Result<usize>) -> rustix::io::Result<Vec<u8>> {
    let mut buffer = vec![0; 64 * 1024];
    let length = get(&mut buffer)?;
    buffer.truncate(length);
    Ok(buffer)
}

#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "only Linux has attributes that matter here")]
pub(super) fn keep(_: &Path, _: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::fs::{XattrFlags, getxattr, setxattr};

    use super::*;

    #[test]
    fn a_users_attribute_goes_with_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = (folder.path().join("old"), folder.path().join("new"));
        std::fs::write(&old, "").unwrap();
        let draft = File::create(&new).unwrap();
        setxattr(&old, "user.origin", b"by hand", XattrFlags::empty()).unwrap();
        keep(&old, &draft).unwrap();
        assert_eq!(read(|buffer| getxattr(&new, "user.origin", buffer)).unwrap(), b"by hand");
    }
}
