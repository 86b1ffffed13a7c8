//! What BuildKit refuses before the first step.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, SYNTAX_ERROR, Sink};
use crate::dockerfile::{Base, SyntaxErrorKind};
use crate::image::Reference;
use crate::diag::say;

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

fn check(context: &Context, sink: &mut Sink) {
    for error in &context.dockerfile.errors {
        let aliases: &[&str] = match error.kind {
            SyntaxErrorKind::InvalidOnBuild { .. } => &["DL3043"],
            SyntaxErrorKind::BeforeFrom { .. } => &["DL3061"],
            _ => &["DL1000"],
        };
        sink.report(error.span, error.kind.message()).help(error.kind.help()).aliases(aliases);
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
