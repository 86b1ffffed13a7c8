//! What lies anywhere in a build context: names alone, and which files hold a secret.

use std::collections::BTreeSet;
use std::fmt;

use super::paths::{has_extension, is_within};
use super::rules::dockerignore_gap::is_login;

/// Whether git keeps a path of the context to this machine.
type KeptFromGit = Box<dyn Fn(&str) -> bool + Send + Sync>;

/// The files and folders of a build context, by their paths with `/`.
#[derive(Default)]
pub struct Tree {
    paths: BTreeSet<String>,
    /// Those of the files whose text holds a secret.
    secrets: BTreeSet<String>,
    /// Folders that were not looked into.
    closed: BTreeSet<String>,
    /// Everything but what lies in closed folders was listed.
    complete: bool,
    kept_from_git: Option<KeptFromGit>,
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tree").field("paths", &self.paths.len()).finish_non_exhaustive()
    }
}

impl Tree {
    /// All paths of a context; `closed` are folders that were not looked into.
    #[must_use]
    pub fn new(paths: BTreeSet<String>, secrets: BTreeSet<String>, closed: BTreeSet<String>) -> Self {
        Self { paths, secrets, closed, complete: true, kept_from_git: None }
    }

    /// Says that there is more than was listed.
    #[must_use]
    pub fn cut(self) -> Self {
        Self { complete: false, ..self }
    }

    /// Tells what git keeps to this machine; without it that is nothing.
    #[must_use]
    pub fn with_git(self, kept: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self { kept_from_git: Some(Box::new(kept)), ..self }
    }

    /// Whether what is not listed is not there, but for closed folders.
    pub(super) const fn is_complete(&self) -> bool {
        self.complete
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(String::as_str)
    }

    /// Whether the path, or something below it, may be there.
    pub(super) fn may_hold(&self, path: &str) -> bool {
        !self.complete || self.paths.contains(path) || self.closed.iter().any(|folder| is_within(path, folder))
    }

    /// Whether a fresh clone has no such file.
    pub(super) fn is_kept_from_git(&self, path: &str) -> bool {
        self.kept_from_git.as_ref().is_some_and(|kept| kept(path))
    }

    /// Whether the file's text holds a secret.
    pub(super) fn is_secret(&self, path: &str) -> bool {
        self.secrets.contains(path)
    }

    /// What no image should hold and lies below the context's top, the outermost folder of each; what is made for tests
    /// is left out.
    pub(super) fn unwanted_below(&self) -> Vec<&str> {
        let mut found: Vec<&str> = Vec::new();
        for path in self.paths() {
            let Some((folders, name)) = path.rsplit_once('/') else { continue };
            let made_up = folders.split('/').any(|folder| TESTS.contains(&folder));
            let unwanted = UNWANTED.contains(&name) || is_local_settings(name) || self.is_secret(path);
            if unwanted && !made_up && !found.last().is_some_and(|outer| is_within(path, outer)) {
                found.push(path);
            }
        }
        found
    }

    /// Secrets directly in the context whose names do not say so.
    pub(super) fn secrets_at_top(&self) -> impl Iterator<Item = &str> {
        self.secrets.iter().map(String::as_str).filter(|path| !path.contains('/'))
    }
}

/// Names that belong to a developer alone, wherever they lie.
const UNWANTED: [&str; 12] = [
    ".aws",
    ".env",
    ".gnupg",
    ".hg",
    ".ssh",
    ".svn",
    ".terraform",
    ".venv",
    "__pycache__",
    "id_ed25519",
    "id_rsa",
    "node_modules",
];

/// Folders whose keys and settings are made for tests.
const TESTS: [&str; 12] = [
    "__fixtures__",
    "__tests__",
    "e2e",
    "example",
    "examples",
    "fixtures",
    "sample",
    "samples",
    "spec",
    "test",
    "testdata",
    "tests",
];

/// `.env.local` and `.env.production.local`
pub(super) fn is_local_settings(name: &str) -> bool {
    name.starts_with(".env.") && has_extension(name, &["local"])
}

/// Whether the text of a file decides whether it is secret.
#[must_use]
pub fn is_told_by_text(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    has_extension(name, &["key", "pem"]) || matches!(name, ".npmrc" | ".pypirc" | ".netrc")
}

/// Whether the text of such a file is a secret: a private key, or what logs in somewhere.
#[must_use]
pub fn holds_secret(path: &str, text: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let given = |line: &str, key: &str| {
        let value = line.split_once(key).and_then(|(_, rest)| rest.trim_start().strip_prefix(['=', ':']));
        value.is_some_and(|value| !value.trim().is_empty())
    };
    match name {
        ".npmrc" => text.lines().any(is_login),
        ".pypirc" => text.lines().any(|line| given(line, "password")),
        ".netrc" => text.split_whitespace().any(|word| word == "password"),
        _ => text.contains("PRIVATE KEY-----"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(paths: &[&str]) -> BTreeSet<String> {
        paths.iter().map(|path| (*path).to_owned()).collect()
    }

    #[test]
    fn what_is_unwanted_below_the_top_is_told_once() {
        let paths = ["a/.env", "a/node_modules", "a/node_modules/b/.env", "b/c.pem", "b/d.pem", "tests/.env", ".env"];
        let tree = Tree::new(set(&paths), set(&["b/d.pem"]), set(&[]));
        assert_eq!(tree.unwanted_below(), ["a/.env", "a/node_modules", "b/d.pem"]);
    }

    #[test]
    fn only_what_was_looked_into_is_known_to_lack_something() {
        let tree = Tree::new(set(&["a", "a/b"]), set(&[]), set(&["vendor"]));
        assert!(tree.may_hold("a/b") && tree.may_hold("vendor/x") && !tree.may_hold("c"));
        assert!(tree.cut().may_hold("c"));
    }

    #[test]
    fn secrets_are_told_by_their_text() {
        for (path, text) in [
            ("a/x.pem", "-----BEGIN RSA PRIVATE KEY-----\nMII"),
            (".npmrc", "//npm.corp/:_authToken=abc"),
            (".pypirc", "[a]\npassword: b"),
            (".netrc", "machine h login u password p"),
        ] {
            assert!(is_told_by_text(path) && holds_secret(path, text), "{path}");
        }
        for (path, text) in [
            ("ca.pem", "-----BEGIN CERTIFICATE-----\nMII"),
            (".npmrc", "registry=https://npm.corp/"),
            (".npmrc", "//npm.corp/:_authToken=${NPM_TOKEN}"),
            (".pypirc", "[a]\npassword ="),
        ] {
            assert!(is_told_by_text(path) && !holds_secret(path, text), "{path}");
        }
        assert!(!is_told_by_text("a.txt") && !is_told_by_text("key"));
    }
}
