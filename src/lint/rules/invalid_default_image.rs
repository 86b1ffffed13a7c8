//! Base images that need a build argument.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::image::Reference;

pub(super) static RULE: Rule = Rule {
    name: "invalid-default-image",
    aliases: &["InvalidDefaultArgInFrom"],
    practice: None,
    level: Level::Info,
    by_policy: false,
    summary: "without a build argument FROM names no image",
    explanation: "A build that only works with `--build-arg` fails for everyone who does not know it, for tools that \
                  read the file too.",
    help: "give the ARG a default, or write `${NAME:-default}`",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for stage in &context.dockerfile.stages {
        let Some(word) = context.dockerfile.instructions[stage.from].words().first() else { continue };
        let Some(image) = stage.default_image.as_deref().filter(|_| word.value.is_none()) else { continue };
        if image.parse::<Reference>().is_err() {
            let message = format!("without a build argument `{}` names no image", word.raw.as_str());
            sink.report(word.span(), message);
        }
    }
}
