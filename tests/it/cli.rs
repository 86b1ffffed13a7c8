//! The command line: transcripts in `tests/cases/cli`, and what a transcript cannot show.
//!
//! A case is Markdown. A block ` ```kdl NAME ` (or another language) is a file of the project; each block
//! ` ```console ` is a command with its standard output, its standard error and its exit code, one after the other in
//! one folder. `SWRCTL_BLESS=1` rewrites the answers.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::expected::assert_file;
use crate::support::plan::document;
use crate::support::sources::files;
use crate::support::swrctl::Project;

/// One image between two folders; the target does not exist yet.
fn quickstart() -> Project {
    Project::copy_of("examples/quickstart")
}

/// Runs the commands of a case and writes the case again with what they answered.
fn replay(case: &str) -> String {
    let mut project = Project::empty();
    let mut replayed = String::new();
    let mut lines = case.lines();
    while let Some(line) = lines.next() {
        let _ = writeln!(replayed, "{line}");
        let Some(opened) = line.strip_prefix("```").filter(|rest| !rest.is_empty()) else { continue };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        if let Some((_, name)) = opened.split_once(' ') {
            project = project.file(name, block.join("\n") + "\n");
            replayed.extend(block.iter().flat_map(|line| [line, "\n"]));
        } else if opened == "console" {
            let command = block.first().and_then(|line| line.strip_prefix("$ swrctl ")).expect("a command");
            let _ = write!(replayed, "$ swrctl {command}\n{}", answer(&project, command));
        }
        replayed.push_str("```\n");
    }
    replayed
}

fn answer(project: &Project, command: &str) -> String {
    let arguments: Vec<&str> = command.split(' ').collect();
    let output = project.run_all(&arguments);
    let stderr = if output.stderr.is_empty() { String::new() } else { format!("[stderr]\n{}", output.stderr) };
    let code = output.code.expect("no signal ends it");
    // A diagnostic ends with an empty line, which would be lost on whoever reads the case.
    format!("{}{}\n[exit code {code}]\n", output.stdout, stderr.trim_end()).replace("\n\n[exit", "\n[exit")
}

#[test]
fn the_transcripts_are_what_the_commands_say() {
    let cases = files("tests/cases/cli");
    assert!(cases.len() >= 5, "{}", cases.len());
    for case in cases {
        let replayed = replay(&case.text);
        assert!(replayed.contains("[exit code "), "{} runs nothing", case.path);
        assert_file(&case.path, &replayed);
    }
}

