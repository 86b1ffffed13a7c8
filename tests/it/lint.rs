//! `swrctl lint` and `swrctl explain`: what a transcript of `tests/cases/cli` cannot show.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use swrctl::lint::{BaseAnswers, BaseImage, BaseQuestions, Offer, Sample, rules};
use swrctl::worktree::lint_declared;

use crate::support::swrctl::Project;

const GOOD: &str = "FROM alpine:3.20\nHEALTHCHECK NONE\nCMD [\"a\"]\n";
const LATEST: &str = "FROM alpine:latest\nHEALTHCHECK NONE\nCMD [\"a\"]\n";
/// A name and a text that end an attribute, a command or a line early where nobody takes care.
const EVIL_NAME: &str = "a\"<&>,:%'é.Dockerfile";
const EVIL: &str = "FROM \"<&>]]>\u{1b}[31m\u{7}:latest\nRUN cd /<!--é && \u{202e}x\nENV A_TOKEN='--><a b=\"c\">'\n";

/// Two files, one of which has a finding.
fn two_files() -> Project {
    Project::empty().file("Dockerfile", GOOD).file("api/Dockerfile", LATEST)
}

fn places(output: &str) -> Vec<&str> {
    output.lines().filter_map(|line| line.split_once(": ")).map(|(place, _)| place).collect()
}

#[test]
fn without_a_project_file_the_folder_is_searched() {
    let project = two_files();
    for arguments in [vec!["lint"], vec!["lint", "."], vec!["lint", "./api", "Dockerfile", "api/Dockerfile"]] {
        let output = project.run_all(&[arguments.as_slice(), &["--format", "short"]].concat()).expect_success();
        assert_eq!(places(&output.stdout), ["api/Dockerfile:1:6"], "{output}");
        assert_eq!(output.stderr, "1 warning in 2 files\n");
    }
}

#[test]
fn a_project_file_that_names_no_dockerfiles_leaves_none_out() {
    let output = two_files().file("swr.kdl", "project \"p\" version=1\n").run(["lint", "--format", "short"]);
    assert_eq!(output.expect_success().stderr, "1 warning in 2 files\n");
}

#[test]
fn standard_input_is_linted_as_the_file_it_is_said_to_be() {
    let project =
        two_files().file("swr.kdl", "project \"p\" version=1\ndockerfiles \"api/*\" { deny \"latest-tag\"; }\n");
    let output = project.bash("swrctl lint --format short - < api/Dockerfile").expect_success();
    assert_eq!(places(&output.stdout), ["<stdin>:1:6"], "{output}");
    let script = "swrctl lint --format short - --stdin-path api/Other < api/Dockerfile";
    let output = project.bash(script).expect_code(1);
    assert_eq!(places(&output.stdout), ["api/Other:1:6"], "{output}");
    assert!(output.stdout.contains("error[latest-tag]"), "{output}");
    for arguments in [["lint", "-", "-"], ["lint", "--stdin-path", "a"]] {
        assert_eq!(project.run(arguments).expect_code(1).stdout, "");
    }
}

#[test]
fn a_project_file_elsewhere_names_files_from_here() {
    let project = Project::empty()
        .file("sub/swr.kdl", "project \"p\" version=1\ndockerfiles \"**/Dockerfile\" { fail-on \"warning\"; }\n");
    let project = project.file("sub/api/Dockerfile", LATEST);
    let output = project.run(["lint", "--file", "sub/swr.kdl", "--format", "short"]).expect_code(1);
    assert_eq!(places(&output.stdout), ["sub/api/Dockerfile:1:6"], "{output}");
    let output = project.run(["lint", "--file", "swr.kdl"]).expect_code(1);
    assert!(output.stderr.contains("error[no-project-file]"), "a file that is named has to be there: {output}");
    let output = project.run(["lint", "--file", "sub/swr.kdl", "--fail-on", "error"]);
    output.expect_success();
}

