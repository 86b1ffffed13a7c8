//! The repository's own files, and Rust sources as tokens, for tests that hold rules about them.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use ignore::WalkBuilder;
use regex::Regex;

/// A file of the repository.
#[derive(Debug, Clone)]
pub struct Source {
    /// Relative to the repository, with `/`.
    pub path: String,
    pub text: String,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }
}

/// Every text file under a folder of the repository that git does not ignore, in order; none when there is no folder.
pub fn files(folder: &str) -> Vec<Source> {
    let text = |(path, file): (String, PathBuf)| Some(Source { path, text: std::fs::read_to_string(file).ok()? });
    paths(folder).into_iter().filter_map(text).collect()
}

/// The same files, text or not: their paths in the repository and on this machine.
pub fn paths(folder: &str) -> Vec<(String, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let walk = WalkBuilder::new(root.join(folder)).hidden(false).require_git(false).sort_by_file_path(Ord::cmp).build();
    walk.filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
        .filter(|entry| !entry.path().starts_with(root.join(".git")))
        .filter_map(|entry| {
            let path = entry.path().strip_prefix(root).ok()?.to_str()?.to_owned();
            Some((path, entry.into_path()))
        })
        .collect()
}

/// Every Rust file under a folder.
pub fn rust_files(folder: &str) -> Vec<Source> {
    files(folder).into_iter().filter(|source| source.path.rsplit('.').next() == Some("rs")).collect()
}

/// A word, `::`, or a single sign; comments and literals are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    /// From 1.
    pub line: usize,
    pub text: &'a str,
}

static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
    let comments = r"//[^\n]*|/\*.*?\*/";
    let strings = r##"b?r"[^"]*"|b?r#".*?"#|b?r\x23\x23".*?"\x23\x23|[bc]?"(?:\\.|[^"\\])*""##;
    let characters = r"b?'(?:\\x..|\\u\{[^}]*\}|\\.|[^'\\])'";
    Regex::new(&format!(r"(?s){comments}|{strings}|{characters}|(\w+|::|[^\s\w])")).expect("a valid pattern")
});

pub fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut line = 1;
    let mut counted = 0;
    TOKEN
        .captures_iter(text)
        .filter_map(|captures| {
            let found = captures.get(1)?;
            line += text[counted..found.start()].matches('\n').count();
            counted = found.start();
            Some(Token { line, text: found.as_str() })
        })
        .collect()
}
