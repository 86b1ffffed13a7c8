//! A plan as people read it: what changes, why, and one fixed last line.

use std::fmt::Write as _;

use crate::diag::{Wording, say};
use crate::image::Digest;
use crate::network::Verdict;
use crate::plan::{Action, FileEdit, NetworkWork, Plan, Step, SyncWork, Transfer, Work};

use super::diagnostic::{HELP, Style};
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
        return style.say(&say!("No changes.", "没有改动。")) + "\n";
    }
    text.push('\n');
    let unchanged = plan.steps().iter().filter(|s| s.action == Action::Unchanged && matches!(s.work, Work::Sync(_)));
    let unchanged = match unchanged.count() {
        0 => None,
        1 => Some(say!("1 tag is unchanged.", "1 个标签没有变化。")),
        count => Some(say!("{count} tags are unchanged.", "{count} 个标签没有变化。", count)),
    };
    let paths = plan.used_paths().into_iter().map(|(registry, path)| {
        say!("Path to `{registry}`: {path}", "到 `{registry}` 的路径：{path}", registry, path = path.wording())
    });
    for line in paths.chain(unchanged).chain([summary(plan)]) {
        let _ = writeln!(text, "{}", style.say(&line));
    }
    text
}

fn summary(plan: &Plan) -> Wording {
    let bytes = Bytes(plan.bytes());
    let to_move = match plan.requests().total() {
        0 => say!("{bytes} to move", "需传输 {bytes}", bytes),
        1 => say!("{bytes} to move in 1 request", "需传输 {bytes}，1 次请求", bytes),
        count => {
            say!("{bytes} to move in {count} requests", "需传输 {bytes}，{count} 次请求", bytes, count = Count(count))
        }
    };
    say!(
        "Plan: {create} to create, {update} to update, {delete} to delete, {blocked} blocked; {to_move}.",
        "计划：新建 {create}，更新 {update}，删除 {delete}，受阻 {blocked}；{to_move}。",
        create = plan.count(Action::Create),
        update = plan.count(Action::Update),
        delete = plan.count(Action::Delete),
        blocked = plan.count(Action::Blocked),
        to_move
    )
}

fn write_step(text: &mut String, step: &Step, style: &Style) {
    let header = |reason: &Wording| {
        let symbol = style.paint(color(step.action), &step.action.symbol().to_string());
        format!("{symbol} {}  {}\n", escape::line(step.address.as_str()), style.say(reason))
    };
    match (&step.work, step.action) {
        (Work::Network(network), Action::Unchanged) => {
            if network.checks.iter().any(|result| result.verdict == Verdict::Warn) {
                text.push_str(&header(&say!("reachable, with warnings", "可以访问，但有警告")));
                write_checks(text, network, style);
            }
            return;
        }
        (_, Action::Unchanged) => return,
        _ => text.push_str(&header(&step.reason)),
    }
    match &step.work {
        Work::Sync(sync) if step.action.is_change() => write_sync(text, sync, style),
        Work::Network(network) => write_checks(text, network, style),
        Work::Prune(prune) if step.action.is_change() => write_arrow(text, prune.before.as_ref(), &short(None), style),
        Work::Fix(fix) => write_diff(text, &fix.edit, style),
        Work::File(file) => write_diff(text, &file.edit, style),
        Work::Lint(_) | Work::Organization(_) | Work::Sync(_) | Work::Select(_) | Work::Prune(_) => {}
    }
    if let Some(help) = &step.help {
        let _ = writeln!(text, "    {}{}", HELP.get(style.lang), style.say(help));
    }
}

fn write_diff(text: &mut String, edit: &FileEdit, style: &Style) {
    for line in diff::shown(&edit.diff, style).lines() {
        let _ = writeln!(text, "    {line}");
    }
}

