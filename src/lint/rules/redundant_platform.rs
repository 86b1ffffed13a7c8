//! FROM with the platform it has anyway.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "redundant-platform",
    aliases: &["DL3065", "RedundantTargetPlatform"],
    practice: None,
    level: Level::Off,
    by_policy: false,
    summary: say!(
        "`--platform=$TARGETPLATFORM` says what holds without it",
        "`--platform=$TARGETPLATFORM` 不写也是这样"
    ),
    explanation: say!(
        "A stage is built for the target platform unless something else is said.",
        "没有另外说明时，阶段就是为目标平台构建的。"
    ),
    help: say!("leave --platform out", "去掉 --platform"),
    example: Example::new(
        "FROM --platform=$TARGETPLATFORM alpine:3.20\n",
        "FROM alpine:3.20\n",
    ),
    check,
};

/// The variable alone, also as `${TARGETPLATFORM:-default}`.
fn is_target(value: &str) -> bool {
    let braced = value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    value == "$TARGETPLATFORM"
        || braced.and_then(|rest| rest.strip_prefix("TARGETPLATFORM")).is_some_and(|rest| {
            rest.is_empty() || (rest.starts_with([':', '-', '+', '?', '#', '%', '/']) && !rest.contains('}'))
        })
}

fn check(context: &Context, sink: &mut Sink) {
    for (_, from) in context.every(Keyword::From) {
        for flag in from.flags_named("platform") {
            let value = flag.value.as_ref().map(|word| word.raw.as_str().trim_matches('"'));
            if let Some(value) = value.filter(|value| is_target(value)) {
                let draft = sink.report(flag.span, say!("the target platform holds anyway", "本来就使用目标平台"));
                if value.contains([':', '-', '+', '?', '#', '%', '/']) {
                    draft.aliases(&["RedundantTargetPlatform"]);
                }
            }
        }
    }
}