#[test]
fn the_command_line_goes_before_the_policy() {
    let kdl = "project \"p\" version=1\ndockerfiles \"api/*\" { allow \"latest-tag\" in=\"api/**\"; }\n";
    let project = two_files().file("swr.kdl", kdl);
    project.run(["lint", "--fail-on", "info"]).expect_success();
    project.run(["lint", "api/../api", "--fail-on", "info"]).expect_success();
    let output = project.run(["lint", "--profile", "none", "--fail-on", "info"]).expect_success();
    assert!(!output.stderr.contains("unused-override"), "{output}");
    let project = two_files();
    project.run(["lint", "--fail-on", "warning"]).expect_code(1);
    project.run(["lint", "--fail-on", "warning", "--profile", "none"]).expect_success();
    project.run(["lint", "--fail-on", "never", "api"]).expect_success();
    project.run(["lint", "--fail-on", "never", "gone"]).expect_code(1);
}

#[test]
fn every_format_survives_hostile_texts() {
    let project = Project::empty().file(EVIL_NAME, EVIL);
    let said = |format: &str| project.run(["lint", "--profile", "all", "--format", format]).expect_code(1).stdout;
    let findings = said("short").lines().count();
    assert!(findings >= 3);
    let json: Value = serde_json::from_str(&said("json")).unwrap();
    assert_eq!(json["findings"].as_array().unwrap().len(), findings);
    assert_eq!(json["findings"][0]["file"], EVIL_NAME);
    let sarif: Value = serde_json::from_str(&said("sarif")).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), findings);
    let uri = &results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(uri, "a%22%3C%26%3E%2C%3A%25%27%C3%A9.Dockerfile");
    let gitlab: Value = serde_json::from_str(&said("gitlab")).unwrap();
    assert_eq!(gitlab.as_array().unwrap().len(), findings);
    let github = said("github");
    assert!(github.lines().all(|line| line.contains(" file=a\"<&>%2C%3A%25'é.Dockerfile,line=")), "{github}");
}

#[test]
fn many_files_are_linted_and_a_reader_may_go_away() {
    let mut project = Project::empty();
    for at in 0..200 {
        project = project.file(&format!("{at:03}/Dockerfile"), LATEST);
    }
    let output = project.run(["lint", "--format", "short"]).expect_success();
    assert_eq!(output.stdout.lines().count(), 200);
    assert!(places(&output.stdout).is_sorted());
    let output = project.bash("swrctl lint | true").expect_success();
    assert!(!output.stderr.contains("panicked"), "{output}");
}

#[test]
fn every_rule_and_every_check_is_explained_by_every_name() {
    let project = Project::empty();
    let list = project.run(["explain"]).expect_success();
    let names: Vec<&str> = list.stdout.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).collect();
    assert!(names.len() > 40, "{list}");
    for name in names {
        let said = project.run(["explain", name]).expect_success();
        assert!(said.stdout.starts_with(&format!("{name}: ")), "{said}");
    }
    for (alias, name, tool) in [
        ("DL3007", "latest-tag", "hadolint:  DL3007"),
        ("dl3007", "latest-tag", "hadolint:  DL3007"),
        ("UndefinedVar", "undefined-variable", "BuildKit:  UndefinedVar"),
    ] {
        let said = project.run(["explain", alias]).expect_success();
        assert!(said.stdout.starts_with(&format!("{name}: ")) && said.stdout.contains(tool), "{said}");
    }
    let unknown = project.run(["explain", "latest-tga"]).expect_code(1);
    assert!(unknown.stderr.contains("did you mean `latest-tag`?"), "{unknown}");
}

const FIXES: &str = "project \"p\" version=1\ndockerfiles \"**/Dockerfile\" { fix \"safe\"; }\n";

#[test]
fn a_planned_fix_is_refused_when_the_file_has_changed() {
    let project = Project::new(FIXES).file("a/Dockerfile", FIXABLE).file("b/Dockerfile", FIXABLE);
    project.run(["plan", "--out", "p.json"]).expect_success();
    let project = project.file("b/Dockerfile", FIXABLE.replace("3.20", "3.21"));
    let output = project.run(["apply", "p.json"]).expect_code(1);
    assert!(output.stdout.contains("updated fix.a/Dockerfile  62 B written\n"), "{output}");
    assert!(output.stdout.contains("failed fix.b/Dockerfile  `b/Dockerfile` is not what it was"), "{output}");
    assert!(output.stdout.contains("skipped lint.b/Dockerfile"), "{output}");
    let text = |file: &str| std::fs::read_to_string(project.path(file)).unwrap();
    assert_eq!(text("a/Dockerfile"), FIXABLE.replace("ADD", "COPY"));
    assert_eq!(text("b/Dockerfile"), FIXABLE.replace("3.20", "3.21"));
    // What is as planned already needs no second writing.
    let project = project.file("b/Dockerfile", FIXABLE.replace("ADD", "COPY"));
    project.run(["apply", "p.json"]).expect_success();
    assert_eq!(project.run(["plan", "--detailed-exitcode"]).expect_success().stdout, "No changes.\n");
}

