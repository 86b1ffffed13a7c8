//! Practice 7: CMD and ENTRYPOINT as an array.

use super::super::context::Context;
use super::super::example::Example;
use super::super::fix::as_array;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::start_script::is_script_name;
use crate::diag::{Span, say};
use crate::dockerfile::shell::{Invocation, ShellReader};
use crate::dockerfile::{Arguments, Command, Keyword, Text};

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
         stage that chose its shell with SHELL; hadolint reports both, BuildKit the first.",
        "`docker stop` 和 Kubernetes 把 SIGTERM 发给 shell，shell 不会转发：程序不能正常退出，宽限期一过就被强行终止。\
         以 `exec` 开头的命令没有问题，用 SHELL 选择了自己的 shell 的阶段也没有问题；hadolint 对两者都报告，\
         BuildKit 只报告前者。"
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

/// Whether it is an array to hadolint, which takes any letter behind a backslash.
fn hadolint_reads(text: &str) -> bool {
    serde_json::from_str::<Vec<String>>(&text.replace(['\\', '\t'], "/")).is_ok()
}

/// The program that the shell of `["sh", "-c", "…"]` starts below itself, where the text says that it is the last.
fn below_shell(context: &Context, index: usize, words: &[Text]) -> Option<Span> {
    let script = context.script(index);
    let carried = script.carried.first().filter(|_| script.carried.len() == 1 && script.background.is_empty())?;
    let text = words.iter().find(|word| word.whole() == *carried)?;
    let programs = script.invocations.len() > 1 && !script.invocations.iter().skip(1).any(is_exec);
    let ending = ShellReader::default().endings(text).into_iter().next().filter(|_| programs)?;
    let last = ending.words.last().map_or(ending.words[0].span, |word| word.span);
    Some(ending.words[0].span.join(last))
}

/// A script of its own speaks for itself.
fn is_exec(command: &Invocation) -> bool {
    let path = command.words[0].text();
    command.wrappers.iter().any(|word| word.text() == "exec") || is_script_name(path)
}

fn check(context: &Context, sink: &mut Sink) {
    let dockerfile = context.dockerfile;
    let mut chosen = vec![false; dockerfile.stages.len()];
    for index in 0..dockerfile.stages.len() {
        chosen[index] = dockerfile.ancestry(index).nth(1).is_some_and(|parent| chosen[parent]);
        for at in dockerfile.stages[index].instructions.clone() {
            let instruction = &dockerfile.instructions[at];
            chosen[index] |= instruction.is(Keyword::Shell);
            let commands = instruction.is(Keyword::Cmd) || instruction.is(Keyword::Entrypoint);
            if context.as_buildkit() && commands && matches!(instruction.arguments, Arguments::None) && !chosen[index] {
                let keyword = instruction.keyword.name();
                sink.report(instruction.keyword.span, say!("{keyword} is no array", "{keyword} 不是数组", keyword));
            }
            if let Some(Command::Shell(text)) = instruction.command()
                && commands
                && (!chosen[index] || context.as_hadolint())
                && (!text.as_str().starts_with("exec ") || context.as_hadolint() || context.as_buildkit())
            {
                let message = say!(
                    "{keyword} runs below a shell that passes no signal on",
                    "{keyword} 在 shell 之下运行，shell 不会转发信号",
                    keyword = instruction.keyword.name()
                );
                let draft = sink.report(text.whole(), message).fix(as_array(context, at, text));
                draft.beyond_hadolint(hadolint_reads(text.as_str()));
            }
            if let Some(Command::Exec(words)) = instruction.command()
                && commands
                && let Some(span) = below_shell(context, at, words)
            {
                let message = say!(
                    "without `exec` it depends on the shell of `sh -c` whether this gets signals",
                    "没有 `exec`，它能否收到信号取决于 `sh -c` 的 shell"
                );
                let draft = sink.report(span, message).aliases(&[]).soften(Level::Info);
                draft.help(say!("write `exec` in front of it", "在它前面写 `exec`"));
            }
        }
    }
}