#[test]
fn the_version_is_one_line() {
    let output = Project::empty().run(["--version"]).expect_success();
    assert_eq!(output.stdout, format!("swrctl {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_starter_is_valid_and_stays_as_it_is() {
    let project = Project::empty().file("api/Dockerfile", "FROM scratch\n");
    project.run(["init"]).expect_success();
    project.run(["validate"]).expect_success();
    let starter = std::fs::read_to_string(project.path("swr.kdl")).unwrap();
    assert!(starter.contains("api/Dockerfile"), "{starter}");
    let edited = format!("{starter}// mine\n");
    std::fs::write(project.path("swr.kdl"), &edited).unwrap();
    project.run(["init"]).expect_code(1);
    assert_eq!(std::fs::read_to_string(project.path("swr.kdl")).unwrap(), edited);
    project.run(["init", "--force"]).expect_success();
    assert_eq!(std::fs::read_to_string(project.path("swr.kdl")).unwrap(), starter);
}

#[test]
fn standard_output_of_a_json_plan_is_one_document() {
    let output = quickstart().run(["plan", "--json", "--target", "sync.*"]).expect_success();
    assert_eq!(document(&output)["partial"], true);
    assert!(output.stderr.contains("partial plan"), "{output}");
}

#[test]
fn apply_without_a_terminal_asks_nothing_and_writes_nothing() {
    let project = quickstart();
    let output = project.run(["apply"]).expect_code(1);
    assert!(output.stderr.contains("--auto-approve") && output.stderr.contains("apply PLANFILE"), "{output}");
    assert!(!project.path("out").exists());
}

#[test]
fn a_plan_that_cannot_be_saved_says_where_and_writes_nothing() {
    let project = quickstart().file("a-file", "");
    for (out, reason) in [("gone/plan.json", "no such file"), ("a-file/plan.json", "not a directory")] {
        let output = project.run(["plan", "--out", out]).expect_code(1);
        assert!(output.stderr.contains(&format!("cannot save the plan to {out}: {reason}")), "{output}");
        assert!(!output.stderr.contains("tmp"), "the name of a temporary file helps nobody: {output}");
        assert_eq!(output.stdout, "");
    }
}

#[test]
fn the_events_of_an_apply_are_as_documented() {
    let project = quickstart();
    let output = project.run(["apply", "--auto-approve", "--json"]).expect_success();
    let events: Vec<Value> = output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (first, last) = (&events[0], &events[events.len() - 1]);
    let start = serde_json::json!({
        "event": "start", "format_version": 1, "project": "quickstart", "steps": 2, "bytes": 924, "requests": 0
    });
    assert_eq!(*first, start);
    let tally = serde_json::json!({
        "created": 1, "updated": 0, "deleted": 0, "unchanged": 0, "blocked": 0, "skipped": 0, "failed": 0, "bytes": 924
    });
    assert_eq!(*last, serde_json::json!({ "event": "end", "tally": tally }));
    for (address, outcome) in [("lint.Dockerfile", "passed"), ("sync.out/hello:1.0", "created")] {
        let of_step: Vec<&Value> = events.iter().filter(|event| event["address"] == address).collect();
        let kinds: Vec<&Value> = of_step.iter().map(|event| &event["event"]).collect();
        assert_eq!(kinds, ["started", "finished"], "{output}");
        assert_eq!(of_step[1]["outcome"], outcome, "{output}");
    }
    assert_eq!(output.stderr, "");

    let again = project.run(["apply", "--auto-approve", "--json"]).expect_success();
    let unchanged = again.stdout.lines().find(|line| line.contains("sync.out") && line.contains("finished"));
    assert!(unchanged.is_some_and(|line| line.contains("\"outcome\":\"unchanged\"")), "{again}");
}

#[test]
fn what_a_saved_plan_blocks_is_in_the_events_with_its_reason() {
    let project = quickstart().file("Dockerfile", "FROM nginx:latest\n");
    project.run(["plan", "--out", "plan.json"]).expect_code(1);
    let output = project.run(["apply", "plan.json", "--json"]).expect_code(1);
    let events = output.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let blocked: Vec<Value> = events.filter(|event| event["outcome"] == "blocked").collect();
    assert_eq!(blocked.len(), 2, "{output}");
    for event in blocked {
        assert!(event["problem"]["code"].is_string() && event["problem"]["message"].is_string(), "{event}");
    }
    assert!(!project.path("out").exists());
}

/// More steps than a pipe takes records of; none of them changes anything.
fn many_steps() -> Project {
    let mut project = Project::new("project \"test\" version=1\ndockerfiles \"**/Dockerfile\" { profile \"none\"; }\n");
    for number in 0..300 {
        project = project.file(&format!("{}-{number}/Dockerfile", "long".repeat(50)), "FROM scratch\n");
    }
    project
}

#[test]
fn a_reader_that_stops_reading_holds_up_neither_the_work_nor_an_interrupt() {
    let project = many_steps();
    let mut running = project.spawn_unread(["apply", "--auto-approve", "--json", "--report", "report.json"]);
    let deadline = Instant::now() + Duration::from_mins(1);
    let report = project.path("report.json");
    while !std::fs::read_to_string(&report).is_ok_and(|text| text.contains("\"state\": \"finished\"")) {
        assert!(running.is_running() && Instant::now() < deadline, "{}", running.finish(Duration::ZERO));
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(running.is_running(), "the pipe took all of it");
    running.interrupt();
    running.finish(Duration::from_mins(1)).expect_code(130);
}

#[test]
fn a_graph_for_graphviz_is_balanced_and_draws_every_step_once() {
    let text = quickstart().run(["graph"]).expect_success().stdout;
    let mut lines = text.lines();
    assert_eq!((lines.next(), lines.next_back()), (Some("digraph plan {"), Some("}")));
    assert!(lines.clone().all(|line| line.starts_with("  ") && line.ends_with(';')), "{text}");
    assert_eq!(text.matches('"').count() % 2, 0);
    let nodes: Vec<&str> = lines.clone().filter(|line| line.contains("[label = ")).collect();
    assert_eq!(nodes, ["  s0 [label = \"= lint.Dockerfile\"];", "  s1 [label = \"+ sync.out/hello:1.0\"];"]);
    let edges: Vec<&str> = lines.filter(|line| line.contains(" -> ")).collect();
    assert_eq!(edges, ["  s0 -> s1;"]);
}

#[test]
fn completions_exist_for_each_shell_and_bash_reads_its_own() {
    let project = Project::empty();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = project.run(["completions", shell]).expect_success().stdout;
        for word in ["detailed-exitcode", "validate", "completions"] {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
    }
    project.bash("swrctl completions bash > script; bash -n script").expect_success();
}

#[test]
fn every_command_has_a_manual_page() {
    let project = Project::empty();
    let page = project.run(["man"]).expect_success().stdout;
    assert!(page.contains(".TH swrctl 1") && page.contains(".SH SYNOPSIS"), "{page}");
    std::fs::create_dir(project.path("man1")).unwrap();
    project.run(["man", "--dir", "man1"]).expect_success();
    for name in ["swrctl", "swrctl-init", "swrctl-validate", "swrctl-plan", "swrctl-apply", "swrctl-graph"] {
        let page = std::fs::read_to_string(project.path(&format!("man1/{name}.1"))).unwrap();
        assert!(page.contains(".SH NAME"), "{name}: {page}");
    }
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    let project = quickstart();
    for command in ["plan", "plan --json", "graph", "--help", "completions bash", "man", "apply --auto-approve"] {
        let output = project.bash(&format!("swrctl {command} | true")).expect_success();
        assert!(!output.stderr.contains("panicked") && !output.stderr.contains("error"), "{output}");
    }
    assert!(project.path("out/index.json").exists(), "an apply goes on without its reader");
}

#[test]
fn colours_come_only_when_asked_for() {
    let escape = '\u{1b}';
    for (project, arguments, colours) in [
        (quickstart(), ["plan", "--color", "auto"], false),
        (quickstart(), ["plan", "--color", "always"], true),
        (quickstart(), ["plan", "--color", "never"], false),
        (quickstart().env("NO_COLOR", "1"), ["plan", "--color", "auto"], false),
        (quickstart().env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1"), ["--help", "--color", "auto"], false),
    ] {
        let output = project.run(arguments).expect_success();
        assert_eq!(output.stdout.contains(escape), colours, "{arguments:?}: {output}");
    }
}
