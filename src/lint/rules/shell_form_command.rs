//! Practice 7: CMD and ENTRYPOINT as an array.

use super::super::context::Context;
use super::super::example::Example;
use super::super::fix::as_array;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::{Command, Keyword};
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "shell-form-command",
    aliases: &["DL3025", "JSONArgsRecommended"],
    practice: Some(7),
    level: Level::Warning,
    by_policy: false,
    summary: say!(
        "a command that is no array runs below a shell, which swallows signals",
        "不是数组的命令在 shell 之下运行，shell 会吞掉信号"
    ),
    explanation: say!(
        "`docker stop` and Kubernetes send SIGTERM to the shell, which does not pass it on: the program is killed \
         after the grace period instead of ending cleanly. A command that starts with `exec` is fine, and so is a \
         stage that chose its shell with SHELL.",
        "`docker stop` 和 Kubernetes 把 SIGTERM 发给 shell，shell 不会转发：程序不能正常退出，宽限期一过就被强行终止。\
         以 `exec` 开头的命令没有问题，用 SHELL 选择了自己的 shell 的阶段也没有问题。"
    ),
    help: say!(
        "write an array of strings, like `[\"program\", \"argument\"]`",
        "改写为字符串数组，例如 `[\"program\", \"argument\"]`"
    ),
    example: Example::new(
        "FROM node:20.11-alpine\n\
         CMD node server.js\n",
        "FROM node:20.11-alpine\n\
         CMD [\"node\", \"server.js\"]\n",
    ),
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
                let message = say!(
                    "{keyword} runs below a shell that passes no signal on",
                    "{keyword} 在 shell 之下运行，shell 不会转发信号",
                    keyword = instruction.keyword.name()
                );
                sink.report(text.whole(), message).fix(as_array(context, at, text));
            }
        }
    }
}
