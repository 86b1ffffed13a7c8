//! The pre-commit hook and the GitHub Action, as far as they can be tried without their hosts.

use std::path::Path;

use regex::Regex;
use swrctl::dockerfile::is_dockerfile;

use crate::support::swrctl::Project;

fn read(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// What a line of YAML says in single quotes behind `key`.
fn quoted(text: &str, key: &str) -> Regex {
    let line = text.lines().find_map(|line| line.trim_start().strip_prefix(key)).expect("the key is there");
    Regex::new(line.trim().trim_matches('\'')).unwrap()
}

/// The script of the action's last step.
fn script(action: &str) -> String {
    let (_, script) = action.rsplit_once("run: |\n").expect("a step runs a script");
    script.lines().map(|line| line.strip_prefix("        ").unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_hook_takes_the_files_that_a_folder_is_searched_for() {
    let hooks = read(".pre-commit-hooks.yaml");
    let (files, exclude) = (quoted(&hooks, "files:"), quoted(&hooks, "exclude:"));
    for name in [
        "Dockerfile",
        "dockerfile",
        "Containerfile",
        "Dockerfile.dev",
        "Dockerfile.dev.arm",
        "Dockerfile-alpine",
        "Dockerfile_dev",
        "Dockerfile.md",
        "Dockerfile.j2",
        "Dockerfile.dev.bak",
        "Dockerfile-lint.js",
        "web.Dockerfile",
        "web.dockerfile",
        ".dockerfile",
        "a.CONTAINERFILE",
        "dockerfile.rs",
        "Dockerfile.dockerignore",
        ".dockerignore",
        "Dockerfiles",
        "MyDockerfile",
        "README.md",
    ] {
        for path in [name.to_owned(), format!("a/b/{name}")] {
            assert_eq!(files.is_match(&path) && !exclude.is_match(&path), is_dockerfile(name), "{path}");
        }
    }
}

#[test]
fn the_action_hands_its_inputs_to_lint() {
    let action = read("action.yml");
    let variables: Vec<&str> = action
        .lines()
        .filter_map(|line| line.trim().strip_prefix("LINT_")?.split_once(':'))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(variables, ["PROGRAM", "PATHS", "FILE", "PROFILE", "FAIL_ON", "BASELINE", "FORMAT", "REPORT"]);
    let inputs = [
        ("PATHS", "$(touch pwned)/x\n-n\n\napi\n"),
        ("FILE", ""),
        ("PROFILE", "all"),
        ("FAIL_ON", "warning"),
        ("BASELINE", ""),
    ];
    let outputs = [("FORMAT", "github"), ("REPORT", "report.txt"), ("PROGRAM", env!("CARGO_BIN_EXE_swrctl"))];
    let mut project = Project::empty().file("api/Dockerfile", "FROM alpine:latest\nHEALTHCHECK NONE\nCMD [\"a\"]\n");
    for (name, value) in inputs.into_iter().chain(outputs) {
        project = project.env(&format!("LINT_{name}"), value);
    }
    let output = project.bash(&script(&action)).expect_code(1);
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", "2 errors, 1 warning in 3 files\n"));
    let report = std::fs::read_to_string(project.path("report.txt")).unwrap();
    for file in ["$(touch pwned)/x", "-n", "api/Dockerfile"] {
        assert!(report.contains(&format!(" file={file},line=1,")), "{report}");
    }
    assert!(!project.path("pwned").exists());
    let project = project.env("LINT_PATHS", "").env("LINT_PROFILE", "").env("LINT_FAIL_ON", "").env("LINT_REPORT", "");
    let output = project.bash(&script(&action)).expect_success();
    assert!(output.stdout.starts_with("::warning file=api/Dockerfile,"), "{output}");
    project.run(["lint", "--write-baseline=known.json"]).expect_success();
    let output = project.env("LINT_BASELINE", "known.json").bash(&script(&action)).expect_success();
    assert_eq!(output.stdout, "", "{output}");
}
