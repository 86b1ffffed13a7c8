//! What BuildKit refuses before the first step.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::{Base, SyntaxErrorKind};
use crate::image::Reference;

pub(super) static RULE: Rule = Rule {
    name: "syntax-error",
    aliases: &["DL1000", "DL3043", "DL3061"],
    practice: None,
    level: Level::Error,
    by_policy: false,
    summary: "the build stops before its first step",
    explanation: "BuildKit reads the whole Dockerfile before it runs anything. Instructions around the fault are \
                  checked all the same.",
    help: "correct the line",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for error in &context.dockerfile.errors {
        let aliases: &[&str] = match error.kind {
            SyntaxErrorKind::InvalidOnBuild { .. } => &["DL3043"],
            SyntaxErrorKind::BeforeFrom { .. } => &["DL3061"],
            _ => &["DL1000"],
        };
        sink.report(error.span, error.kind.to_string()).help(error.kind.help()).aliases(aliases);
    }
    for stage in &context.dockerfile.stages {
        let word = context.dockerfile.instructions[stage.from].words().first();
        if let (Base::Image(image), Some(word)) = (&stage.base, word)
            && let Err(error) = image.parse::<Reference>()
        {
            let draft = sink.report(word.span(), error.to_string());
            draft.help("write the image as `[registry/]repository[:tag]`").aliases(&["DL1000"]);
        }
    }
}
