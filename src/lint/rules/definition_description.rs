//! Comments above FROM and ARG that describe neither.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::diag::{Span, say};
use crate::dockerfile::{Instruction, Keyword};

pub(super) static RULE: Rule = Rule {
    name: "definition-description",
    aliases: &["InvalidDefinitionDescription"],
    practice: None,
    level: Level::Off,
    by_policy: false,
    summary: say!(
        "a comment right above FROM or ARG is its description, and starts with its name",
        "紧挨在 FROM 或 ARG 上方的注释是它的说明，应当以它的名字开头"
    ),
    explanation: say!(
        "`docker build --call=outline` shows these comments as descriptions of stages and arguments. A comment that is \
         none stands apart by an empty line.",
        "`docker build --call=outline` 会把这些注释显示为阶段和参数的说明。不是说明的注释要用空行隔开。"
    ),
    help: say!(
        "start the comment with the name, or put an empty line below it",
        "让注释以名字开头，或者在注释下方空一行"
    ),
    example: Example::new(
        "FROM golang:1.22 AS build\n\
         # the version that is built\n\
         ARG VERSION=1.0\n",
        "FROM golang:1.22 AS build\n\
         # VERSION is what the program calls itself\n\
         ARG VERSION=1.0\n",
    ),
    check,
};

/// The stage or the argument that the instruction defines.
fn defined(instruction: &Instruction) -> Vec<String> {
    if instruction.is(Keyword::From) {
        // Names of stages are in lower case, however they are written.
        return instruction.words().get(2).map(|name| name.raw.as_str().to_lowercase()).into_iter().collect();
    }
    let arguments = instruction.pairs().iter().filter(|_| instruction.is(Keyword::Arg));
    arguments.map(|argument| argument.name.text().to_owned()).collect()
}

/// The comment on the line right above.
fn comment_above(context: &Context, instruction: &Instruction) -> Option<Span> {
    let comments = &context.dockerfile.comments;
    let last = comments.partition_point(|comment| comment.start < instruction.span.start).checked_sub(1)?;
    let between = context.dockerfile.source.text().get(comments[last].end..instruction.span.start)?;
    // To BuildKit empty lines are none.
    let near = || context.as_buildkit() || between.matches('\n').count() == 1;
    (between.trim().is_empty() && near()).then(|| comments[last])
}

fn check(context: &Context, sink: &mut Sink) {
    for instruction in &context.dockerfile.instructions {
        let names = defined(instruction);
        let Some(name) = names.first() else { continue };
        let Some(comment) = comment_above(context, instruction) else { continue };
        let text = context.dockerfile.source.slice(comment).trim_start_matches('#').trim_start();
        let described = text.split_whitespace().next().is_some_and(|word| names.iter().any(|name| name == word));
        if !text.is_empty() && !described {
            let message = say!(
                "the description of `{name}` does not start with its name",
                "`{name}` 的说明不是以它的名字开头",
                name
            );
            // BuildKit points at the instruction.
            sink.report(if context.as_buildkit() { instruction.keyword.span } else { comment }, message);
        }
    }
}
