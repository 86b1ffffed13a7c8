//! FROM with the platform it has anyway.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;

pub(super) static RULE: Rule = Rule {
    name: "redundant-platform",
    aliases: &["DL3065", "RedundantTargetPlatform"],
    practice: None,
    level: Level::Off,
    by_policy: false,
    summary: "`--platform=$TARGETPLATFORM` says what holds without it",
    explanation: "A stage is built for the target platform unless something else is said.",
    help: "leave --platform out",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for (_, from) in context.every(Keyword::From) {
        for flag in from.flags_named("platform") {
            let value = flag.value.as_ref().map(|word| word.raw.as_str().trim_matches('"'));
            if matches!(value, Some("$TARGETPLATFORM" | "${TARGETPLATFORM}")) {
                sink.report(flag.span, "the target platform holds anyway");
            }
        }
    }
}