#[test]
fn a_saved_fix_writes_what_its_diff_shows() {
    let project = Project::new(FIXES).file("Dockerfile", FIXABLE);
    project.run(["plan", "--out", "p.json"]).expect_success();
    let mut plan: Value = serde_json::from_str(&std::fs::read_to_string(project.path("p.json")).unwrap()).unwrap();
    plan["steps"][0]["diff"] = "--- Dockerfile\n".into();
    let project = project.file("p.json", plan.to_string());
    let output = project.run(["apply", "p.json"]).expect_code(1);
    assert!(output.stdout.contains("failed fix.Dockerfile  the diff of `Dockerfile` in the plan is not"), "{output}");
    assert_eq!(std::fs::read_to_string(project.path("Dockerfile")).unwrap(), FIXABLE);
}

const FIXABLE: &str = "FROM alpine:3.20\r\nADD app /app\r\nHEALTHCHECK NONE\r\nCMD [\"a\"]\r\n";

#[test]
fn standard_input_is_fixed_to_standard_output() {
    let project = Project::empty().file("Dockerfile", FIXABLE).file("good", GOOD).file("odd", b"FROM a\xff\nADD b c\n");
    let output = project.bash("swrctl lint --fix --format short - < Dockerfile").expect_success();
    assert_eq!(output.stdout, FIXABLE.replace("ADD", "COPY"));
    assert_eq!(output.stderr, "fixed <stdin>: add-local-file\n1 finding fixed; no findings in 1 file\n");
    assert_eq!(project.bash("swrctl lint --fix - < good").expect_success().stdout, GOOD);
    let bytes = project.bash("swrctl lint --fix --fail-on never - < odd | cmp - odd").expect_success();
    assert!(bytes.stderr.contains("invalid-utf8"), "{bytes}");
    let diff = project.bash("swrctl lint --diff - --stdin-path sub/Dockerfile < Dockerfile").expect_success();
    assert!(diff.stdout.starts_with("--- a/sub/Dockerfile\n+++ b/sub/Dockerfile\n@@ "), "{diff}");
}

#[test]
fn a_diff_is_a_patch() {
    let project = Project::empty().file("a/Dockerfile", FIXABLE).file("Dockerfile", FIXABLE);
    project.bash("swrctl lint --diff > fixes.patch; git apply --whitespace=nowarn fixes.patch").expect_success();
    for file in ["a/Dockerfile", "Dockerfile"] {
        assert_eq!(std::fs::read_to_string(project.path(file)).unwrap(), FIXABLE.replace("ADD", "COPY"));
    }
}

#[test]
fn files_that_cannot_be_fixed_are_named_and_the_others_are_fixed() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let project = two_files().file("a/Dockerfile", FIXABLE).file("b/Dockerfile", FIXABLE).file("c/original", FIXABLE);
    symlink("original", project.path("c/Dockerfile")).unwrap();
    std::fs::set_permissions(project.path("a/Dockerfile"), PermissionsExt::from_mode(0o444)).unwrap();
    let output = project.run(["lint", "--fix", "--format", "short"]).expect_code(1);
    assert!(output.stderr.contains("error[read-only-file]\n\n  × `a/Dockerfile` is read-only"), "{output}");
    assert!(output.stderr.contains("error[is-a-link]\n\n  × `c/Dockerfile` is a link"), "{output}");
    assert!(output.stderr.contains("fixed b/Dockerfile: add-local-file\n"), "{output}");
    assert_eq!(places(&output.stdout), ["a/Dockerfile:2:1", "api/Dockerfile:1:6", "c/Dockerfile:2:1"]);
    let text = |file: &str| std::fs::read_to_string(project.path(file)).unwrap();
    assert_eq!((text("a/Dockerfile"), text("c/original")), (FIXABLE.to_owned(), FIXABLE.to_owned()));
    assert_eq!(text("b/Dockerfile"), FIXABLE.replace("ADD", "COPY"));
}

