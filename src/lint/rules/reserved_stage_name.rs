//! Stages that nobody can refer to.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "reserved-stage-name",
    aliases: &["DL3063", "ReservedStageName"],
    practice: None,
    level: Level::Info,
    by_policy: false,
    summary: say!(
        "`scratch` and `context` mean something else than a stage",
        "`scratch` 和 `context` 指的不是构建阶段"
    ),
    explanation: say!(
        "`FROM scratch` is the empty image and `context` the build context, whatever a stage is called.",
        "无论阶段叫什么名字，`FROM scratch` 都是空镜像，`context` 都是构建上下文。"
    ),
    help: say!("give the stage another name", "给这个阶段换一个名字"),
    example: Example::new(
        "FROM alpine:3.20 AS context\n",
        "FROM alpine:3.20 AS files\n",
    ),
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for name in context.dockerfile.stages.iter().filter_map(|stage| stage.name.as_ref()) {
        if matches!(name.value.as_str(), "scratch" | "context") {
            let message = say!(
                "`{name}` cannot be referred to as a stage",
                "`{name}` 不能当作构建阶段来引用",
                name = name.value
            );
            let written = context.dockerfile.source.slice(name.span) == name.value;
            sink.report(name.span, message).beyond_hadolint(!written);
        }
    }
}
