//! Paths inside images, on Linux and on Windows.

/// Whether a path does not depend on the working directory.
pub(super) fn is_absolute(path: &str) -> bool {
    let bytes = path.as_bytes();
    let drive = bytes.len() >= 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':';
    path.starts_with(['/', '\\']) || drive
}

/// Longest path that Linux takes.
const MAX_PATH: usize = 4096;

/// `path` seen from `directory`, without `.` and `..`; `None` when it is relative to a directory that is not known, or
/// no path that Linux takes.
pub(super) fn joined(directory: Option<&str>, path: &str) -> Option<String> {
    let start = if path.starts_with('/') { "" } else { directory? };
    if (is_absolute(path) && !path.starts_with('/')) || start.len() + path.len() >= MAX_PATH {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in start.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    Some(format!("/{}", parts.join("/")))
}

/// Whether `path` is `directory` or below it.
pub(super) fn is_within(path: &str, directory: &str) -> bool {
    let path = path.trim_end_matches('/');
    path.strip_prefix(directory.trim_end_matches('/')).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Without `./` and slashes at the ends; none for what leads out of the context.
pub(super) fn below_context(path: &str) -> Option<String> {
    let inside = !path.split('/').any(|part| part == "..");
    let path = joined(Some("/"), path.trim_start_matches('/')).filter(|_| inside)?;
    Some(path.trim_start_matches('/').to_owned())
}

/// Whether a source of COPY or ADD is everything in the build context.
pub(super) fn is_whole_context(source: &str) -> bool {
    matches!(source, "." | "./" | "/" | "*" | "./*" | "/*")
}

/// Whether a source of COPY or ADD is fetched from somewhere else.
pub(super) fn is_remote(source: &str) -> bool {
    is_http(source) || ["git@", "git://", "ssh://"].iter().any(|scheme| source.starts_with(scheme))
}

pub(super) fn is_http(source: &str) -> bool {
    let scheme = source.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
}

/// Whether the file's name is an archive's.
pub(super) fn is_archive(path: &str) -> bool {
    const SHORT: [&str; 10] = ["tar", "tgz", "tbz", "tbz2", "tb2", "txz", "tzst", "tlz", "tz", "tpz"];
    let stem = || path.rsplit_once('.').is_some_and(|(stem, _)| has_extension(stem, &["tar"]));
    has_extension(path, &SHORT) || (stem() && (is_compressed(path) || has_extension(path, &["zst"])))
}

/// Whether the file's name is that of anything compressed; it may be an archive.
pub(super) fn is_compressed(path: &str) -> bool {
    has_extension(path, &["gz", "bz2", "xz", "lz", "lzma", "z"])
}

/// Whether what follows the last `.` is one of `extensions`, in any case.
pub(super) fn has_extension(path: &str, extensions: &[&str]) -> bool {
    let found = path.rsplit_once('.').map(|(_, extension)| extension);
    found.is_some_and(|found| extensions.iter().any(|extension| extension.eq_ignore_ascii_case(found)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_apart() {
        assert!(
            is_absolute("/a") && is_absolute("C:\\a") && is_absolute("c:/a") && !is_absolute("a") && !is_absolute("")
        );
        assert!(is_within("/a/b/", "/a") && is_within("/a", "/a/") && !is_within("/ab", "/a"));
        assert_eq!(joined(Some("/a"), "../b/./c/"), Some("/b/c".to_owned()));
        assert_eq!(
            (joined(None, "/../a"), joined(None, "a"), joined(Some("/"), "C:/a")),
            (Some("/a".into()), None, None)
        );
        assert!(is_archive("a.tar.GZ") && is_archive("b.tgz") && !is_archive("a.gz") && !is_archive("tar"));
        assert!(is_remote("HTTPS://x/y") && is_remote("git@h:r.git") && !is_remote("http"));
    }
}
