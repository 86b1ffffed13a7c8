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
use crate::lint::{BaseImage, BaseQuestions, Offer};

const TODAY: Date = Date::constant(2027, 1, 31);
const GOOD: &str = "FROM alpine:3.20\nHEALTHCHECK NONE\nCMD [\"a\"]\n";

/// No registry is to be asked.
#[expect(clippy::needless_pass_by_value, reason = "as who asks has them")]
fn nobody(questions: BaseQuestions) -> BaseAnswers {
    panic!("{questions:?}")
}

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
    let listing = lint_all(&project, TODAY, &mut nobody);
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
    let listing = lint_all(&project, TODAY, &mut nobody);
    assert_eq!(codes(&listing.findings), ["unused-pattern", "unused-override"]);
    assert_eq!(listing.findings[0].labels[0].span, Span::new(1, 4));
}

#[test]
fn what_cannot_be_read_fails() {
    let huge = vec![b'#'; usize::try_from(MAX_SIZE).unwrap() + 1];
    let (folder, project) = project(&[("huge/Dockerfile", &huge)], vec![section(&["**/Dockerfile"], &[])]);
    #[cfg(unix)]
    std::os::unix::fs::symlink("nowhere", folder.path().join("Dockerfile")).unwrap();
    let listing = lint_all(&project, TODAY, &mut nobody);
    assert_eq!(listing.files.len(), 2);
    for file in &listing.files {
        assert!(file.report.failed);
        assert_eq!(file.report.findings[0].rule, "unreadable-file");
    }
    assert!(listing.files[1].report.findings[0].diagnostic.problem.message.english().contains("10 MiB"));
    assert_eq!(lint_again(&project, ("huge/Dockerfile", 0), TODAY).unwrap_err().code.as_str(), "unreadable-file");
    assert_eq!(lint_again(&project, ("huge/Dockerfile", 1), TODAY).unwrap_err().code.as_str(), "unknown-section");
}

#[test]
fn bytes_that_are_no_text_are_a_finding() {
    let bytes = b"FROM alpine:3.20\n# M\xfcller\nHEALTHCHECK NONE\nCMD [\"a\"]\n";
    let (_folder, project) = project(&[("Dockerfile", bytes)], vec![section(&["Dockerfile"], &[])]);
    let (file, _) = lint_again(&project, ("Dockerfile", 0), TODAY).unwrap();
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
    let listing = lint_all(&project, TODAY, &mut nobody);
    let said: Vec<Vec<_>> = listing
        .files
        .iter()
        .map(|file| file.report.findings.iter().map(|finding| finding.diagnostic.problem.message.english()).collect())
        .collect();
    let of_root =
        ["this copies `.env`, `b/node_modules`, `c/.env` too", "`node_modules` in .dockerignore matches nothing"];
    assert_eq!(said, [of_root.to_vec(), vec!["this copies `node_modules` too"], vec![]]);
}

/// What lint says of these paths of a folder: names relative to it, and the rules that found something.
fn said(folder: &TempDir, project: Option<&Project>, paths: &[&str]) -> Vec<(String, Vec<&'static str>)> {
    let inputs: Vec<_> = paths.iter().map(|path| Input::Path(folder.path().join(path))).collect();
    let run = lint_inputs(&inputs, (project, &Policy::default()), TODAY, false, &mut nobody);
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
        ("a/Dockerfile-alpine", good),
        ("a/Dockerfile.md", good),
        ("a/README.md", good),
        ("built/Dockerfile", good),
        (".gitignore", b"built/\n"),
    ];
    let (folder, _project) = project(files, Vec::new());
    let found = said(&folder, None, &[".", "a", "a/../Dockerfile", "built/Dockerfile"]);
    let names: Vec<_> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "Dockerfile",
            "a/Containerfile",
            "a/Dockerfile-alpine",
            "a/Dockerfile.dev",
            "a/web.dockerfile",
            "built/Dockerfile"
        ]
    );
}

#[test]
fn what_is_not_there_fails_and_an_empty_folder_warns() {
    let (folder, _project) = project(&[("empty/README", b"")], Vec::new());
    let inputs = [Input::Path(folder.path().join("gone/Dockerfile")), Input::Path(folder.path().join("empty"))];
    let run = lint_inputs(&inputs, (None, &Policy::default()), TODAY, false, &mut nobody);
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
    let run = lint_declared(&project, TODAY, false, &mut nobody);
    assert_eq!(PathBuf::from(&run.files[0].name), folder.path().join("a/Dockerfile"));
    assert_eq!(run.files[0].fail_on, Level::Error);
}

