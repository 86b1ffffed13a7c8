//! Practice 16: no HEALTHCHECK.

use super::super::context::Context;
use super::super::example::Example;
use super::super::images::{Kind, kind};
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::{Base, Instruction, Keyword};
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

/// FROMs of stages without one, as hadolint counts: a stage has what it is built on, and what a stage above that is built
/// on the same; one without a name has what its base has.
fn lacking_to_hadolint<'a>(context: &Context<'a>) -> Vec<&'a Instruction> {
    let dockerfile = context.dockerfile;
    let mut has = vec![false; dockerfile.stages.len()];
    for (index, stage) in dockerfile.stages.iter().enumerate() {
        has[index] = matches!(stage.base, Base::Stage(parent) if has[parent]);
        if dockerfile.stage_instructions(index).iter().any(|line| line.is(Keyword::Healthcheck)) {
            for below in dockerfile.ancestry(index) {
                if std::mem::replace(&mut has[below], true) && below != index {
                    break;
                }
            }
        }
    }
    for (index, stage) in dockerfile.stages.iter().enumerate() {
        if let (Base::Stage(parent), None) = (&stage.base, &stage.name) {
            has[index] |= has[*parent];
        }
    }
    let lacking = dockerfile.stages.iter().zip(has).filter(|(_, has)| !has);
    lacking.filter_map(|(stage, _)| dockerfile.from_of(stage)).collect()
}

fn lacking<'a>(context: &Context<'a>) -> Vec<&'a Instruction> {
    if context.as_hadolint() {
        return lacking_to_hadolint(context);
    }
    let checked = context.shipped().any(|(_, instruction)| instruction.is(Keyword::Healthcheck));
    let runs = context.shipped().any(|(_, line)| line.is(Keyword::Cmd) || line.is(Keyword::Entrypoint));
    let only_files = !runs && kind(context.final_base()) == Kind::Scratch;
    context.final_from().filter(|_| !checked && !only_files).into_iter().collect()
}
