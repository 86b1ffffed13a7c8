//! Instructions in different cases.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};

pub(super) static RULE: Rule = Rule {
    name: "instruction-casing",
    aliases: &["ConsistentInstructionCasing"],
    practice: None,
    level: Level::Off,
    by_policy: false,
    summary: "instructions are written in one case, upper or lower",
    explanation: "Keywords may be written in either case; a mixture is hard to read. The case that most of the file \
                  uses counts.",
    help: "write all of them in the same case",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    let source = &context.dockerfile.source;
    let spans = || context.dockerfile.instructions.iter().map(|line| line.keyword.span);
    let words = || spans().map(|span| (span, source.slice(span)));
    let is_upper = |word: &str| word.bytes().all(|byte| byte.is_ascii_uppercase());
    let is_lower = |word: &str| word.bytes().all(|byte| byte.is_ascii_lowercase());
    let upper = words().filter(|(_, word)| is_upper(word)).count();
    let lower = words().filter(|(_, word)| is_lower(word)).count();
    let (case, fits): (_, &dyn Fn(&str) -> bool) =
        if upper >= lower { ("upper", &is_upper) } else { ("lower", &is_lower) };
    for (span, word) in words().filter(|(_, word)| !fits(word)) {
        sink.report(span, format!("`{word}` is not in {case} case as the others are"));
    }
}
