//! Commands below sudo.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "sudo",
    aliases: &["DL3004"],
    practice: None,
    level: Level::Info,
    by_policy: false,
    summary: say!("sudo in a build brings a terminal and signals into disorder", "在构建中使用 sudo 会扰乱终端和信号"),
    explanation: say!(
        "A RUN is root unless USER says otherwise, so that sudo adds nothing but a program that can be misused in the \
         image.",
        "除非 USER 另有说明，RUN 本来就是 root，sudo 只是在镜像里多放一个可能被滥用的程序。"
    ),
    help: say!(
        "leave it out, or change the user with USER, gosu or su-exec",
        "去掉它，或者用 USER、gosu 或 su-exec 切换用户"
    ),
    example: Example::new(
        "FROM debian:12.5\n\
         RUN sudo apt-get update\n",
        "FROM debian:12.5\n\
         RUN apt-get update\n",
    ),
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for (_, command) in context.run_commands() {
        let words = command.wrappers.iter().chain(command.words.first());
        for word in words.filter(|word| word.text().rsplit('/').next() == Some("sudo")) {
            sink.report(word.span, say!("sudo has nothing to do in a build", "构建中用不上 sudo"));
        }
    }
}
