//! Which files are taken for Dockerfiles by their names.

/// Whether a file of this name is taken for a Dockerfile: `Dockerfile`, `Dockerfile.*` and `*.Dockerfile`, and the same
/// with `Containerfile`. Lower case is fine, but for `dockerfile.*`: that is more often some program's source.
#[must_use]
pub fn is_dockerfile(name: &str) -> bool {
    const STEMS: [&str; 2] = ["Dockerfile", "Containerfile"];
    let is_stem = |word: &str| STEMS.iter().any(|stem| stem.eq_ignore_ascii_case(word));
    let begins = name.split_once('.').is_some_and(|(stem, _)| STEMS.contains(&stem));
    let ends = name.rsplit_once('.').is_some_and(|(_, end)| is_stem(end));
    let is_ignore_list = name.to_ascii_lowercase().ends_with(".dockerignore");
    is_stem(name) || ends || (begins && !is_ignore_list)
}
