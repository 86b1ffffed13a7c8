//! Pipes that swallow failures.

use super::super::context::Context;
use super::super::example::Example;
use super::super::fix::guarded;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::stage_shell::PosixShell;
use crate::dockerfile::shell::{Invocation, Script};
use crate::dockerfile::{Instruction, Keyword};
use crate::diag::{Span, say};

pub(super) static RULE: Rule = Rule {
    name: "pipe-without-pipefail",
    aliases: &["DL4006"],
    practice: None,
    level: Level::Info,
    by_policy: false,
    summary: say!(
        "a pipe succeeds when its last command does, whatever became of the others",
        "管道只看最后一个命令是否成功，不管前面的命令怎样"
    ),
    explanation: say!(
        "With `curl … | tar x` a failed download leaves an empty directory and a build that goes on. `pipefail` makes \
         the pipe fail, be it set with SHELL, with `set -o pipefail` or as an option of the shell; the shell of a \
         stage holds in the stages built on it.",
        "写 `curl … | tar x` 时，下载失败只会留下空目录，构建照样继续。`pipefail` 使管道失败，可以用 SHELL 设置，用 \
         `set -o pipefail` 设置，或者作为 shell 的选项；一个阶段的 shell 在以它为基础的阶段里同样有效。"
    ),
    help: say!(
        "write `SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]` above, or start with `set -o pipefail`",
        "在上方写 `SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]`，或者以 `set -o pipefail` 开头"
    ),
    example: Example::new(
        "FROM debian:12.5\n\
         RUN curl -fsSL https://example.com/site.tar.gz | tar -xz -C /srv\n",
        "FROM debian:12.5\n\
         SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\n\
         RUN curl -fsSL https://example.com/site.tar.gz | tar -xz -C /srv\n",
    ),
    check,
};

/// Whether a shell is called with the option, or `set` turns it on, which is not enough for hadolint.
fn is_set_inside(context: &Context, script: &Script) -> bool {
    let counts = |command: &&Invocation| !context.as_hadolint() || command.program() != "set";
    let mut commands = script.invocations.iter().filter(counts);
    commands.any(|command| command.arguments().iter().any(|word| word.text() == "pipefail"))
}

/// Whether what fails in front of a pipe is meant to: what writes until nobody reads on, and what `|| true` stands behind.
fn is_excused(context: &Context, run: &Instruction, script: &Script, pipe: Span) -> bool {
    let before = script.invocations.partition_point(|command| command.span.start < pipe.start);
    let endless = before.checked_sub(1).is_some_and(|at| script.invocations[at].program() == "yes");
    let behind = context.dockerfile.source.slice(Span::new(pipe.end, run.span.end.max(pipe.end)));
    let ends = [";", "&&"].iter().filter_map(|end| behind.find(end)).min().unwrap_or(behind.len());
    endless || ["|| true", "|| :"].iter().any(|either| behind[..ends].contains(either))
}

/// Whether the shell has the option: dash has not, and what `sh` is depends on the image, so that hadolint counts neither.
fn knows(context: &Context, shell: &PosixShell) -> bool {
    !context.as_hadolint() || !matches!(shell.name.as_str(), "sh" | "dash")
}

fn check(context: &Context, sink: &mut Sink) {
    for (index, run) in context.every(Keyword::Run) {
        let script = context.script(index);
        let safe = context.shell(index).posix().is_some_and(|shell| shell.sets_pipefail() && knows(context, shell));
        let mut pipes = script.pipes.iter().filter(|_| !run.on_build && !safe);
        let pipe = pipes.find(|pipe| context.as_hadolint() || !is_excused(context, run, script, **pipe));
        if let Some(pipe) = pipe.filter(|_| !is_set_inside(context, script)) {
            sink.report(*pipe, say!("what fails in front of this pipe goes unnoticed", "这个管道之前的失败无人察觉")).fix(guarded(context, index));
        }
    }
}
