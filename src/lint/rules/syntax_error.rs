//! What BuildKit refuses before the first step.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, SYNTAX_ERROR, Sink};
use crate::dockerfile::{Base, SyntaxErrorKind};
use crate::image::Reference;
use crate::diag::{Span, say};

pub(super) static RULE: Rule = Rule {
    name: SYNTAX_ERROR,
    aliases: &["DL1000", "DL3043", "DL3061"],
    practice: None,
    level: Level::Error,
    by_policy: false,
    summary: say!("the build stops before its first step", "构建在第一步之前就停止"),
    explanation: say!(
        "BuildKit reads the whole Dockerfile before it runs anything. Instructions around the fault are checked all \
         the same.",
        "BuildKit 在执行任何步骤之前先读完整个 Dockerfile。出错处周围的指令照样会检查。"
    ),
    help: say!("correct the line", "改正这一行"),
    example: Example::new(
        "FROM alpine:3.20\n\
         RUNN apk add --no-cache curl\n",
        "FROM alpine:3.20\n\
         RUN apk add --no-cache curl\n",
    ),
    check,
};

fn is_on_build(context: &Context, place: Span) -> bool {
    let instructions = &context.dockerfile.instructions;
    let below = instructions.partition_point(|instruction| instruction.span.start <= place.start);
    below.checked_sub(1).is_some_and(|index| instructions[index].on_build)
}

fn check(context: &Context, sink: &mut Sink) {
    for error in &context.dockerfile.errors {
        let aliases: &[&str] = match error.kind {
            SyntaxErrorKind::InvalidOnBuild { .. } => &["DL3043"],
            SyntaxErrorKind::BeforeFrom { .. } => &["DL3061"],
            _ => &["DL1000"],
        };
        let draft = sink.report(error.span, error.kind.message()).help(error.kind.help()).aliases(aliases);
        // This build goes on: the one on top of the image stops.
        if !matches!(error.kind, SyntaxErrorKind::InvalidOnBuild { .. }) && is_on_build(context, error.span) {
            draft.soften(Level::Warning);
        }
    }
    for stage in &context.dockerfile.stages {
        if let (Base::Image(image), Some(word)) = (&stage.base, context.dockerfile.image_of(stage))
            && let Err(error) = image.parse::<Reference>()
        {
            let draft = sink.report(word.span(), error.message());
            let help = say!("write the image as `[registry/]repository[:tag]`", "镜像写成 `[registry/]repository[:tag]`");
            draft.help(help).aliases(&["DL1000"]);
        }
    }
}
