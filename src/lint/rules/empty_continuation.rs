//! Empty lines inside an instruction.

use super::super::context::Context;
use super::super::fix::Fix;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::diag::Span;

pub(super) static RULE: Rule = Rule {
    name: "empty-continuation",
    aliases: &["NoEmptyContinuation"],
    practice: None,
    level: Level::Info,
    by_policy: false,
    summary: "an empty line inside a continued instruction will become an error",
    explanation: "BuildKit skips the line today and says that it will stop doing so. Nobody sees either that the \
                  instruction goes on below it.",
    help: "delete the line, or start it with `#`",
    check,
};

fn with_line_end(context: &Context, line: Span) -> Span {
    let rest = &context.dockerfile.source.text()[line.end..];
    Span::new(line.start, line.end + rest.find('\n').map_or(rest.len(), |at| at + 1))
}

fn check(context: &Context, sink: &mut Sink) {
    for line in &context.dockerfile.blank_continuations {
        let draft = sink.report(*line, "the instruction goes on below this empty line");
        // It is skipped when the file is read.
        draft.fix(Fix::replace(with_line_end(context, *line), ""));
    }
}
