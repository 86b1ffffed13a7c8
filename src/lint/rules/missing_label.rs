//! Practice 15: labels that the policy requires.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::label_format::labels;
use crate::diag::say;
use crate::dockerfile::{Keyword, Pair};

pub(super) static RULE: Rule = Rule {
    name: "missing-label",
    aliases: &["DL3049"],
    practice: Some(15),
    level: Level::Error,
    by_policy: true,
    summary: say!("the policy requires a label that the image does not have", "策略要求的 LABEL 在镜像里不存在"),
    explanation: say!(
        "Labels tell where an image comes from: its source, its version, whom to ask. The policy of the project file \
         names those that every image must have.",
        "LABEL 说明镜像的来历：来源、版本、找谁询问。项目文件的策略列出每个镜像都必须有的 LABEL。"
    ),
    help: say!("add the label to the final stage", "在最后的构建阶段加上这个 LABEL"),
    example: Example::new(
        "FROM alpine:3.20\n",
        "FROM alpine:3.20\n\
         LABEL org.opencontainers.image.source=\"https://git.example.com/portal\"\n",
    )
    .under("labels { require \"org.opencontainers.image.source\"; }"),
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    let labels: Vec<_> = labels(context);
    for required in &context.policy.labels.required {
        let name = required.name.value.as_str();
        let is_it = |pair: &&Pair| pair.name.text() == name;
        let lacking = if context.as_hadolint() {
            context.lineages_without(|line| line.is(Keyword::Label) && line.pairs().iter().any(|pair| is_it(&pair)))
        } else {
            context.final_from().filter(|_| !labels.iter().any(is_it)).into_iter().collect()
        };
        for from in lacking {
            let message = say!("the image has no label `{name}`", "镜像没有 LABEL `{name}`", name);
            let help = say!("add `LABEL {name}=\"…\"`", "加上 `LABEL {name}=\"…\"`", name);
            sink.report(from.span, message).help(help);
        }
    }
}
