//! apt where apt-get is meant.

use super::super::context::Context;
use super::super::example::Example;
use super::super::fix::Fix;
use super::super::packages::package_command;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::diag::say;
use crate::dockerfile::shell::Invocation;
use crate::dockerfile::{Command, Instruction};

pub(super) static RULE: Rule = Rule {
    name: "apt-in-script",
    aliases: &["DL3027"],
    practice: None,
    level: Level::Off,
    by_policy: false,
    summary: say!(
        "apt is made for people: its command line may change between releases",
        "apt 是给人用的：它的命令行在不同版本之间可能变化"
    ),
    explanation: say!(
        "apt itself warns that scripts must not rely on it. apt-get and apt-cache keep their interface.",
        "apt 自己也警告脚本不要依赖它。apt-get 和 apt-cache 的接口保持稳定。"
    ),
    help: say!("write apt-get or apt-cache", "改写为 apt-get 或 apt-cache"),
    example: Example::new(
        "FROM debian:12.5\n\
         RUN apt update\n",
        "FROM debian:12.5\n\
         RUN apt-get update\n",
    ),
    check,
};

/// For verbs that mean the same to both; `apt upgrade` installs what `apt-get upgrade` would not.
fn as_apt_get(context: &Context, run: &Instruction, command: &Invocation) -> Option<Fix> {
    const SAME: [&str; 6] = ["update", "install", "remove", "purge", "autoremove", "clean"];
    let found = package_command(command).filter(|found| found.verb.written && SAME.contains(&found.verb.text()))?;
    let (shell, program) = (matches!(run.command(), Some(Command::Shell(_))), &found.invocation.words[0]);
    let alone = context.dockerfile.source.slice(program.span) == "apt";
    (shell && program.written && alone).then(|| Fix::replace(program.span, "apt-get"))
}

fn check(context: &Context, sink: &mut Sink) {
    for (run, command) in context.run_commands().filter(|(_, command)| command.program() == "apt") {
        let draft = sink.report(command.words[0].span, say!("apt is no interface for scripts", "apt 不是供脚本使用的接口"));
        draft.fix(as_apt_get(context, run, command));
    }
}