#[cfg(unix)]
#[test]
fn a_link_beside_its_file_is_not_linted_twice() {
    let project = Project::empty().file("Dockerfile", FIXABLE).file("elsewhere", FIXABLE);
    std::os::unix::fs::symlink("Dockerfile", project.path("Dockerfile.prod")).unwrap();
    std::os::unix::fs::symlink("elsewhere", project.path("Dockerfile.test")).unwrap();
    let output = project.run(["lint", "--format", "short"]).expect_success();
    assert_eq!(places(&output.stdout), ["Dockerfile:2:1", "Dockerfile.test:2:1"], "{output}");
    let named = project.run(["lint", "--format", "short", "Dockerfile.prod"]).expect_success();
    assert_eq!(places(&named.stdout), ["Dockerfile.prod:2:1"], "{named}");
    std::fs::remove_file(project.path("Dockerfile.test")).unwrap();
    project.run(["lint", "--fix"]).expect_success();
    assert_eq!(std::fs::read_to_string(project.path("Dockerfile")).unwrap(), FIXABLE.replace("ADD", "COPY"));
}

#[cfg(unix)]
#[test]
fn a_link_beside_its_file_is_not_linted_twice_where_a_section_names_both() {
    let sections =
        "project \"p\" version=1\ndockerfiles \"Dockerfile*\"\ndockerfiles \"strict/*\" { fail-on \"info\"; }\n";
    let project = Project::empty().file("swr.kdl", sections).file("Dockerfile", FIXABLE);
    std::os::unix::fs::symlink("Dockerfile", project.path("Dockerfile.prod")).unwrap();
    std::fs::create_dir(project.path("strict")).unwrap();
    std::os::unix::fs::symlink("../Dockerfile", project.path("strict/Dockerfile")).unwrap();
    let output = project.run(["lint", "--format", "short"]).expect_code(1);
    assert_eq!(places(&output.stdout), ["Dockerfile:2:1", "strict/Dockerfile:2:1"], "{output}");
}

#[cfg(unix)]
#[test]
fn what_is_an_archive_by_its_content_is_what_add_is_for() {
    let project =
        Project::empty().file("Dockerfile", "FROM alpine:3.20\nADD rootfs base.bin /\nHEALTHCHECK NONE\nCMD [\"b\"]\n");
    project.bash("tar -czf base.bin -C / etc/hostname && mkdir rootfs").expect_success();
    let add = |profile: &str| {
        let output =
            project.run(["lint", "--profile", profile, "--format", "short", "--fail-on", "never"]).expect_success();
        places(&output.stdout).iter().filter(|place| **place == "Dockerfile:2:1").count()
    };
    assert_eq!((add("swr"), add("hadolint")), (0, 1));
}

/// Two files with three scripts.
fn with_scripts() -> Project {
    let file = "FROM alpine:3.20\nRUN make\nHEALTHCHECK NONE\nCMD [\"b\"]\n";
    Project::empty().file("Dockerfile", format!("{file}ONBUILD RUN make\n")).file("b/Dockerfile", file)
}

#[test]
fn a_missing_shellcheck_is_said_once_and_fails_where_it_is_required() {
    let project = with_scripts().env("PATH", "/nowhere");
    let output = project.run(["lint", "--format", "short"]).expect_success();
    assert_eq!(output.stdout, "");
    assert_eq!(output.stderr.matches("ShellCheck is not installed: 3 shell scripts were not given to it").count(), 1);
    let off = project.run(["lint", "--shellcheck", "off"]).expect_success();
    assert_eq!(off.stderr, "no findings in 2 files\n");
    let required = project.run(["lint", "--shellcheck", "require", "--format", "short"]).expect_code(1);
    assert_eq!(places(&required.stdout), ["Dockerfile:2:5", "b/Dockerfile:2:5"], "{required}");
    assert!(required.stdout.contains("error[shellcheck]: ShellCheck says nothing about this: it is required"));
}

