//! Practice 16: no HEALTHCHECK.

use super::super::context::Context;
use super::super::images::{Kind, kind};
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;

pub(super) static RULE: Rule = Rule {
    name: "missing-healthcheck",
    aliases: &["DL3057"],
    practice: Some(16),
    level: Level::Warning,
    by_policy: false,
    summary: "without HEALTHCHECK a container that hangs counts as healthy",
    explanation: "Docker and Swarm only see whether the process lives. `HEALTHCHECK NONE` says that another one \
                  watches, Kubernetes for example.",
    help: "add a HEALTHCHECK that asks the program, or `HEALTHCHECK NONE` where something else watches it",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    let checked = context.shipped().any(|(_, instruction)| instruction.is(Keyword::Healthcheck));
    let runs = context.shipped().any(|(_, line)| line.is(Keyword::Cmd) || line.is(Keyword::Entrypoint));
    let only_files = !runs && kind(context.final_base()) == Kind::Scratch;
    if let Some(from) = context.final_from().filter(|_| !checked && !only_files) {
        sink.report(from.span, "the image has no HEALTHCHECK");
    }
}
