//! FROM and AS in different cases.

use super::super::context::Context;
use super::super::fix::Fix;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;

pub(super) static RULE: Rule = Rule {
    name: "from-as-casing",
    aliases: &["FromAsCasing"],
    practice: None,
    level: Level::Off,
    by_policy: false,
    summary: "FROM and AS are written in one case",
    explanation: "Keywords may be written in either case; both in one line are hard to read.",
    help: "write AS as FROM is written",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for (_, from) in context.every(Keyword::From) {
        let [_, keyword, _] = from.words() else { continue };
        let upper = |text: &str| text.bytes().all(|byte| byte.is_ascii_uppercase());
        let (from, word) = (context.dockerfile.source.slice(from.keyword.span), keyword.raw.as_str());
        if upper(from) != upper(word) {
            let written = context.dockerfile.source.slice(keyword.span());
            let fixed = if upper(from) { written.to_ascii_uppercase() } else { written.to_ascii_lowercase() };
            let message = format!("`{word}` and `{from}` are written in different cases");
            sink.report(keyword.span(), message).fix(Fix::replace(keyword.span(), fixed));
        }
    }
}
