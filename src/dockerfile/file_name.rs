//! Which files are taken for Dockerfiles by their names.

/// Whether a file of this name is taken for a Dockerfile: `Dockerfile`, `Dockerfile.*`, `Dockerfile-*`, `Dockerfile_*` and
/// `*.Dockerfile`, and the same with `Containerfile`, unless the extension is that of something else. Lower case is fine,
/// but for `dockerfile.*`: that is more often some program's source.
#[must_use]
pub fn is_dockerfile(name: &str) -> bool {
    const STEMS: [&str; 2] = ["Dockerfile", "Containerfile"];
    let is_stem = |word: &str| STEMS.iter().any(|stem| stem.eq_ignore_ascii_case(word));
    let rest = STEMS.iter().find_map(|stem| name.strip_prefix(stem));
    let begins = rest.is_some_and(|rest| rest.starts_with(['.', '-', '_']));
    let ends = name.rsplit_once('.').is_some_and(|(_, end)| is_stem(end));
    is_stem(name) || ends || (begins && !is_something_else(name))
}

/// Texts about Dockerfiles, programs that write them, and what editors and merges leave behind.
fn is_something_else(name: &str) -> bool {
    #[rustfmt::skip] // as a block of words
    const OTHERS: [&str; 26] = [
        "bak", "dockerignore", "erb", "gz", "html", "j2", "jinja", "jinja2", "jpg", "js", "json", "md", "mustache", "orig",
        "patch", "pdf", "png", "py", "rb", "rej", "rst", "sh", "swp", "ts", "yaml", "yml",
    ];
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    name.ends_with('~') || extension.is_some_and(|found| OTHERS.iter().any(|other| other.eq_ignore_ascii_case(found)))
}

#[cfg(test)]
mod tests {
    use super::is_dockerfile;

    #[test]
    fn dockerfiles_are_known_by_their_names() {
        for name in [
            "Dockerfile",
            "dockerfile",
            "Dockerfile.dev",
            "Dockerfile-alpine",
            "Dockerfile_dev",
            "web.dockerfile",
            "Containerfile.8.2",
        ] {
            assert!(is_dockerfile(name), "{name}");
        }
        for name in [
            "Dockerfile.md",
            "Dockerfile.sh",
            "Dockerfile.j2",
            "Dockerfile.dev.bak",
            "Dockerfile.dev.dockerignore",
            "Dockerfiles",
            "dockerfile.go",
            "Dockerfile-lint.js",
            "Dockerfile~",
        ] {
            assert!(!is_dockerfile(name), "{name}");
        }
    }
}
