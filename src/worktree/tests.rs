//! Tests of finding and reading Dockerfiles, in temporary folders.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use globset::{Glob, GlobBuilder};
use jiff::civil::Date;
use tempfile::TempDir;

use super::subject::MAX_SIZE;
use super::*;
use crate::diag::{Source, Span, Spanned};
use crate::image::Digest;
use crate::lint::hadolint::Says;
use crate::lint::policy::{DockerfileSet, Gates, Level, Override, Policy};

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
        fixes: false,
        hadolint: None,
        baseline: None,
        says: Says::default(),
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
    let allow =
        Override { rules: vec![rule], level: Level::Off, within: None, until: None, reason: None, source: None };
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
    assert!(listing.files[1].report.findings[0].diagnostic.problem.message.english().contains("10 MiB"));
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
        .map(|file| file.report.findings.iter().map(|finding| finding.diagnostic.problem.message.english()).collect())
        .collect();
    assert_eq!(said, [vec!["this copies `.env` too"], vec!["this copies `node_modules` too"], vec![]]);
}

/// What lint says of these paths of a folder: names relative to it, and the rules that found something.
fn said(folder: &TempDir, project: Option<&Project>, paths: &[&str]) -> Vec<(String, Vec<&'static str>)> {
    let inputs: Vec<_> = paths.iter().map(|path| Input::Path(folder.path().join(path))).collect();
    let run = lint_inputs(&inputs, project, &Policy::default(), TODAY, false);
    let root = format!("{}/", shown(folder.path()));
    let rules = |file: &LintedFile| file.report.findings.iter().map(|finding| finding.rule).collect();
    run.files.iter().map(|file| (file.name.replace(&root, ""), rules(file))).collect()
}

#[test]
fn folders_are_walked_for_dockerfiles_and_each_is_linted_once() {
    let good = GOOD.as_bytes();
    let files: &[(&str, &[u8])] = &[
        ("Dockerfile", good),
        ("a/Dockerfile.dev", good),
        ("a/web.dockerfile", good),
        ("a/Containerfile", good),
        ("a/Dockerfile.dockerignore", good),
        ("a/README.md", good),
        ("built/Dockerfile", good),
        (".gitignore", b"built/\n"),
    ];
    let (folder, _project) = project(files, Vec::new());
    let found = said(&folder, None, &[".", "a", "a/../Dockerfile", "built/Dockerfile"]);
    let names: Vec<_> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["Dockerfile", "a/Containerfile", "a/Dockerfile.dev", "a/web.dockerfile", "built/Dockerfile"]);
}

#[test]
fn what_is_not_there_fails_and_an_empty_folder_warns() {
    let (folder, _project) = project(&[("empty/README", b"")], Vec::new());
    let inputs = [Input::Path(folder.path().join("gone/Dockerfile")), Input::Path(folder.path().join("empty"))];
    let run = lint_inputs(&inputs, None, &Policy::default(), TODAY, false);
    assert_eq!(codes(&run.findings), ["no-dockerfile"]);
    assert!(run.files[0].report.failed);
    assert_eq!(run.files[0].report.findings[0].rule, "unreadable-file");
}

#[test]
fn a_section_s_policy_holds_for_the_files_it_names() {
    let latest = b"FROM alpine:latest\nHEALTHCHECK NONE\nCMD [\"a\"]\n".as_slice();
    let files: &[(&str, &[u8])] =
        &[("a/build", latest), ("b/Dockerfile", latest), ("third/Dockerfile", latest), ("other/Dockerfile", latest)];
    let mut lax = section(&["a/*", "{b,third}/Dockerfile"], &["third/**"]);
    lax.policy.profile = crate::lint::policy::Profile::None;
    let (folder, project) = project(files, vec![lax]);
    let named = |name: &str| (name.to_owned(), Vec::new());
    let other = ("other/Dockerfile".to_owned(), vec!["latest-tag"]);
    assert_eq!(said(&folder, Some(&project), &["."]), [named("a/build"), named("b/Dockerfile"), other]);
    // What is named itself is linted, whatever is excluded.
    let third = said(&folder, Some(&project), &["third/Dockerfile"]);
    assert_eq!(third, [("third/Dockerfile".to_owned(), vec!["latest-tag"])]);
}

#[test]
fn what_the_project_declares_is_called_by_its_path_from_here() {
    let (folder, project) = project(&[("a/Dockerfile", GOOD.as_bytes())], vec![section(&["**/Dockerfile"], &[])]);
    let run = lint_declared(&project, TODAY, false);
    assert_eq!(PathBuf::from(&run.files[0].name), folder.path().join("a/Dockerfile"));
    assert_eq!(run.files[0].fail_on, Level::Error);
}

#[cfg(unix)]
#[test]
fn the_entrypoint_script_is_read_from_the_context() {
    let dockerfile = b"FROM alpine:3.20\nWORKDIR /app\nCOPY run.sh .\nHEALTHCHECK NONE\nENTRYPOINT [\"./run.sh\"]\n";
    let files: &[(&str, &[u8])] = &[("a/Dockerfile", dockerfile), ("a/run.sh", b"#!/bin/sh\nset -e\nserve --all\n")];
    let (_folder, project) = project(files, vec![section(&["**/Dockerfile"], &[])]);
    let report = lint_one(&project, "a/Dockerfile", 0, TODAY).unwrap().report;
    let said: Vec<_> = report.findings.iter().map(|finding| (finding.rule, &finding.diagnostic)).collect();
    assert_eq!(
        said.iter().map(|(rule, _)| *rule).collect::<Vec<_>>(),
        ["broken-entrypoint-script", "entrypoint-without-exec"]
    );
    assert_eq!(said[1].1.labels[1].source.name(), shown(&project.root.join("a/run.sh")));
    assert_eq!(said[1].1.labels[1].source.slice(said[1].1.labels[1].span), "serve --all");
}
