//! Pipes that swallow failures.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::{Instruction, Keyword};
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

fn sets_pipefail(shell: &Instruction) -> bool {
    shell.words().iter().any(|word| word.text() == "pipefail")
}

fn is_set_inside(script: &Script) -> bool {
    script.invocations.iter().any(|command| command.arguments().iter().any(|word| word.text() == "pipefail"))
}

fn check(context: &Context, sink: &mut Sink) {
    let dockerfile = context.dockerfile;
    let mut safe = vec![false; dockerfile.stages.len()];
    for (number, stage) in dockerfile.stages.iter().enumerate() {
        safe[number] = dockerfile.ancestry(number).nth(1).is_some_and(|parent| safe[parent]);
        for index in stage.instructions.clone() {
            let instruction = &dockerfile.instructions[index];
            if instruction.is(Keyword::Shell) {
                safe[number] = sets_pipefail(instruction);
            }
            let script = context.script(index);
            let pipe = script.pipes.first().filter(|_| instruction.is(Keyword::Run) && !safe[number]);
            if let Some(pipe) = pipe.filter(|_| !is_set_inside(script)) {
                sink.report(*pipe, "what fails in front of this pipe goes unnoticed");
            }
        }
    }
}
