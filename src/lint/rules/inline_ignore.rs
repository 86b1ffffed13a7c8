//! Pragmas of hadolint that turn rules off without a reason.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};

pub(super) static RULE: Rule = Rule {
    name: "inline-ignore",
    aliases: &["DL1001"],
    practice: None,
    level: Level::Off,
    by_policy: false,
    summary: "a comment turns rules off without saying why or until when",
    explanation: "hadolint's `ignore=` holds for ever and gives no reason; a `# swrctl allow=` names one, and ends on \
                  a day.",
    help: "write `# swrctl allow=RULE until=DATE reason=TEXT`",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for comment in &context.dockerfile.comments {
        let text = context.dockerfile.source.slice(*comment).trim_start_matches('#').trim_start();
        let Some(rest) = text.strip_prefix("hadolint").map(str::trim_start) else { continue };
        let rest = rest.strip_prefix("global").map_or(rest, str::trim_start);
        if rest.strip_prefix("ignore").is_some_and(|rest| rest.trim_start().starts_with('=')) {
            sink.report(*comment, "rules are turned off without a reason");
        }
    }
}
