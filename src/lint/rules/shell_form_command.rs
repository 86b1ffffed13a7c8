//! Practice 7: CMD and ENTRYPOINT as an array.

use super::super::context::Context;
use super::super::fix::as_array;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::{Command, Keyword};

pub(super) static RULE: Rule = Rule {
    name: "shell-form-command",
    aliases: &["DL3025", "JSONArgsRecommended"],
    practice: Some(7),
    level: Level::Warning,
    by_policy: false,
    summary: "a command that is no array runs below a shell, which swallows signals",
    explanation: "`docker stop` and Kubernetes send SIGTERM to the shell, which does not pass it on: the program \
                  is killed after the grace period instead of ending cleanly. A command that starts with `exec` is \
                  fine, and so is a stage that chose its shell with SHELL.",
    help: "write an array of strings, like `[\"program\", \"argument\"]`",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    let dockerfile = context.dockerfile;
    let mut chosen = vec![false; dockerfile.stages.len()];
    for index in 0..dockerfile.stages.len() {
        chosen[index] = dockerfile.ancestry(index).nth(1).is_some_and(|parent| chosen[parent]);
        for at in dockerfile.stages[index].instructions.clone() {
            let instruction = &dockerfile.instructions[at];
            chosen[index] |= instruction.is(Keyword::Shell);
            let commands = instruction.is(Keyword::Cmd) || instruction.is(Keyword::Entrypoint);
            if let Some(Command::Shell(text)) = instruction.command()
                && commands
                && !chosen[index]
                && !text.as_str().starts_with("exec ")
            {
                let message = format!("{} runs below a shell that passes no signal on", instruction.keyword.name());
                sink.report(text.whole(), message).fix(as_array(context, at, text));
            }
        }
    }
}
