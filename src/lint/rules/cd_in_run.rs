//! Practice 7: `cd` where WORKDIR belongs.

use super::super::context::Context;
use super::super::example::Example;
use super::super::fix::entered;
use super::super::paths::is_within;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::work::fetches;
use crate::dockerfile::Keyword;
use crate::dockerfile::shell::{Invocation, ShellWord};
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "cd-in-run",
    aliases: &["DL3003"],
    practice: Some(7),
    level: Level::Warning,
    by_policy: false,
    summary: say!(
        "`cd` says in the shell what WORKDIR says for every instruction",
        "`cd` 只在自己的 shell 里切换目录，而 WORKDIR 对后面每条指令都有效"
    ),
    explanation: say!(
        "The directory is forgotten when the RUN ends, so that the next one has to change it again, or runs in the \
         wrong place. A `cd` after other commands counts as info, and only the profile `hadolint` reports one into \
         what these commands may have made.",
        "目录在这条 RUN 结束后就失效，下一条要再切换一次，否则会在错误的地方执行。排在其他命令之后的 `cd` 只算提示，\
         进入这些命令可能创建的目录时只有 `hadolint` 配置集会报告。"
    ),
    help: say!("write a WORKDIR above the RUN", "在 RUN 上方写 WORKDIR"),
    example: Example::new(
        "FROM node:20.11-alpine\n\
         COPY . /app\n\
         RUN cd /app && npm ci\n",
        "FROM node:20.11-alpine\n\
         WORKDIR /app\n\
         COPY . .\n\
         RUN npm ci\n",
    ),
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
            sink.report(cd.span, say!("the directory holds for this RUN only", "目录只在这条 RUN 内有效")).soften(Level::Off);
            continue;
        };
        let directory = directory.text();
        let ends = all[at + 1..].iter().all(prepares);
        let message = if first && ends {
            say!("`cd {directory}` has no effect: the RUN ends here", "`cd {directory}` 不起作用：RUN 到此结束", directory)
        } else {
            say!("`cd {directory}` holds for this RUN only", "`cd {directory}` 只在这条 RUN 内有效", directory)
        };
        let help = if first {
            say!("write `WORKDIR {directory}` above the RUN", "在 RUN 上方写 `WORKDIR {directory}`", directory)
        } else {
            say!(
                "write `WORKDIR {directory}` and put what follows into a RUN below it",
                "写 `WORKDIR {directory}`，后面的命令放进它下方的 RUN",
                directory
            )
        };
        let draft = sink.report(cd.span, message).help(help);
        draft.fix(entered(context, index, cd));
        if !first {
            draft.soften(Level::Info);
        }
    }
}
