//! What an apply came to: a verdict for every step, as text or as NDJSON.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::plan::{Event, Outcome, Plan, Step, TARGET_MOVED, Tally, Work};

use super::Bytes;
use super::diagnostic::Style;
use super::escape;

/// Version of the NDJSON records; the first record carries it.
const FORMAT_VERSION: u32 = 1;

/// A line for every step that did not simply stay as it was, then the fixed last line.
#[must_use]
pub fn outcomes(plan: &Plan, outcomes: &[Outcome], style: &Style) -> String {
    let mut text = String::new();
    for (step, outcome) in plan.steps().iter().zip(outcomes) {
        let (color, detail) = match outcome {
            Outcome::Passed { .. } | Outcome::Unchanged { .. } => continue,
            Outcome::Created { bytes } => (32, written(step, *bytes)),
            Outcome::Updated { bytes } => (33, written(step, *bytes)),
            Outcome::Deleted => (31, "no rule selects it".to_owned()),
            Outcome::Blocked { problem } | Outcome::Failed { problem } => (31, problem.message.clone()),
            Outcome::Skipped { because } => (31, because.clone()),
        };
        let word = outcome.word();
        let word = if style.color { format!("\u{1b}[{color}m{word}\u{1b}[0m") } else { word.to_owned() };
        let _ = writeln!(text, "{word} {}  {}", escape::line(step.address.as_str()), escape::line(&detail));
        if let Outcome::Failed { problem } | Outcome::Blocked { problem } = outcome
            && let Some(help) = &problem.help
        {
            let _ = writeln!(text, "    help: {}", escape::line(help));
        }
    }
    write_still_valid(&mut text, plan, outcomes);
    let _ = writeln!(text, "{}", summary(&Tally::of(outcomes)));
    text
}

/// What was done; fixes of files and organizations move nothing.
fn written(step: &Step, bytes: u64) -> String {
    match &step.work {
        Work::Fix(fix) => format!("{} written", Bytes(fix.bytes)),
        Work::Organization(_) => "it did not exist".to_owned(),
        _ => format!("{} moved", Bytes(bytes)),
    }
}

/// The last line of an apply.
pub(super) fn summary(tally: &Tally) -> String {
    let Tally { created, updated, deleted, unchanged, blocked, skipped, failed, bytes } = tally;
    let head = if tally.is_success() { "Apply complete" } else { "Apply incomplete" };
    format!(
        "{head}: {created} created, {updated} updated, {deleted} deleted, {unchanged} unchanged, {blocked} blocked, \
         {skipped} skipped, {failed} failed; {} moved.",
        Bytes(*bytes)
    )
}

/// How much of the plan the world still agreed with; nothing where it did with all of it.
fn write_still_valid(text: &mut String, plan: &Plan, outcomes: &[Outcome]) {
    let changes = plan.steps().iter().zip(outcomes).filter(|(step, _)| step.action.is_change());
    let outdated = |outcome: &Outcome| match outcome {
        Outcome::Failed { problem } => problem.code.as_str() == TARGET_MOVED,
        _ => false,
    };
    let (planned, moved) =
        changes.fold((0, 0), |(planned, moved), (_, outcome)| (planned + 1, moved + usize::from(outdated(outcome))));
    if moved > 0 {
        let _ = writeln!(text, "{} of {planned} planned changes were still valid.", planned - moved);
    }
}

/// One event as a line of NDJSON; `None` for what is only progress on a terminal.
#[must_use]
pub fn event_json(event: &Event) -> Option<String> {
    let record: Value = match event {
        Event::Started { address, action, bytes } => {
            json!({ "event": "started", "address": address, "action": action, "bytes": bytes })
        }
        Event::Moved { .. } | Event::Mounted { .. } => return None,
        Event::Retried { address, attempt, retries, problem, .. } => json!({
            "event": "retried",
            "address": address,
            "attempt": attempt,
            "retries": retries,
            "problem": problem,
        }),
        Event::Finished { address, outcome } => {
            let mut record = json!({ "event": "finished", "address": address });
            if let (Some(record), Ok(Value::Object(outcome))) = (record.as_object_mut(), serde_json::to_value(outcome))
            {
                record.extend(outcome);
            }
            record
        }
        Event::Stopping => json!({ "event": "stopping" }),
    };
    Some(record.to_string())
}

/// The first and the last record of an apply.
#[must_use]
pub fn summary_json(plan: &Plan, outcomes: Option<&[Outcome]>) -> String {
    match outcomes {
        None => json!({
            "event": "start",
            "format_version": FORMAT_VERSION,
            "project": plan.project,
            "steps": plan.steps().len(),
            "bytes": plan.bytes(),
            "requests": plan.requests().total(),
        }),
        Some(outcomes) => json!({ "event": "end", "tally": Tally::of(outcomes) }),
    }
    .to_string()
}
