//! Tests of finding and reading Dockerfiles, in temporary folders.

use std::fs;

use globset::GlobBuilder;
use tempfile::TempDir;

use super::*;
use crate::lint::policy::{Gates, Override, Policy};

const TODAY: Date = Date::constant(2027, 1, 31);
const GOOD: &str = "FROM alpine:3.20\nHEALTHCHECK NONE\nCMD [\"a\"]\n";

fn glob(pattern: &str) -> Spanned<Glob> {
    Spanned::new(GlobBuilder::new(pattern).literal_separator(true).build().unwrap(), Span::new(1, 4))
}

fn section(patterns: &[&str], excludes: &[&str]) -> DockerfileSet {
    DockerfileSet {
        patterns: patterns.iter().map(|pattern| glob(pattern)).collect(),
        excludes: excludes.iter().map(|pattern| glob(pattern)).collect(),
        policy: Policy::default(),
        gates: Gates::default(),
    }
}

fn project(files: &[(&str, &[u8])], dockerfiles: Vec<DockerfileSet>) -> (TempDir, Project) {
    let folder = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    let project = Project {
        name: Spanned::new("test".into(), Span::default()),
        source: Arc::new(Source::new("swr.kdl", "x".repeat(40))),
        root: folder.path().to_owned(),
        registries: Vec::new(),
        dockerfiles,
        networks: Vec::new(),
        migrations: Vec::new(),
    };
    (folder, project)
}

fn codes(findings: &[Diagnostic]) -> Vec<&str> {
    findings.iter().map(|finding| finding.problem.code.as_str()).collect()
}

#[test]
fn the_first_section_that_names_a_file_owns_it() {
    let good = GOOD.as_bytes();
    let files: &[(&str, &[u8])] = &[
        ("Dockerfile", good),
        ("b/Dockerfile", good),
        ("a/Dockerfile", good),
        ("a/.hidden/Dockerfile", good),
        ("third/Dockerfile", good),
        ("built/Dockerfile", good),
        (".gitignore", b"built/\n"),
        (".git/Dockerfile", good),
    ];
    let sections = vec![section(&["a/**/Dockerfile"], &[]), section(&["**/Dockerfile"], &["third/**"])];
    let (_folder, project) = project(files, sections);
    let listing = lint_all(&project, TODAY);
    let found: Vec<_> = listing.files.iter().map(|file| (file.path.as_str(), file.set)).collect();
    assert_eq!(found, [("Dockerfile", 1), ("a/.hidden/Dockerfile", 0), ("a/Dockerfile", 0), ("b/Dockerfile", 1)]);
    assert!(listing.files.iter().all(|file| !file.report.failed && file.report.findings.is_empty()));
    assert!(listing.findings.is_empty());
}

#[test]
fn a_pattern_or_an_allow_of_no_use_is_found() {
    let mut set = section(&["Dockerfile", "nowhere/*"], &[]);
    let rule = Spanned::new("latest-tag".to_owned(), Span::new(5, 9));
    let allow = Override { rules: vec![rule], level: Level::Off, within: None, until: None, reason: None };
    set.policy.overrides.push(allow);
    let (_folder, project) = project(&[("Dockerfile", GOOD.as_bytes())], vec![set]);
    let listing = lint_all(&project, TODAY);
    assert_eq!(codes(&listing.findings), ["unused-pattern", "unused-override"]);
    assert_eq!(listing.findings[0].labels[0].span, Span::new(1, 4));
}

#[test]
fn what_cannot_be_read_fails() {
    let huge = vec![b'#'; usize::try_from(MAX_SIZE).unwrap() + 1];
    let (folder, project) = project(&[("huge/Dockerfile", &huge)], vec![section(&["**/Dockerfile"], &[])]);
    #[cfg(unix)]
    std::os::unix::fs::symlink("nowhere", folder.path().join("Dockerfile")).unwrap();
    let listing = lint_all(&project, TODAY);
    assert_eq!(listing.files.len(), 2);
    for file in &listing.files {
        assert!(file.report.failed);
        assert_eq!(file.report.findings[0].rule, "unreadable-file");
    }
    assert!(listing.files[1].report.findings[0].diagnostic.problem.message.contains("10 MiB"));
    assert_eq!(lint_one(&project, "huge/Dockerfile", 0, TODAY).unwrap_err().code.as_str(), "unreadable-file");
    assert_eq!(lint_one(&project, "huge/Dockerfile", 1, TODAY).unwrap_err().code.as_str(), "unknown-section");
}

#[test]
fn bytes_that_are_no_text_are_a_finding() {
    let bytes = b"FROM alpine:3.20\n# M\xfcller\nHEALTHCHECK NONE\nCMD [\"a\"]\n";
    let (_folder, project) = project(&[("Dockerfile", bytes)], vec![section(&["Dockerfile"], &[])]);
    let file = lint_one(&project, "Dockerfile", 0, TODAY).unwrap();
    assert_eq!(file.report.findings.iter().map(|finding| finding.rule).collect::<Vec<_>>(), ["invalid-utf8"]);
    assert_eq!(file.digest, Digest::sha256(bytes));
}

#[test]
fn the_nearest_ignore_file_makes_the_context() {
    let copy = b"FROM alpine:3.20\nCOPY . /app\nHEALTHCHECK NONE\nCMD [\"a\"]\n";
    let files: &[(&str, &[u8])] = &[
        (".dockerignore", b"node_modules\n"),
        (".env", b""),
        ("a/Dockerfile", copy),
        ("b/Dockerfile", copy),
        ("b/.dockerignore", b""),
        ("b/node_modules/x", b""),
        ("c/Dockerfile", copy),
        ("c/Dockerfile.dockerignore", b".env\n"),
        ("c/.env", b""),
    ];
    let (_folder, project) = project(files, vec![section(&["**/Dockerfile"], &[])]);
    let listing = lint_all(&project, TODAY);
    let said: Vec<Vec<_>> = listing
        .files
        .iter()
        .map(|file| file.report.findings.iter().map(|finding| finding.diagnostic.problem.message.as_str()).collect())
        .collect();
    assert_eq!(said, [vec!["this copies `.env` too"], vec!["this copies `node_modules` too"], vec![]]);
}
