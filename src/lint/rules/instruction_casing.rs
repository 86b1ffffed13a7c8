//! Instructions in different cases.

use super::super::context::Context;
use super::super::example::Example;
use super::super::fix::Fix;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::diag::Span;
use crate::dockerfile::{Instruction, Keyword};
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "instruction-casing",
    aliases: &["ConsistentInstructionCasing"],
    practice: None,
    level: Level::Off,
    by_policy: false,
    summary: say!("instructions are written in one case, upper or lower", "指令统一使用大写或小写"),
    explanation: say!(
        "Keywords may be written in either case; a mixture is hard to read. The case that most of the file uses \
         counts.",
        "关键字大小写均可；混用不好读。以文件中占多数的写法为准。"
    ),
    help: say!("write all of them in the same case", "全部使用同样的大小写"),
    example: Example::new(
        "FROM alpine:3.20\n\
         RUN apk add --no-cache curl\n\
         user app\n",
        "FROM alpine:3.20\n\
         RUN apk add --no-cache curl\n\
         USER app\n",
    ),
    check,
};

/// Case has no meaning in a keyword; the AS of a FROM goes with it.
fn recased(context: &Context, line: &Instruction, span: Span, upper: bool) -> Fix {
    let recase = |fix: Fix, span| {
        let word = context.dockerfile.source.slice(span);
        fix.and_replace(span, if upper { word.to_ascii_uppercase() } else { word.to_ascii_lowercase() })
    };
    let fix = recase(Fix::default(), span);
    match line.words() {
        [_, keyword, _] if line.is(Keyword::From) => recase(fix, keyword.span()),
        _ => fix,
    }
}

pub(super) fn is_upper(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_uppercase())
}

pub(super) fn is_lower(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// The first word of every instruction: of `ONBUILD RUN …`, that is ONBUILD. ARGs above the first FROM do not count.
/// Without the continuation that a keyword may have inside.
fn keywords<'a>(context: &Context<'a>) -> impl Iterator<Item = (&'a Instruction, Span, String)> {
    let dockerfile = context.dockerfile;
    let stages = dockerfile.stages.iter().flat_map(|stage| stage.first()..stage.instructions.end);
    stages.map(|index| {
        let instruction = &dockerfile.instructions[index];
        let length = if instruction.on_build { "ONBUILD".len() } else { instruction.keyword.span.len() };
        let span = Span::new(instruction.span.start, instruction.span.start + length);
        let letters = dockerfile.source.slice(span).chars().filter(char::is_ascii_alphabetic).collect();
        (instruction, span, letters)
    })
}

fn check(context: &Context, sink: &mut Sink) {
    let words = || keywords(context);
    let upper = words().filter(|(.., word)| is_upper(word)).count();
    let lower = words().filter(|(.., word)| is_lower(word)).count();
    let is_mostly_upper = upper >= lower;
    let fits = |word: &str| if is_mostly_upper { is_upper(word) } else { is_lower(word) };
    for (line, span, word) in words().filter(|(.., word)| !fits(word)) {
        let message = if is_mostly_upper {
            say!("`{word}` is not in upper case as the others are", "`{word}` 不像其他指令那样用大写", word)
        } else {
            say!("`{word}` is not in lower case as the others are", "`{word}` 不像其他指令那样用小写", word)
        };
        sink.report(span, message).fix(recased(context, line, span, is_mostly_upper));
    }
}
