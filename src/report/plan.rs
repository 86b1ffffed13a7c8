//! A plan as people read it: what changes, why, and one fixed last line.

use std::fmt::Write as _;

use crate::image::Digest;
use crate::network::Verdict;
use crate::plan::{Action, FixWork, NetworkWork, Plan, Step, SyncWork, Transfer, Work};

use super::diagnostic::Style;
use super::size::{Bytes, Count};
use super::{diff, escape};

/// The whole plan; unchanged steps are counted, not listed. `No changes.` alone when there is nothing to do.
///
/// Texts of servers, of saved plans and of file names cannot drive the terminal.
#[must_use]
pub fn human(plan: &Plan, style: &Style) -> String {
    let mut text = String::new();
    let is_deletion = |step: &&Step| matches!(step.work, Work::Prune(_));
    let (deletions, others): (Vec<_>, Vec<_>) = plan.steps().iter().partition(is_deletion);
    for step in deletions.into_iter().chain(others) {
        write_step(&mut text, step, style);
    }
    if text.is_empty() {
        return "No changes.\n".to_owned();
    }
    text.push('\n');
    let unchanged = plan.steps().iter().filter(|s| s.action == Action::Unchanged && matches!(s.work, Work::Sync(_)));
    match unchanged.count() {
        0 => {}
        1 => text.push_str("1 tag is unchanged.\n"),
        count => {
            let _ = writeln!(text, "{count} tags are unchanged.");
        }
    }
    let _ = writeln!(
        text,
        "Plan: {} to create, {} to update, {} to delete, {} blocked; {} to move{}.",
        plan.count(Action::Create),
        plan.count(Action::Update),
        plan.count(Action::Delete),
        plan.count(Action::Blocked),
        Bytes(plan.bytes()),
        requests(plan.requests().total())
    );
    text
}

fn requests(count: u64) -> String {
    match count {
        0 => String::new(),
        1 => " in 1 request".to_owned(),
        _ => format!(" in {} requests", Count(count)),
    }
}

fn write_step(text: &mut String, step: &Step, style: &Style) {
    let _ = match (&step.work, step.action) {
        (Work::Network(network), Action::Unchanged) => return write_warnings(text, step, network, style),
        (_, Action::Unchanged) => return,
        _ => writeln!(text, "{} {}  {}", symbol(step.action, style), shown(&step.address), shown(&step.reason)),
    };
    match &step.work {
        Work::Sync(sync) if step.action.is_change() => write_sync(text, sync, style),
        Work::Network(network) => write_checks(text, network),
        Work::Prune(prune) if step.action.is_change() => write_arrow(text, prune.before.as_ref(), "none", style),
        Work::Fix(fix) => write_diff(text, fix, style),
        Work::Lint(_) | Work::Organization(_) | Work::Sync(_) | Work::Select(_) | Work::Prune(_) => {}
    }
    if let Some(help) = &step.help {
        let _ = writeln!(text, "    help: {}", shown(help));
    }
}

fn write_diff(text: &mut String, fix: &FixWork, style: &Style) {
    for line in diff::shown(&fix.diff, style).lines() {
        let _ = writeln!(text, "    {line}");
    }
}

fn write_warnings(text: &mut String, step: &Step, network: &NetworkWork, style: &Style) {
    if network.checks.iter().any(|result| result.verdict == Verdict::Warn) {
        let _ =
            writeln!(text, "{} {}  reachable, with warnings", symbol(Action::Unchanged, style), shown(&step.address));
        write_checks(text, network);
    }
}

/// What the header does not say yet: every further failure, and the warnings.
fn write_checks(text: &mut String, network: &NetworkWork) {
    let mut told = false;
    for result in network.checks.iter().filter(|result| result.verdict >= Verdict::Warn) {
        if result.verdict == Verdict::Fail && !told {
            told = true;
            let _ = writeln!(text, "    expected: {}", shown(&result.expected));
            continue;
        }
        let verdict = if result.verdict == Verdict::Fail { "fails" } else { "warns" };
        let _ = writeln!(text, "    {} {verdict}: {}", result.check, shown(&result.observed));
        if let Some(fix) = &result.fix {
            let _ = writeln!(text, "      help: {}", shown(fix));
        }
    }
}

fn write_sync(text: &mut String, sync: &SyncWork, style: &Style) {
    let _ = writeln!(text, "    from {}", shown(&sync.source));
    write_arrow(text, sync.before.as_ref(), &after(sync), style);
    let count = |wanted: fn(&Transfer) -> bool| sync.blobs.iter().filter(|blob| wanted(&blob.transfer)).count();
    let uploads = count(|transfer| *transfer == Transfer::Upload);
    let mounts = count(|transfer| matches!(transfer, Transfer::Mount { .. }));
    let coming = count(|transfer| *transfer == Transfer::Coming);
    let present = count(|transfer| *transfer == Transfer::Present);
    let mut parts = vec![match uploads {
        0 => "nothing to move".to_owned(),
        1 => format!("{} to move in 1 blob", Bytes(sync.bytes)),
        _ => format!("{} to move in {uploads} blobs", Bytes(sync.bytes)),
    }];
    if mounts > 0 {
        parts.push(format!("{mounts} mounted from another repository"));
    }
    if coming > 0 {
        parts.push(format!("{coming} brought by an earlier step"));
    }
    if present > 0 {
        parts.push(format!("{present} already there"));
    }
    let _ = writeln!(text, "    {}", parts.join(", "));
    if !sync.losses.is_empty() {
        let _ = writeln!(text, "    loses {}", shown(&sync.losses.join(", ")));
    }
}

/// What the target's tag will hold, for people.
pub(super) fn after(sync: &SyncWork) -> String {
    sync.after.as_ref().map_or_else(|| "(known after apply)".to_owned(), Digest::short)
}

fn write_arrow(text: &mut String, before: Option<&Digest>, after: &str, style: &Style) {
    let short = |digest: Option<&Digest>| digest.map_or_else(|| "none".to_owned(), Digest::short);
    let arrow = if style.unicode { "→" } else { "->" };
    let _ = writeln!(text, "    {} {arrow} {}", short(before), after);
}

fn shown(text: &(impl ToString + ?Sized)) -> String {
    escape::line(&text.to_string()).into_owned()
}

fn symbol(action: Action, style: &Style) -> String {
    let symbol = action.symbol();
    if !style.color {
        return symbol.to_string();
    }
    let color = match action {
        Action::Create => 32,
        Action::Update => 33,
        Action::Delete | Action::Blocked => 31,
        Action::Unchanged => 2,
    };
    format!("\u{1b}[{color}m{symbol}\u{1b}[0m")
}
