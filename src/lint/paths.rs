//! Paths inside images, on Linux and on Windows.

/// Whether a path does not depend on the working directory.
pub(super) fn is_absolute(path: &str) -> bool {
    let bytes = path.as_bytes();
    let drive = bytes.len() >= 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':';
    path.starts_with(['/', '\\']) || drive
}

/// Whether `path` is `directory` or below it.
pub(super) fn is_within(path: &str, directory: &str) -> bool {
    let path = path.trim_end_matches('/');
    path.strip_prefix(directory.trim_end_matches('/')).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
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
    const SHORT: [&str; 7] = ["tar", "tgz", "tbz", "tbz2", "txz", "tzst", "tlz"];
    let compressed = path.rsplit_once('.').is_some_and(|(stem, _)| has_extension(stem, &["tar"]));
    has_extension(path, &SHORT) || (compressed && has_extension(path, &["gz", "bz2", "xz", "zst", "lzma", "z"]))
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
        assert!(is_archive("a.tar.GZ") && is_archive("b.tgz") && !is_archive("a.gz") && !is_archive("tar"));
        assert!(is_remote("HTTPS://x/y") && is_remote("git@h:r.git") && !is_remote("http"));
    }
}
