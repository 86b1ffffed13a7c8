//! Practice 15: labels that the policy requires.

use std::collections::HashSet;

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::label_format::labels;
use crate::diag::say;
use crate::dockerfile::{Base, Instruction, Keyword, Pair, Stage};

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

/// Names of stages that files are copied from.
fn copied<'a>(context: &Context<'a>) -> HashSet<&'a str> {
    let copies = context.every(Keyword::Copy).filter(|(_, copy)| !copy.on_build);
    copies.filter_map(|(_, copy)| Some(copy.flag("from")?.raw.as_str())).collect()
}

/// FROMs of the images that lack a label, as hadolint counts them: every stage but those that files are copied from. A
/// stage has the labels of what it is built on, and those below a FROM that names it and gives itself no name.
fn lacking_to_hadolint<'a>(context: &Context<'a>, copied: &HashSet<&str>, label: &str) -> Vec<&'a Instruction> {
    let dockerfile = context.dockerfile;
    let mut has = vec![false; dockerfile.stages.len()];
    let mut lent = has.clone();
    for (index, stage) in dockerfile.stages.iter().enumerate() {
        let lines = dockerfile.stage_instructions(index).iter().filter(|line| line.is(Keyword::Label));
        let own = lines.flat_map(Instruction::pairs).any(|pair| pair.name.text() == label);
        has[index] = own;
        if let Base::Stage(parent) = stage.base {
            has[index] |= has[parent];
            lent[parent] |= own && stage.name.is_none();
        }
    }
    let is_source = |stage: &Stage| {
        stage.name.as_ref().is_some_and(|name| copied.contains(dockerfile.source.slice(name.span)))
    };
    let images = dockerfile.stages.iter().enumerate().filter(|(index, _)| !has[*index] && !lent[*index]);
    images.filter(|(_, stage)| !is_source(stage)).filter_map(|(_, stage)| dockerfile.from_of(stage)).collect()
}

fn check(context: &Context, sink: &mut Sink) {
    let labels: Vec<_> = labels(context);
    let copied = copied(context);
    for required in &context.policy.labels.required {
        let name = required.name.value.as_str();
        let lacking = if context.as_hadolint() {
            lacking_to_hadolint(context, &copied, name)
        } else {
            let is_it = |pair: &&Pair| pair.name.text() == name;
            context.final_from().filter(|_| !labels.iter().any(is_it)).into_iter().collect()
        };
        for from in lacking {
            let message = say!("the image has no label `{name}`", "镜像没有 LABEL `{name}`", name);
            let help = say!("add `LABEL {name}=\"…\"`", "加上 `LABEL {name}=\"…\"`", name);
            sink.report(from.span, message).help(help);
        }
    }
}
