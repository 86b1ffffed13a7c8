//! wget that fills the log.

use super::super::context::Context;
use super::super::example::Example;
use super::super::fix::{is_like_debian, option};
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::shell::ShellWord;
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "wget-progress",
    aliases: &["DL3047"],
    practice: None,
    level: Level::Off,
    by_policy: false,
    summary: say!(
        "wget without a terminal prints a line for every fifty kilobytes",
        "没有终端时，wget 每 50 KB 打印一行"
    ),
    explanation: say!(
        "The build log of a large download then has thousands of lines in which nobody finds the fault.",
        "下载大文件时构建日志有成千上万行，没有人能从中找到错误。"
    ),
    help: say!("write `wget -nv`, or `--progress=dot:giga`", "改写为 `wget -nv`，或者 `--progress=dot:giga`"),
    example: Example::new(
        "FROM debian:12.5\n\
         RUN wget https://example.com/tool.tar.gz\n",
        "FROM debian:12.5\n\
         RUN wget -nv https://example.com/tool.tar.gz\n",
    ),
    check,
};

/// Options that say where the progress goes.
const TOLD: [&str; 8] =
    ["-q", "--quiet", "--no-verbose", "--progress", "-o", "--output-file", "-a", "--append-output"];

fn check(context: &Context, sink: &mut Sink) {
    for (run, command) in context.run_commands().filter(|(_, command)| command.program() == "wget") {
        let words = || command.arguments().iter().map(ShellWord::text);
        let brief = |word: &str| word.starts_with("-n") && word[2..].starts_with('v');
        let told = TOLD.iter().any(|option| command.has_option(option));
        if !told && !words().any(brief) && command.operands().next().is_some() {
            let draft = sink.report(command.words[0].span, say!("wget prints its progress into the build log", "wget 把进度打印到构建日志里"));
            // The wget of busybox knows no such option, and a log may be what a command works on.
            let written = context.dockerfile.source.slice(run.span);
            let log = written.contains("2>") || written.contains("&>") || written.contains("|&");
            let gnu = !log && context.index_of(run).is_some_and(|index| is_like_debian(context, index));
            draft.fix(Some(()).filter(|()| gnu).and_then(|()| option(run, &command.words[0], "--progress=dot:giga")));
        }
    }
}
