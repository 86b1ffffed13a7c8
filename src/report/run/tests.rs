//! Holds `schema/report.schema.json` against the documents that reports are written as.

use serde_json::{Value, json};

use super::*;
use crate::diag::{Lang, Problem, Wording};
use crate::image::Digest;
use crate::plan::{Plan, Requests};

fn plan() -> Plan {
    let at = |registry: &str, tag: &str| json!({ "registry": registry, "repository": "a/b", "reference": tag });
    let (before, after) = (Digest::sha256(b"before"), Digest::sha256(b"after"));
    let step = |tag: &str, action: &str| {
        json!({
            "address": format!("sync.dst/a/b:{tag}"), "action": action, "reason": "why", "kind": "sync",
            "source": at("src", tag), "target": at("dst", tag), "source_digest": after,
            "before": (action != "create").then_some(&before), "after": after,
            "bytes": 7, "requests": Requests::default(), "retries": 3,
        })
    };
    let actions = [
        ("v1", "create"),
        ("v2", "update"),
        ("v3", "unchanged"),
        ("v4", "blocked"),
        ("v5", "create"),
        ("v6", "create"),
    ];
    let mut steps = vec![json!({ "address": "lint.a|`b/Dockerfile", "action": "unchanged", "reason": "nothing found",
                "kind": "lint", "file": "a|`b/Dockerfile", "set": 0, "digest": before, "findings": [] })];
    steps.extend(actions.map(|(tag, action)| step(tag, action)));
    steps.push(json!({ "address": "prune.dst/a/b:old", "action": "delete", "reason": "why", "kind": "prune",
                       "target": at("dst", "old"), "before": before }));
    let summary = json!({ "create": 0, "update": 0, "delete": 0, "blocked": 0, "bytes": 0,
                          "requests": Requests::default() });
    let document = json!({
        "format_version": 3, "project": "p<b>", "project_digest": Digest::sha256(b"p"), "partial": true,
        "summary": summary, "gates": [], "steps": steps,
    });
    Plan::from_json(&document.to_string()).unwrap()
}

/// Of every outcome one, and of every event.
fn record(plan: &Plan) -> Record {
    let address = |at: usize| plan.steps()[at].address.clone();
    let problem = Problem::new("x", Wording::same("a | `<b>`\nbroke")).with_help(Wording::same("mend it"));
    let finished = |at: usize, outcome| Event::Finished { address: address(at), outcome };
    let started = |at: usize| Event::Started { address: address(at), action: Action::Create, bytes: 7 };
    let retried =
        Event::Retried { address: address(1), attempt: 1, retries: 3, pause: Duration::ZERO, problem: problem.clone() };
    let events = [
        started(1),
        Event::Moved { address: address(1), bytes: 2 },
        retried,
        Event::Moved { address: address(1), bytes: 5 },
        Event::Mounted { address: address(1), bytes: 5 },
        finished(0, Outcome::Passed { note: Wording::same("passes") }),
        finished(1, Outcome::Created { bytes: 7, digest: Some(Digest::sha256(b"now")) }),
        finished(2, Outcome::Updated { bytes: 0, digest: None }),
        finished(3, Outcome::Unchanged { note: Wording::same("the same digest") }),
        finished(4, Outcome::Blocked { problem: problem.clone() }),
        finished(5, Outcome::Skipped { because: Outcome::INTERRUPTED }),
        Event::Moved { address: address(6), bytes: 3 },
        finished(6, Outcome::Failed { problem, bytes: 3 }),
        finished(7, Outcome::Deleted),
    ];
    let mut record = Record::default();
    for (at, event) in (1..).zip(&events) {
        record.note(event, Duration::from_millis(at * 100));
    }
    record
}

/// Stopped in the middle of a step.
fn moved_only(plan: &Plan) -> Record {
    let mut record = Record::default();
    record.note(&Event::Moved { address: plan.steps()[1].address.clone(), bytes: 4 }, Duration::ZERO);
    record
}

fn run<'a>(plan: &'a Plan, record: &'a Record, state: State) -> Run<'a> {
    Run { plan, record, state, began: jiff::Timestamp::UNIX_EPOCH, lasted: Duration::from_secs(2), lang: Lang::En }
}

fn assert_fits(document: &Value) {
    let schema: Value = serde_json::from_str(include_str!("../../../schema/report.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<String> =
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(faults.is_empty(), "{}\n{document:#}", faults.join("\n"));
}

#[test]
fn every_outcome_fits_the_schema_with_its_bytes_seconds_and_retries() {
    let plan = plan();
    let record = record(&plan);
    let document: Value = serde_json::from_str(&json(&run(&plan, &record, State::Finished))).unwrap();
    assert_fits(&document);
    let first = &document["steps"][1];
    let told = ["moved", "mounted", "retries", "seconds", "outcome"].map(|name| first[name].clone());
    assert_eq!(told, [json!(7), json!(5), json!(1), json!(0.6), json!("created")]);
    assert_eq!(first["digest"], Digest::sha256(b"now").to_string());
    assert_eq!(document["tally"]["failed"], 1);
    assert_eq!(document["tally"]["bytes"], 10, "of the step that failed, too");
    let stopped: Value = serde_json::from_str(&json(&run(&plan, &moved_only(&plan), State::Interrupted))).unwrap();
    assert_eq!(stopped["tally"]["bytes"], 4, "of steps that did not come to their end");
}

#[test]
fn a_step_that_nothing_was_heard_of_has_a_verdict_once_the_run_is_over() {
    let plan = plan();
    let outcomes = |state| {
        let document: Value = serde_json::from_str(&json(&run(&plan, &Record::default(), state))).unwrap();
        assert_fits(&document);
        let steps = document["steps"].as_array().unwrap().clone();
        steps.iter().skip(3).take(2).map(|step| step["outcome"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(outcomes(State::Running), ["pending", "pending"]);
    assert_eq!(outcomes(State::Interrupted), ["skipped", "skipped"]);
    assert_eq!(outcomes(State::Finished), ["unchanged", "blocked"]);
}

#[test]
fn markdown_lists_changes_and_problems_and_lets_no_text_of_others_be_markup() {
    let plan = plan();
    let record = record(&plan);
    let text = markdown(&run(&plan, &record, State::Finished));
    let expected = "\
## swrctl apply: p&lt;b&gt;

**Apply incomplete: 1 created, 1 updated, 1 deleted, 1 unchanged, 1 blocked, 1 skipped, 1 failed; 10 B moved.**

Began 1970-01-01T00:00:00Z, took 2.0 s.

This was a partial plan.

| verdict | step | digest | moved | mounted | seconds | retries |
|---|---|---|---:|---:|---:|---:|
";
    assert!(text.starts_with(expected), "{text}");
    let row = text.lines().find(|line| line.contains("a/b:v1")).unwrap();
    assert!(row.starts_with("| created | `sync.dst/a/b:v1` | ") && row.ends_with(" | 7 B | 5 B | 0.6 | 1 |"), "{row}");
    assert!(text.contains("- `sync.dst/a/b:v6` failed: a \\| \\`&lt;b&gt;\\` broke  \n  help: mend it\n"), "{text}");
    assert!(text.contains("<details><summary>2 as they should be</summary>\n\n- `lint.a\\|'b/Dockerfile`\n"), "{text}");
}