#[cfg(unix)]
#[test]
fn the_entrypoint_script_is_read_from_the_context() {
    let dockerfile = b"FROM alpine:3.20\nWORKDIR /app\nCOPY run.sh .\nHEALTHCHECK NONE\nENTRYPOINT [\"./run.sh\"]\n";
    let files: &[(&str, &[u8])] = &[("a/Dockerfile", dockerfile), ("a/run.sh", b"#!/bin/sh\nset -e\nserve --all\n")];
    let (_folder, project) = project(files, vec![section(&["**/Dockerfile"], &[])]);
    let report = lint_again(&project, ("a/Dockerfile", 0), TODAY).unwrap().0.report;
    let said: Vec<_> = report.findings.iter().map(|finding| (finding.rule, &finding.diagnostic)).collect();
    assert_eq!(
        said.iter().map(|(rule, _)| *rule).collect::<Vec<_>>(),
        ["broken-entrypoint-script", "entrypoint-without-exec"]
    );
    assert_eq!(said[1].1.labels[1].source.name(), shown(&project.root.join("a/run.sh")));
    assert_eq!(said[1].1.labels[1].source.slice(said[1].1.labels[1].span), "serve --all");
}

/// Named by a platform that its base is not for, once the registry has said so.
const FOREIGN: &[u8] = b"FROM --platform=linux/arm64 corp.example/a:1\nHEALTHCHECK NONE\nCMD [\"a\"]\n";

fn for_amd64(questions: BaseQuestions) -> BaseAnswers {
    let image = BaseImage { offer: Offer::Only("linux/amd64".parse().unwrap()), variables: BTreeMap::default() };
    let images = questions.0.into_keys().map(|name| (name, image.clone())).collect();
    BaseAnswers { images, notes: vec![Diagnostic::warning("unknown-base", say!("a note", "说明"))] }
}

fn online(pattern: &str, allow: Option<&str>) -> DockerfileSet {
    let mut set = section(&[pattern], &[]);
    set.policy.online = true;
    set.policy.overrides.extend(allow.map(|rule| {
        let rules = vec![Spanned::new(rule.to_owned(), Span::new(5, 9))];
        Override { rules, level: Level::Off, within: None, until: None, reason: None, source: None }
    }));
    set
}

#[test]
fn registries_are_asked_once_for_the_sections_that_want_it() {
    let files: &[(&str, &[u8])] = &[
        ("a/Dockerfile", FOREIGN),
        ("b/Dockerfile", FOREIGN),
        ("c/Dockerfile", b"FROM --platform=linux/arm64 corp.example/c:1\n"),
    ];
    let sections = vec![online("a/*", None), online("b/*", None), section(&["c/*"], &[])];
    let (_folder, project) = project(files, sections);
    let mut asked = Vec::new();
    let listing = lint_all(&project, TODAY, &mut |questions: BaseQuestions| {
        asked.push(questions.0.keys().map(ToString::to_string).collect::<Vec<_>>());
        for_amd64(questions)
    });
    assert_eq!(asked, [["corp.example/a:1"]]);
    let wrong = |file: &LintedDockerfile| file.report.findings.iter().any(|one| one.rule == "wrong-base-platform");
    assert_eq!(listing.files.iter().map(wrong).collect::<Vec<_>>(), [true, true, false]);
    assert_eq!(codes(&listing.findings), ["unknown-base"]);
}

#[test]
fn an_override_that_registries_may_need_is_called_idle_by_who_asked_alone() {
    let unused = |ask: AskBases, rule| {
        let (_folder, project) = project(&[("Dockerfile", FOREIGN)], vec![online("Dockerfile", Some(rule))]);
        codes(&lint_all(&project, TODAY, ask).findings).contains(&"unused-override")
    };
    assert!(!unused(&mut |_| BaseAnswers::default(), "wrong-base-platform"));
    assert!(!unused(&mut for_amd64, "InvalidBaseImagePlatform"));
    assert!(unused(&mut for_amd64, "undefined-variable"), "no variable is used");
}

#[test]
fn what_registries_said_is_left_to_the_plan() {
    let open = b"ARG V=1\nFROM corp.example/a:1\nLABEL v=$V\nHEALTHCHECK NONE\nCMD [\"a\"]\n";
    let mut sections = vec![online("Dockerfile", None), section(&["other/*"], &[])];
    for section in &mut sections {
        section.policy.fail_on = Level::Warning;
    }
    let (_folder, project) = project(&[("Dockerfile", open), ("other/Dockerfile", open)], sections);
    let failed = |path, set| {
        let (file, needs_registries) = lint_again(&project, (path, set), TODAY).unwrap();
        (file.report.failed, needs_registries)
    };
    assert_eq!(failed("Dockerfile", 0), (false, true));
    assert_eq!(failed("other/Dockerfile", 1), (true, false));
}
