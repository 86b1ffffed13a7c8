//! Practice 6: the full variant of an image that comes smaller as well.

use super::super::context::Context;
use super::super::data::programs::Variant;
use super::super::data::runtimes::SMALLER;
use super::super::images::{official_tag, variant};
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Base;

pub(super) static RULE: Rule = Rule {
    name: "large-base",
    aliases: &[],
    practice: Some(6),
    level: Level::Info,
    by_policy: false,
    summary: "the full images of languages hold compilers and libraries that programs seldom need",
    explanation: "They are three to ten times larger than their `-slim` and `-alpine` variants, which makes every \
                  pull slower and every scan longer. Where something needs a compiler, build in a stage of the full \
                  image and copy the result. Only the image that is shipped is looked at.",
    help: "take the `-slim` or `-alpine` variant of the same version",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    let Some(last) = context.dockerfile.final_stage() else { return };
    let Some(root) = context.dockerfile.ancestry(last).last() else { return };
    let stage = &context.dockerfile.stages[root];
    let Base::Image(image) = &stage.base else { return };
    let Some((name, tag)) = official_tag(image) else { return };
    let smaller = SMALLER.iter().find(|(known, _)| *known == name);
    if let Some((_, suffix)) = smaller
        && variant(&tag) == Variant::Plain
        && let Some(word) = context.dockerfile.instructions[stage.from].words().first()
    {
        let base = if tag == "latest" { format!("`{name}:…{suffix}`") } else { format!("`{name}:{tag}{suffix}`") };
        let draft = sink.report(word.span(), format!("`{name}` is the full image: compilers, libraries and all"));
        // Tags that name a distribution or a flavour cannot be extended blindly.
        let plain = tag.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') || tag == "latest";
        if plain {
            draft.help(format!("take {base}, or build in this stage and ship another"));
        }
    }
}
