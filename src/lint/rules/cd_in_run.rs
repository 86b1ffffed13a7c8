//! Practice 7: `cd` where WORKDIR belongs.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;
use crate::dockerfile::shell::Invocation;

pub(super) static RULE: Rule = Rule {
    name: "cd-in-run",
    aliases: &["DL3003"],
    practice: Some(7),
    level: Level::Warning,
    by_policy: false,
    summary: "a RUN that starts with `cd` says in the shell what WORKDIR says for every instruction",
    explanation: "The directory is forgotten when the RUN ends, so that the next one has to change it again, or \
                  runs in the wrong place. A `cd` after other commands may enter what they made: only the \
                  profile `hadolint` reports it.",
    help: "write a WORKDIR above the RUN",
    check,
};

/// Commands that prepare the shell and nothing else.
fn prepares(invocation: &Invocation) -> bool {
    match invocation.program() {
        "set" | "shopt" | "export" | "umask" | ":" | "true" | "ulimit" => true,
        "sh" | "bash" => invocation.has_option("-c"),
        _ => false,
    }
}

fn check(context: &Context, sink: &mut Sink) {
    for (index, _) in context.every(Keyword::Run) {
        let all = &context.script(index).invocations;
        let Some(cd) = all.iter().find(|invocation| invocation.program() == "cd") else { continue };
        let mut commands = all.iter().filter(|invocation| !prepares(invocation));
        let Some(first) = commands.next() else { continue };
        let directory = first.operands().next().filter(|word| first.program() == "cd" && !word.dynamic);
        let Some(directory) = directory else {
            sink.report(cd.span, "the directory holds for this RUN only").soften(Level::Off);
            continue;
        };
        let message = if commands.next().is_none() {
            format!("`cd {}` has no effect: the RUN ends here", directory.text())
        } else {
            format!("`cd {}` holds for this RUN only", directory.text())
        };
        sink.report(first.span, message).help(format!("write `WORKDIR {}` above the RUN", directory.text()));
    }
}
