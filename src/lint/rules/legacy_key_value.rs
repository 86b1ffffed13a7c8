//! Practice 15: `name value` instead of `name=value`.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;

pub(super) static RULE: Rule = Rule {
    name: "legacy-key-value",
    aliases: &["LegacyKeyValueFormat"],
    practice: Some(15),
    level: Level::Warning,
    by_policy: false,
    summary: "LABEL and ENV without `=` take one pair a line, blanks and all",
    explanation: "In the old form everything after the first blank is the value, so that a second pair on the line \
                  silently becomes part of the first.",
    help: "write `name=\"value\"`",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for keyword in [Keyword::Label, Keyword::Env] {
        for (_, instruction) in context.every(keyword) {
            for pair in instruction.pairs().iter().filter(|pair| pair.legacy) {
                let message = format!("{} `{}` is written without `=`", keyword.name(), pair.name.raw.as_str());
                sink.report(pair.name.span(), message);
            }
        }
    }
}
