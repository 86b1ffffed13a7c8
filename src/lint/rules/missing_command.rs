//! Practice 7: an image that does not say what it runs.

use super::super::context::Context;
use super::super::images::{Kind, kind};
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;

pub(super) static RULE: Rule = Rule {
    name: "missing-command",
    aliases: &[],
    practice: Some(7),
    level: Level::Warning,
    by_policy: false,
    summary: "an image with neither CMD nor ENTRYPOINT runs what its base does: a shell, or nothing",
    explanation: "Bases of operating systems and languages start a shell or an interpreter. An image that holds a \
                  service says how it is started. Bases that nothing is known about are left alone: theirs may be \
                  the right one.",
    help: "add a CMD with the program that the image is for",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    let runs = context.shipped().any(|(_, line)| line.is(Keyword::Cmd) || line.is(Keyword::Entrypoint));
    let Some(from) = context.final_from().filter(|_| !runs) else { return };
    let why = match kind(context.final_base()) {
        Kind::Unknown => return,
        Kind::Scratch => "and so cannot be started",
        Kind::System => "and so starts a shell",
        Kind::Language => "and so starts an interpreter",
    };
    let draft = sink.report(from.span, format!("the image has neither CMD nor ENTRYPOINT {why}"));
    if kind(context.final_base()) == Kind::Scratch {
        // It may be meant to be copied from, or exported.
        draft.soften(Level::Info);
    }
}
