//! Instructions in different cases.

use super::super::context::Context;
use super::super::fix::Fix;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::{Instruction, Keyword};

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

/// Case has no meaning in a keyword; the AS of a FROM goes with it.
fn recased(context: &Context, line: &Instruction, upper: bool) -> Fix {
    let recase = |fix: Fix, span| {
        let word = context.dockerfile.source.slice(span);
        fix.and_replace(span, if upper { word.to_ascii_uppercase() } else { word.to_ascii_lowercase() })
    };
    let fix = recase(Fix::default(), line.keyword.span);
    match line.words() {
        [_, keyword, _] if line.is(Keyword::From) => recase(fix, keyword.span()),
        _ => fix,
    }
}

fn check(context: &Context, sink: &mut Sink) {
    let source = &context.dockerfile.source;
    let lines = || context.dockerfile.instructions.iter();
    let words = || lines().map(|line| (line, source.slice(line.keyword.span)));
    let is_upper = |word: &str| word.bytes().all(|byte| byte.is_ascii_uppercase());
    let is_lower = |word: &str| word.bytes().all(|byte| byte.is_ascii_lowercase());
    let upper = words().filter(|(_, word)| is_upper(word)).count();
    let lower = words().filter(|(_, word)| is_lower(word)).count();
    let (case, fits): (_, &dyn Fn(&str) -> bool) =
        if upper >= lower { ("upper", &is_upper) } else { ("lower", &is_lower) };
    for (line, word) in words().filter(|(_, word)| !fits(word)) {
        let draft = sink.report(line.keyword.span, format!("`{word}` is not in {case} case as the others are"));
        draft.fix(recased(context, line, case == "upper"));
    }
}
