//! Practice 16: no HEALTHCHECK.

use super::super::context::Context;
use super::super::example::Example;
use super::super::images::{Kind, kind};
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::{Instruction, Keyword};
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "missing-healthcheck",
    aliases: &["DL3057"],
    practice: Some(16),
    level: Level::Warning,
    by_policy: false,
    summary: say!(
        "without HEALTHCHECK a container that hangs counts as healthy",
        "没有 HEALTHCHECK 时，卡死的容器也算健康"
    ),
    explanation: say!(
        "Docker and Swarm only see whether the process lives. `HEALTHCHECK NONE` says that another one watches, \
         Kubernetes for example.",
        "Docker 和 Swarm 只看进程是否存活。`HEALTHCHECK NONE` 表示由别的系统负责检查，例如 Kubernetes。"
    ),
    help: say!(
        "add a HEALTHCHECK that asks the program, or `HEALTHCHECK NONE` where something else watches it",
        "加上会询问程序的 HEALTHCHECK；由别的系统检查时写 `HEALTHCHECK NONE`"
    ),
    example: Example::new(
        "FROM nginx:1.27\n",
        "FROM nginx:1.27\n\
         HEALTHCHECK CMD [\"curl\", \"--fail\", \"http://localhost/\"]\n",
    ),
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for from in lacking(context) {
        sink.report(from.span, say!("the image has no HEALTHCHECK", "镜像没有 HEALTHCHECK"));
    }
}

fn lacking<'a>(context: &Context<'a>) -> Vec<&'a Instruction> {
    if context.as_hadolint() {
        return context.lineages_without(|line| line.is(Keyword::Healthcheck));
    }
    let checked = context.shipped().any(|(_, instruction)| instruction.is(Keyword::Healthcheck));
    let runs = context.shipped().any(|(_, line)| line.is(Keyword::Cmd) || line.is(Keyword::Entrypoint));
    let only_files = !runs && kind(context.final_base()) == Kind::Scratch;
    context.final_from().filter(|_| !checked && !only_files).into_iter().collect()
}
