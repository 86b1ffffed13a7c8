//! What an apply came to: a verdict for every step, as text or as NDJSON.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::diag::{Lang, Wording, say};
use crate::image::Digest;
use crate::plan::{Event, Outcome, Plan, Step, TARGET_MOVED, Tally, Work};

use super::Bytes;
use super::diagnostic::{HELP, Style};
use super::escape;

/// Version of the NDJSON records; the first record carries it.
const FORMAT_VERSION: u32 = 1;

/// What became of one step; empty where it simply stayed as it was.
#[must_use]
pub fn outcome(step: &Step, outcome: &Outcome, style: &Style) -> String {
    let mut text = String::new();
    let (color, detail) = match outcome {
        Outcome::Passed { .. } | Outcome::Unchanged { .. } => return text,
        Outcome::Created { bytes, digest } => (32, written(step, *bytes, digest.as_ref())),
        Outcome::Updated { bytes, digest } => (33, written(step, *bytes, digest.as_ref())),
        Outcome::Deleted => (31, deleted(step)),
        Outcome::Blocked { problem } | Outcome::Failed { problem, .. } => (31, problem.message.clone()),
        Outcome::Skipped { because } => (31, because.clone()),
    };
    let verdict = style.paint(color, verdict(outcome).get(style.lang));
    let _ = writeln!(text, "{verdict} {}  {}", escape::line(step.address.as_str()), style.say(&detail));
    if let Outcome::Failed { problem, .. } | Outcome::Blocked { problem } = outcome
        && let Some(help) = &problem.help
    {
        let _ = writeln!(text, "    {}{}", HELP.get(style.lang), style.say(help));
    }
    text
}

/// A line for every step that did not simply stay as it was.
#[must_use]
pub fn outcomes(plan: &Plan, outcomes: &[Outcome], style: &Style) -> String {
    plan.steps().iter().zip(outcomes).map(|(step, became)| outcome(step, became, style)).collect()
}

/// The fixed last line.
#[must_use]
pub fn end(plan: &Plan, outcomes: &[Outcome], style: &Style) -> String {
    let mut text = String::new();
    for line in still_valid(plan, outcomes).into_iter().chain([summary(&Tally::of(outcomes))]) {
        let _ = writeln!(text, "{}", style.say(&line));
    }
    text
}

/// An outcome by its word for people.
pub(super) const fn verdict(outcome: &Outcome) -> Wording {
    match outcome {
        Outcome::Passed { .. } => say!("passed", "已通过"),
        Outcome::Unchanged { .. } => say!("unchanged", "未变"),
        Outcome::Created { .. } => say!("created", "已新建"),
        Outcome::Updated { .. } => say!("updated", "已更新"),
        Outcome::Deleted => say!("deleted", "已删除"),
        Outcome::Blocked { .. } => say!("blocked", "受阻"),
        Outcome::Skipped { .. } => say!("skipped", "已跳过"),
        Outcome::Failed { .. } => say!("failed", "失败"),
    }
}

/// What was done; changes of files and organizations move nothing. What an image became is told where the plan could not.
fn written(step: &Step, bytes: u64, digest: Option<&Digest>) -> Wording {
    match (&step.work, step.work.edit()) {
        (Work::Sync(sync), _) if sync.after.is_none() => say!(
            "{bytes} moved, it became {digest}",
            "传输 {bytes}，成为 {digest}",
            bytes = Bytes(bytes),
            digest = Wording::list(digest)
        ),
        (Work::Organization(_), _) => say!("it did not exist", "原来不存在"),
        (_, Some(edit)) => say!("{bytes} written", "写入 {bytes}", bytes = Bytes(edit.bytes)),
        (_, None) => say!("{bytes} moved", "传输 {bytes}", bytes = Bytes(bytes)),
    }
}

fn deleted(step: &Step) -> Wording {
    match &step.work {
        Work::Prune(_) => say!("no rule selects it", "没有规则选中它"),
        _ => step.reason.clone(),
    }
}

/// The last line of an apply.
pub(super) fn summary(tally: &Tally) -> Wording {
    let Tally { created, updated, deleted, unchanged, blocked, skipped, failed, bytes } = tally;
    let head = if tally.is_success() {
        say!("Apply complete", "执行完成")
    } else {
        say!("Apply incomplete", "执行未完成")
    };
    say!(
        "{head}: {created} created, {updated} updated, {deleted} deleted, {unchanged} unchanged, {blocked} blocked, \
         {skipped} skipped, {failed} failed; {bytes} moved.",
        "{head}：新建 {created}，更新 {updated}，删除 {deleted}，未变 {unchanged}，受阻 {blocked}，跳过 {skipped}，\
         失败 {failed}；传输 {bytes}。",
        head,
        created,
        updated,
        deleted,
        unchanged,
        blocked,
        skipped,
        failed,
        bytes = Bytes(*bytes)
    )
}

/// How much of the plan the world still agreed with; nothing where it did with all of it.
fn still_valid(plan: &Plan, outcomes: &[Outcome]) -> Option<Wording> {
    let changes = plan.steps().iter().zip(outcomes).filter(|(step, _)| step.action.is_change());
    let outdated = |outcome: &Outcome| match outcome {
        Outcome::Failed { problem, .. } => problem.code.as_str() == TARGET_MOVED,
        _ => false,
    };
    let (planned, moved) =
        changes.fold((0, 0), |(planned, moved), (_, outcome)| (planned + 1, moved + usize::from(outdated(outcome))));
    (moved > 0).then(|| {
        say!(
            "{valid} of {planned} planned changes were still valid.",
            "计划的 {planned} 项改动中有 {valid} 项仍然有效。",
            valid = planned - moved,
            planned
        )
    })
}

/// One event as a line of NDJSON, its sentences in `lang`; `None` for what is only progress on a terminal.
#[must_use]
pub fn event_json(event: &Event, lang: Lang) -> Option<String> {
    lang.write(|| record(event)).map(|record| record.to_string())
}

fn record(event: &Event) -> Option<Value> {
    Some(match event {
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
    })
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