#[test]
fn the_policy_says_whether_shellcheck_is_asked() {
    let kdl = |mode: &str| {
        format!(
            "project \"p\" version=1\ndockerfiles \"**/Dockerfile\" {{ shellcheck \"{mode}\"; allow \"SC2086\"; }}\n"
        )
    };
    let project = with_scripts().file("swr.kdl", kdl("off")).env("PATH", "/nowhere");
    assert_eq!(project.run(["lint"]).expect_success().stderr, "no findings in 2 files\n");
    let project = project.file("swr.kdl", kdl("require"));
    project.run(["lint"]).expect_code(1);
    let plan = project.run(["plan"]).expect_code(1);
    assert!(plan.stderr.contains("it is required and not installed"), "{plan}");
    let project = with_scripts().file("swr.kdl", kdl("auto"));
    let output = project.run(["lint"]).expect_success();
    assert!(output.stdout.contains("nothing needs `SC2086` to be allowed here"), "{output}");
}

#[test]
fn a_shellcheck_that_does_not_work_is_an_error() {
    for (script, reason) in [
        ("echo 'version: 0.5.0'", "ShellCheck 0.5 is too old"),
        ("echo nothing", "it is another program"),
        ("case $1 in --version) echo 'version: 0.9.0';; *) exit 3;; esac", "it ended with exit status: 3"),
        ("case $1 in --version) echo 'version: 0.9.0';; *) echo '{';; esac", "its answer cannot be read"),
    ] {
        let project = with_scripts().executable("shellcheck", &format!("#!/bin/sh\n{script}\n"));
        let output = project.run(["lint", "--format", "short"]).expect_code(1);
        assert!(output.stdout.contains("error[shellcheck]: ShellCheck says nothing about this: "), "{output}");
        assert!(output.stdout.contains(reason), "{output}");
    }
}

#[test]
fn one_script_that_breaks_shellcheck_costs_no_other_its_findings() {
    let shellcheck = r#"#!/bin/sh
case $1 in --version) echo 'version: 0.9.0'; exit;; esac
if grep -q boom [0-9]*; then exit 2; fi
set -- $(grep -l '^make' [0-9]*)
for file; do
    all="$all${all:+,}{\"file\":\"$file\",\"line\":2,\"endLine\":2,\"column\":1,\"endColumn\":5,\"level\":\"style\",\"code\":2086,\"message\":\"m.\",\"fix\":null}"
done
echo "{\"comments\":[$all]}"
"#;
    let project = with_scripts().file("c/Dockerfile", "FROM alpine:3.20\nRUN boom\nHEALTHCHECK NONE\nCMD [\"b\"]\n");
    let project = project.executable("shellcheck", shellcheck);
    let output = project.run(["lint", "--format", "short"]).expect_code(1);
    let said: Vec<_> = output.stdout.lines().collect();
    assert_eq!(said.len(), 4, "{output}");
    assert!(said[..3].iter().all(|line| line.ends_with("info[SC2086]: m")), "{output}");
    assert!(said[3].starts_with("c/Dockerfile:2:5: error[shellcheck]"), "{output}");
}

#[test]
fn codes_of_shellcheck_are_explained() {
    let output = Project::empty().run(["explain", "sc2086"]).expect_success();
    assert!(output.stdout.contains("https://www.shellcheck.net/wiki/SC2086"), "{output}");
    Project::empty().run(["explain", "SC99"]).expect_code(1);
}
#[test]
fn the_language_is_the_one_of_the_option_or_of_the_locale() {
    let said = |environment: &[(&str, &str)], arguments: &[&str]| {
        let project =
            Project::empty().env("LC_ALL", "").file("Dockerfile", "FROM alpine:3.20\nRUN apk upgrade --no-cache\n");
        let project = environment.iter().fold(project, |project, (name, value)| project.env(name, value));
        project.run_all(&[&["lint"], arguments].concat()).expect_success()
    };
    for chinese in [
        said(&[], &["--lang", "zh"]),
        said(&[("LANG", "zh_CN.UTF-8")], &[]),
        said(&[("LANG", "en_US.UTF-8"), ("LC_MESSAGES", "zh_CN.UTF-8")], &[]),
        said(&[("LC_ALL", "zh_CN.UTF-8"), ("LC_MESSAGES", "C")], &[]),
        said(&[("LC_MESSAGES", ""), ("LANG", "zh")], &[]),
    ] {
        assert!(chinese.stdout.starts_with("警告[") && chinese.stdout.contains("\n  帮助："), "{chinese}");
        assert_eq!(chinese.stderr, "1 个文件：3 个警告（其中 1 个也许可用 --fix 修复）\n");
    }
    for english in [
        said(&[], &[]),
        said(&[("LANG", "zh_CN.UTF-8")], &["--lang", "en"]),
        said(&[("LC_ALL", "C.UTF-8"), ("LANG", "zh_CN.UTF-8")], &[]),
        said(&[("LANG", "de_DE.UTF-8")], &[]),
    ] {
        assert!(english.stdout.starts_with("warning[") && english.stdout.contains("\n  help: "), "{english}");
        assert_eq!(english.stderr, "3 warnings in 1 file (1 may be fixable with --fix)\n");
    }
}

