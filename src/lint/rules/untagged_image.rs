//! Practice 4: images without a tag.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::latest_tag::images;
use crate::diag::Span;
use crate::dockerfile::Keyword;
use crate::image::Reference;

pub(super) static RULE: Rule = Rule {
    name: "untagged-image",
    aliases: &["DL3006"],
    practice: Some(4),
    level: Level::Warning,
    by_policy: false,
    summary: "an image without a tag is `latest`: another one every few weeks",
    explanation: "Without a tag the newest image is taken, so a build that worked yesterday may break today, and \
                  nobody can tell which version is running. A digest says it even more precisely than a tag.",
    help: "write the tag of a version, like `name:1.27`, or a digest",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    // hadolint takes an untagged name in `COPY --from` for a stage that is missing.
    let instructions = &context.dockerfile.instructions;
    let in_copy = |span: Span| {
        let after = instructions.partition_point(|instruction| instruction.span.start <= span.start);
        after.checked_sub(1).is_some_and(|index| *instructions[index].keyword == Keyword::Copy)
    };
    for (span, value) in images(context) {
        let Some(name) = context.image_of(value.as_deref()) else { continue };
        if let Ok(Reference { tag: None, digest: None, .. }) = name.parse() {
            let draft = sink.report(span, format!("`{name}` names no tag and so means `latest`"));
            if in_copy(span) {
                draft.aliases(&["DL3006", "DL3022"]);
            }
        }
    }
}
