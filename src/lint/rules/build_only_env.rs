//! Practice 12: ENV that only the build needs.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;

pub(super) static RULE: Rule = Rule {
    name: "build-only-env",
    aliases: &[],
    practice: Some(12),
    level: Level::Info,
    by_policy: false,
    summary: "a variable that only the build needs is set in every container",
    explanation: "DEBIAN_FRONTEND keeps apt quiet during a build. As ENV it also changes how packages behave for \
                  whoever opens a shell in the container later; as ARG it ends with the build.",
    help: "write `ARG DEBIAN_FRONTEND=noninteractive`",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for (_, env) in context.shipped().filter(|(_, line)| line.is(Keyword::Env)) {
        for pair in env.pairs().iter().filter(|pair| pair.name.text() == "DEBIAN_FRONTEND") {
            sink.report(pair.name.span(), "DEBIAN_FRONTEND is needed by the build only");
        }
    }
}
