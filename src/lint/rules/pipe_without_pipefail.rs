//! Pipes that swallow failures.

use super::super::context::Context;
use super::super::fix::guarded;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::stage_shell::PosixShell;
use crate::dockerfile::Keyword;
use crate::dockerfile::shell::Script;

pub(super) static RULE: Rule = Rule {
    name: "pipe-without-pipefail",
    aliases: &["DL4006"],
    practice: None,
    level: Level::Info,
    by_policy: false,
    summary: "a pipe succeeds when its last command does, whatever became of the others",
    explanation: "With `curl … | tar x` a failed download leaves an empty directory and a build that goes on. \
                  `pipefail` makes the pipe fail, be it set with SHELL, with `set -o pipefail` or as an option of the \
                  shell; the shell of a stage holds in the stages built on it.",
    help: "write `SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]` above, or start with `set -o pipefail`",
    check,
};

fn is_set_inside(script: &Script) -> bool {
    script.invocations.iter().any(|command| command.arguments().iter().any(|word| word.text() == "pipefail"))
}

fn check(context: &Context, sink: &mut Sink) {
    for (index, run) in context.every(Keyword::Run) {
        let script = context.script(index);
        let safe = context.shell(index).posix().is_some_and(PosixShell::sets_pipefail);
        let pipe = script.pipes.first().filter(|_| !run.on_build && !safe);
        if let Some(pipe) = pipe.filter(|_| !is_set_inside(script)) {
            sink.report(*pipe, "what fails in front of this pipe goes unnoticed").fix(guarded(context, index));
        }
    }
}
