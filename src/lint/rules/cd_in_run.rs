//! Practice 7: `cd` where WORKDIR belongs.

use super::super::context::Context;
use super::super::fix::entered;
use super::super::paths::is_within;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::work::fetches;
use crate::dockerfile::Keyword;
use crate::dockerfile::shell::{Invocation, ShellWord};

pub(super) static RULE: Rule = Rule {
    name: "cd-in-run",
    aliases: &["DL3003"],
    practice: Some(7),
    level: Level::Warning,
    by_policy: false,
    summary: "`cd` says in the shell what WORKDIR says for every instruction",
    explanation: "The directory is forgotten when the RUN ends, so that the next one has to change it again, or \
                  runs in the wrong place. A `cd` after other commands counts as info, and only the profile \
                  `hadolint` reports one into what these commands may have made.",
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

/// Whether the directory was there before the RUN, as far as its text tells.
fn is_given(directory: &ShellWord, before: &[Invocation]) -> bool {
    let path = directory.text();
    let related = |word: &ShellWord| {
        let other = word.text().rsplit('=').next().unwrap_or_default().trim_end_matches('/');
        other.starts_with('/') && (is_within(path, other) || is_within(other, path))
    };
    path.starts_with('/')
        && before.iter().all(|command| command.program() != "cd" && !fetches(command))
        && !before.iter().flat_map(|command| &command.words[1..]).any(related)
}

fn check(context: &Context, sink: &mut Sink) {
    for (index, _) in context.every(Keyword::Run) {
        let all = &context.script(index).invocations;
        let Some(at) = all.iter().position(|invocation| invocation.program() == "cd") else { continue };
        let (cd, before) = (&all[at], &all[..at]);
        let directory = cd.operands().next().filter(|word| !word.dynamic);
        let first = before.iter().all(prepares);
        let Some(directory) = directory.filter(|word| first || is_given(word, before)) else {
            sink.report(cd.span, "the directory holds for this RUN only").soften(Level::Off);
            continue;
        };
        let ends = all[at + 1..].iter().all(prepares);
        let message = if first && ends {
            format!("`cd {}` has no effect: the RUN ends here", directory.text())
        } else {
            format!("`cd {}` holds for this RUN only", directory.text())
        };
        let help = if first { "above the RUN" } else { "and put what follows into a RUN below it" };
        let draft = sink.report(cd.span, message).help(format!("write `WORKDIR {}` {help}", directory.text()));
        draft.fix(entered(context, index, cd));
        if !first {
            draft.soften(Level::Info);
        }
    }
}
