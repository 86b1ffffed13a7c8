//! Practice 15: `name value` instead of `name=value`.

use super::super::context::Context;
use super::super::fix::Fix;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::diag::Span;
use crate::dockerfile::{Keyword, Pair, is_one_word};

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

/// `name=value` is read as `name value` is where the value is one word, and where quotes make it one: variables are
/// filled in between them as well.
fn with_equals(context: &Context, pair: &Pair) -> Option<Fix> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let value = &pair.value.as_ref()?.raw;
    let (name, place) = (&pair.name.raw, value.whole());
    let gap = Span::new(name.whole().end, place.start);
    // A comment between two lines would be lost.
    if !name.as_str().chars().all(plain) || context.dockerfile.source.slice(gap).contains('#') {
        return None;
    }
    if is_one_word(value.as_str(), context.dockerfile.escape) {
        return Some(Fix::replace(gap, "="));
    }
    let quotable = !value.as_str().contains(['"', '\'', context.dockerfile.escape]);
    quotable.then(|| Fix::replace(gap, "=\"").and_insert(place.end, "\""))
}

fn check(context: &Context, sink: &mut Sink) {
    for keyword in [Keyword::Label, Keyword::Env] {
        for (_, instruction) in context.every(keyword) {
            for pair in instruction.pairs().iter().filter(|pair| pair.legacy) {
                let message = format!("{} `{}` is written without `=`", keyword.name(), pair.name.raw.as_str());
                sink.report(pair.name.span(), message).fix(with_equals(context, pair));
            }
        }
    }
}
