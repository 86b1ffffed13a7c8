//! Practice 15: `name value` instead of `name=value`.

use super::super::context::Context;
use super::super::example::Example;
use super::super::fix::Fix;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::diag::{Span, say};
use crate::dockerfile::{Instruction, Keyword, Pair, is_one_word};

pub(super) static RULE: Rule = Rule {
    name: "legacy-key-value",
    aliases: &["LegacyKeyValueFormat"],
    practice: Some(15),
    level: Level::Warning,
    by_policy: false,
    summary: say!(
        "LABEL and ENV without `=` take one pair a line, blanks and all",
        "不带 `=` 的 LABEL 和 ENV 每行只有一对，空格也算在值里"
    ),
    explanation: say!(
        "In the old form everything after the first blank is the value, so that a second pair on the line silently \
         becomes part of the first.",
        "在旧写法里，第一个空格之后的内容全是值，同一行的第二对会悄悄成为第一对的一部分。"
    ),
    help: say!("write `name=\"value\"`", "改写为 `name=\"value\"`"),
    example: Example::new(
        "FROM alpine:3.20\n\
         ENV MODE production\n",
        "FROM alpine:3.20\n\
         ENV MODE=\"production\"\n",
    ),
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
        let spoken_of = |instruction: &Instruction| !(context.as_buildkit() && instruction.on_build);
        for (_, instruction) in context.every(keyword).filter(|(_, instruction)| spoken_of(instruction)) {
            for pair in instruction.pairs().iter().filter(|pair| pair.legacy) {
                let message = say!(
                    "{keyword} `{name}` is written without `=`",
                    "{keyword} `{name}` 没有写 `=`",
                    keyword = keyword.name(),
                    name = pair.name.raw.as_str()
                );
                sink.report(pair.name.span(), message).fix(with_equals(context, pair));
            }
        }
    }
}
