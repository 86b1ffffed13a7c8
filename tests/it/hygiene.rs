//! What no committed file may hold: paths of somebody's machine, unfinished work, and files too long to read.

use std::sync::LazyLock;

use regex::Regex;

use crate::support::sources::{Source, files, rust_files};

/// Lines of a source file, without its tests, above which it should be split.
const LONG: usize = 400;
/// And above which it must be.
const TOO_LONG: usize = 500;

/// Words of unfinished work; spelled so that this file does not hold them.
static UNFINISHED: LazyLock<Regex> = LazyLock::new(|| {
    let words = [
        concat!(r"\bTO", r"DO\b"),
        concat!(r"\bFIX", r"ME\b"),
        concat!(r"\btodo", r"!\("),
        concat!(r"\bunimplemented", r"!\("),
    ];
    Regex::new(&words.join("|")).expect("a valid pattern")
});

/// A home or working folder as an absolute path.
static MACHINE_PATH: LazyLock<Regex> = LazyLock::new(|| {
    let folders = [concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/wo", "rk/")];
    Regex::new(&format!(r"(?:^|[^\w./~$}}-])(?:{})", folders.join("|"))).expect("a valid pattern")
});

/// Files about Dockerfiles name folders inside images, which are no machine's.
fn is_about_dockerfiles(path: &str) -> bool {
    let places = ["src/lint/", "src/dockerfile/", "benches/lint/", "tests/cases/rules/", "docs/reference/rules."];
    places.iter().any(|place| path.starts_with(place)) || path.contains("Dockerfile")
}

fn findings(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(source.text.lines()) {
        let mut report = |what: &str| found.push(format!("{}:{number}: {what}: {}", source.path, line.trim()));
        if UNFINISHED.is_match(line) {
            report("unfinished");
        }
        let general = MACHINE_PATH.is_match(line) && !is_about_dockerfiles(&source.path);
        if general || line.contains(env!("CARGO_MANIFEST_DIR")) {
            report("a path of one machine");
        }
    }
    found
}

/// Lines up to a trailing module of unit tests; a file of nothing else has none.
fn length_without_tests(source: &Source) -> usize {
    if source.path.ends_with("/tests.rs") {
        return 0;
    }
    let tests = source.text.find("\n#[cfg(test)]\nmod ").unwrap_or(source.text.len());
    source.text[..tests].lines().count()
}

#[test]
fn no_file_holds_unfinished_work_or_a_machine_path() {
    let files = files("");
    assert!(files.iter().any(|file| file.path == ".ci/run"), "hidden files were not read");
    let found: Vec<String> = files.iter().flat_map(findings).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn no_source_file_is_too_long() {
    let lengths = rust_files("src").into_iter().map(|source| (length_without_tests(&source), source.path));
    let long: Vec<(usize, String)> = lengths.filter(|(lines, _)| *lines > LONG).collect();
    for (lines, path) in &long {
        eprintln!("{path}: {lines} lines");
    }
    assert!(long.iter().all(|(lines, _)| *lines <= TOO_LONG), "a file of more than {TOO_LONG} lines is split");
}

#[test]
fn these_checks_find_what_they_look_for() {
    let bad = [
        concat!("// TO", "DO later"),
        concat!("todo", "!()"),
        concat!("see /ho", "me/me/notes"),
        concat!("\"/wo", "rk/main\""),
        concat!("/ro", "ot/.cargo"),
    ];
    for text in bad {
        assert_eq!(findings(&Source::new("src/a.rs", text)).len(), 1, "{text}");
    }
    let good = ["todos", "https://example.com/home/x", "~/work/x", "$HOME/work/x", "a homework"];
    for text in good {
        assert_eq!(findings(&Source::new("src/a.rs", text)), Vec::<String>::new());
    }
    let image_path = concat!("COPY a /ro", "ot/.config/");
    assert_eq!(findings(&Source::new("tests/cases/rules/a.md", image_path)), Vec::<String>::new());
    let half_tests = "a\nb\n#[cfg(test)]\nmod tests {\n}\n";
    assert_eq!(length_without_tests(&Source::new("src/a.rs", half_tests)), 2);
    assert_eq!(length_without_tests(&Source::new("src/a/tests.rs", half_tests)), 0);
}
