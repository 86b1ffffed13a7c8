//! Comments above FROM and ARG that describe neither.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::diag::Span;
use crate::dockerfile::{Instruction, Keyword};

pub(super) static RULE: Rule = Rule {
    name: "definition-description",
    aliases: &["InvalidDefinitionDescription"],
    practice: None,
    level: Level::Off,
    by_policy: false,
    summary: "a comment right above FROM or ARG is its description, and starts with its name",
    explanation: "`docker build --call=outline` shows these comments as descriptions of stages and arguments. A \
                  comment that is none stands apart by an empty line.",
    help: "start the comment with the name, or put an empty line below it",
    check,
};

/// The stage or the argument that the instruction defines.
fn defined(instruction: &Instruction) -> Option<&str> {
    if instruction.is(Keyword::From) {
        return instruction.words().get(2).map(|name| name.raw.as_str());
    }
    let argument = instruction.pairs().first().filter(|_| instruction.is(Keyword::Arg))?;
    Some(argument.name.text())
}

/// The comment on the line right above.
fn comment_above(context: &Context, instruction: &Instruction) -> Option<Span> {
    let comments = &context.dockerfile.comments;
    let last = comments.partition_point(|comment| comment.start < instruction.span.start).checked_sub(1)?;
    let between = context.dockerfile.source.text().get(comments[last].end..instruction.span.start)?;
    (between.trim().is_empty() && between.matches('\n').count() == 1).then(|| comments[last])
}

fn check(context: &Context, sink: &mut Sink) {
    for instruction in &context.dockerfile.instructions {
        let Some(name) = defined(instruction) else { continue };
        let Some(comment) = comment_above(context, instruction) else { continue };
        let text = context.dockerfile.source.slice(comment).trim_start_matches('#').trim_start();
        let described = text.split_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case(name));
        if !text.is_empty() && !described {
            sink.report(comment, format!("the description of `{name}` does not start with its name"));
        }
    }
}
