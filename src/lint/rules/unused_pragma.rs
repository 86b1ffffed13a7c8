//! Comments that turn off what nobody reports.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::diag::say;

pub(in super::super) static RULE: Rule = Rule {
    name: "unused-pragma",
    aliases: &[],
    practice: None,
    level: Level::Warning,
    by_policy: false,
    summary: say!("a comment turns off a rule that finds nothing there", "注释关闭了一条在那里没有发现问题的规则"),
    explanation: say!(
        "What it was written for has been corrected, or it never stood above the right instruction. It stays behind as a \
         hole through which a later fault slips. Names of ShellCheck's findings are not judged: they depend on whether \
         it is installed.",
        "当初的问题已经改正，或者注释从来没有写在正确的指令上方。它留下一个缺口，以后的问题会从这里漏过去。ShellCheck \
         的编号不作判断：结果取决于是否安装了它。"
    ),
    help: say!("delete the name, or the whole comment", "删除这个名字，或者整条注释"),
    example: Example::new(
        "# hadolint ignore=DL3006\n\
         FROM alpine:3.20\n",
        "# hadolint ignore=DL3006\n\
         FROM alpine\n",
    ),
    check,
};

/// Says something once the other rules have spoken.
fn check(context: &Context, sink: &mut Sink) {
    for idle in &context.idle_pragmas {
        let message = match idle.name.as_deref() {
            Some(name) => {
                say!("nothing needs `{name}` to be turned off here", "这里没有任何问题需要关闭 `{name}`", name)
            }
            None => say!("nothing needs anything to be turned off here", "这里没有任何问题需要关闭规则"),
        };
        sink.report(idle.comment, message);
    }
}