/// What the header does not say yet: every further failure, and the warnings.
fn write_checks(text: &mut String, network: &NetworkWork, style: &Style) {
    let mut told = false;
    for result in network.checks.iter().filter(|result| result.verdict >= Verdict::Warn) {
        let (check, observed) = (result.check, &result.observed);
        let line = match result.verdict {
            Verdict::Fail if !told => {
                told = true;
                let line = say!("expected: {expected}", "期望：{expected}", expected = result.expected);
                let _ = writeln!(text, "    {}", style.say(&line));
                continue;
            }
            Verdict::Fail => say!("{check} fails: {observed}", "{check} 失败：{observed}", check, observed),
            _ => say!("{check} warns: {observed}", "{check} 警告：{observed}", check, observed),
        };
        let _ = writeln!(text, "    {}", style.say(&line));
        if let Some(fix) = &result.fix {
            let _ = writeln!(text, "      {}{}", HELP.get(style.lang), style.say(fix));
        }
    }
}

fn write_sync(text: &mut String, sync: &SyncWork, style: &Style) {
    let from = say!("from {source}", "来自 {source}", source = sync.source);
    let _ = writeln!(text, "    {}", style.say(&from));
    write_arrow(text, sync.before.as_ref(), &after(sync), style);
    let transfers = Wording::joined(transfers(sync), &say!(", ", "，"));
    let _ = writeln!(text, "    {}", style.say(&transfers));
    if !sync.losses.is_empty() {
        let losses = Wording::joined(&sync.losses, &say!(", ", "、"));
        let _ = writeln!(text, "    {}", style.say(&say!("loses {losses}", "会失去 {losses}", losses)));
    }
}

/// How its blobs get to the target.
fn transfers(sync: &SyncWork) -> impl Iterator<Item = Wording> {
    let count = |wanted: fn(&Transfer) -> bool| sync.blobs.iter().filter(|blob| wanted(&blob.transfer)).count();
    let uploads = count(|transfer| *transfer == Transfer::Upload);
    let mounts = count(|transfer| matches!(transfer, Transfer::Mount { .. }));
    let coming = count(|transfer| *transfer == Transfer::Coming);
    let present = count(|transfer| *transfer == Transfer::Present);
    let bytes = Bytes(sync.bytes);
    let moved = match uploads {
        0 => say!("nothing to move", "无需传输"),
        1 => say!("{bytes} to move in 1 blob", "需传输 1 个数据块，{bytes}", bytes),
        _ => say!("{bytes} to move in {uploads} blobs", "需传输 {uploads} 个数据块，{bytes}", bytes, uploads),
    };
    let further = [
        (mounts, say!("{mounts} mounted from another repository", "{mounts} 个从其他仓库挂载", mounts)),
        (coming, say!("{coming} brought by an earlier step", "{coming} 个由前面的步骤带来", coming)),
        (present, say!("{present} already there", "{present} 个已在目标上", present)),
    ];
    let further = further.into_iter().filter(|(count, _)| *count > 0).map(|(_, line)| line);
    std::iter::once(moved).chain(further)
}

/// What the target's tag will hold.
pub(super) fn after(sync: &SyncWork) -> Wording {
    let later = || say!("(known after apply)", "（执行后才知道）");
    sync.after.as_ref().map_or_else(later, |after| short(Some(after)))
}

fn write_arrow(text: &mut String, before: Option<&Digest>, after: &Wording, style: &Style) {
    let arrow = if style.unicode { "→" } else { "->" };
    let _ = writeln!(text, "    {} {arrow} {}", style.say(&short(before)), style.say(after));
}

/// A digest as people recognise it.
pub(super) fn short(digest: Option<&Digest>) -> Wording {
    digest.map_or_else(|| say!("none", "无"), |digest| Wording::same(digest.short()))
}

const fn color(action: Action) -> u8 {
    match action {
        Action::Create => 32,
        Action::Update => 33,
        Action::Delete | Action::Blocked => 31,
        Action::Unchanged => 2,
    }
}