/// A file that a fix creates would lie beside nothing.
#[test]
fn nothing_is_created_beside_standard_input() {
    let project = Project::empty().file("main.py", "").file("Dockerfile", "FROM python:3.12\nCOPY . /app\n");
    let on_disk = project.run(["lint", "--diff"]).stdout;
    assert!(on_disk.starts_with("--- /dev/null\n+++ b/.dockerignore\n"), "{on_disk}");
    for command in ["swrctl lint --diff -", "swrctl lint --diff - --stdin-path Dockerfile"] {
        assert_eq!(project.bash(&format!("{command} < Dockerfile")).stdout, "", "{command}");
    }
    project.bash("swrctl lint --fix - < Dockerfile");
    assert!(!project.path(".dockerignore").exists());
}

/// Whoever writes the file first wins: what is there is never written over.
#[test]
fn an_ignore_file_that_came_in_between_stays() {
    let kdl = "project \"a\" version=1\ndockerfiles \"Dockerfile\" { fix \"safe\"; }\n";
    let project = Project::new(kdl).file("main.py", "").file("Dockerfile", "FROM python:3.12\nCOPY . /app\n");
    project.run(["plan", "--out", "plan.json"]);
    let project = project.file(".dockerignore", "own\n");
    let output = project.run(["apply", "--auto-approve", "plan.json"]);
    assert_ne!(output.code, Some(0), "{output}");
    assert_eq!(std::fs::read_to_string(project.path(".dockerignore")).unwrap(), "own\n");
}

/// The rules that speak about a sample, linted as a user would: its files in a folder, the policy in a project file.
fn rules_about(sample: &Sample, policy: &str) -> BTreeSet<&'static str> {
    let text = format!(
        "project \"example\" version=1\ndockerfiles \"Dockerfile\" {{\n    profile \"all\"\n    {policy}\n}}\n"
    );
    let folder = Project::new(&text).file("Dockerfile", sample.dockerfile);
    let folder = sample.files.iter().fold(folder, |folder, (name, text)| folder.file(name, text));
    let (project, warnings) =
        swrctl::project::load(&folder.path("swr.kdl")).expect("the policy of an example is valid");
    assert!(warnings.is_empty(), "{policy}");
    let run = lint_declared(&project, jiff::civil::date(2027, 1, 31), false, &mut arm64);
    run.files.iter().flat_map(|file| &file.report.findings).map(|finding| finding.rule).collect()
}

/// The answer of a registry whose images are all for linux/arm64.
fn arm64(questions: BaseQuestions) -> BaseAnswers {
    let image = BaseImage { offer: Offer::Only("linux/arm64".parse().unwrap()), variables: BTreeMap::default() };
    let images = questions.0.into_keys().map(|name| (name, image.clone())).collect();
    BaseAnswers { images, ..BaseAnswers::default() }
}

#[test]
fn every_example_shows_what_its_rule_finds() {
    let mut faults = Vec::new();
    // The fast tests do without the program that this rule asks.
    for rule in rules().iter().filter(|rule| rule.name != "shellcheck") {
        let example = &rule.example;
        if !rules_about(&example.bad, example.policy).contains(rule.name) {
            faults.push(format!("{}: the bad example is fine\n{}", rule.name, example.bad.dockerfile));
        }
        if rules_about(&example.good, example.policy).contains(rule.name) {
            faults.push(format!("{}: the good example is not\n{}", rule.name, example.good.dockerfile));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}
