//! Several rules that write one tag: equal requests become one, others are in conflict.

use std::collections::HashMap;

use super::expand::{Expansion, Request};
use super::inventory::Location;
use crate::diag::{Diagnostic, Label, Problem, Wording, say};
use crate::project::Project;

/// Orders requests by target; equal ones become one, different ones that write one tag are in conflict.
pub(super) fn merge(project: &Project, expansion: &mut Expansion) {
    expansion.requests.sort_by(|a, b| (&a.target, &a.source, a.span).cmp(&(&b.target, &b.source, b.span)));
    let mut merged: Vec<Request> = Vec::with_capacity(expansion.requests.len());
    let mut writers: HashMap<Location, usize> = HashMap::new();
    for request in expansion.requests.drain(..) {
        let target = request.target.at_home(project);
        expansion.touched.extend([request.source.at_home(project), target.clone()]);
        let first = *writers.entry(target).or_insert(merged.len());
        let Some(first) = merged.get_mut(first) else {
            merged.push(request);
            continue;
        };
        // The more of both is what both want.
        first.retries = first.retries.max(request.retries);
        first.verify = first.verify.max(request.verify);
        if first.conflict.is_none()
            && let Some(problem) = conflict(first, &request)
        {
            expansion.findings.push(of_both(project, problem.clone(), first, &request));
            first.conflict = Some(problem);
        }
    }
    expansion.requests = merged;
}

/// Why two requests that write one tag cannot be one.
fn conflict(first: &Request, second: &Request) -> Option<Problem> {
    if (&first.target, &first.source, &first.rewrite) != (&second.target, &second.source, &second.rewrite) {
        return Some(target_conflict(first, second));
    }
    let differ = [
        ("missing-only", first.missing_only != second.missing_only),
        ("accept-equivalent", first.accept_equivalent != second.accept_equivalent),
        ("referrers", first.referrers != second.referrers),
    ];
    let option = differ.into_iter().find(|(_, differs)| *differs)?.0;
    let message = say!(
        "two migrations write {target}, and `{option}` of one is not that of the other",
        "两个迁移都写入 {target}，而两者的 `{option}` 不同",
        target = first.target,
        option
    );
    let help = say!(
        "narrow one of the two, or write the same `{option}` in both",
        "缩小其中一个的范围，或者在两处写相同的 `{option}`",
        option
    );
    Some(Problem::new("options-differ", message).with_help(help))
}

/// Why two requests cannot write one tag.
#[must_use]
pub fn target_conflict(first: &Request, second: &Request) -> Problem {
    let target = if first.target == second.target {
        Wording::same(first.target.to_string())
    } else {
        let (one, other) = (&first.target, &second.target);
        say!("{one}, which {other} names as well", "{one}（也就是 {other}）", one, other)
    };
    let (from, other) = (&first.source, &second.source);
    let message = if from == other {
        say!(
            "two rules write {target} from {from}, with different `platforms` or `attestations`",
            "两条规则都从 {from} 写入 {target}，但 `platforms` 或 `attestations` 不同",
            target,
            from
        )
    } else if first.span == second.span {
        say!(
            "one rule writes {target} twice: from {from} and from {other}",
            "一条规则两次写入 {target}：一次来自 {from}，一次来自 {other}",
            target,
            from,
            other
        )
    } else {
        say!(
            "two rules write {target}: from {from} and from {other}",
            "两条规则都写入 {target}：一条来自 {from}，一条来自 {other}",
            target,
            from,
            other
        )
    };
    if first.span == second.span {
        let help = say!(
            "leave one of them out with `except`, or keep more of their names",
            "用 `except` 排除其中一个，或者多保留一些名字的层级"
        );
        return Problem::new("target-conflict", message).with_help(help);
    }
    let help = say!(
        "narrow one of the two, or give one another name with `as`",
        "缩小其中一条的范围，或者用 `as` 给其中一条换个名字"
    );
    Problem::new("target-conflict", message).with_help(help)
}

fn of_both(project: &Project, problem: Problem, first: &Request, second: &Request) -> Diagnostic {
    let mut diagnostic = Diagnostic::from(problem).at(&project.source, first.span, say!("one is here", "一条在这里"));
    if second.span != first.span {
        diagnostic.labels.push(Label {
            source: project.source.clone(),
            span: second.span,
            text: Some(say!("the other here", "另一条在这里")),
        });
    }
    diagnostic
}
