//! Base images that need a build argument.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::image::Reference;
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "invalid-default-image",
    aliases: &["InvalidDefaultArgInFrom"],
    practice: None,
    level: Level::Info,
    by_policy: false,
    summary: say!("without a build argument FROM names no image", "不传构建参数时，FROM 没有指明镜像"),
    explanation: say!(
        "A build that only works with `--build-arg` fails for everyone who does not know it, for tools that read the \
         file too.",
        "只有带上 `--build-arg` 才能成功的构建，对不知情的人会失败，对读取这个文件的工具也一样。"
    ),
    help: say!("give the ARG a default, or write `${NAME:-default}`", "给 ARG 一个默认值，或者写 `${NAME:-default}`"),
    example: Example::new(
        "ARG VERSION\n\
         FROM alpine:${VERSION}\n",
        "ARG VERSION=3.20\n\
         FROM alpine:${VERSION}\n",
    ),
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for stage in &context.dockerfile.stages {
        let Some(word) = context.dockerfile.image_of(stage) else { continue };
        let Some(image) = stage.default_image.as_deref().filter(|_| word.value.is_none()) else { continue };
        if image.parse::<Reference>().is_err() {
            let message = say!(
                "without a build argument `{base}` names no image",
                "不传构建参数时 `{base}` 没有指明镜像",
                base = word.raw.as_str()
            );
            sink.report(word.span(), message);
        }
    }
}
