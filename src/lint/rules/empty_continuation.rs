//! Empty lines inside an instruction.

use super::super::context::Context;
use super::super::example::Example;
use super::super::fix::{Edit, Fix};
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::diag::{Span, say};

pub(super) static RULE: Rule = Rule {
    name: "empty-continuation",
    aliases: &["NoEmptyContinuation"],
    practice: None,
    level: Level::Info,
    by_policy: false,
    summary: say!("an empty line inside a continued instruction will become an error", "续行中的空行以后会成为错误"),
    explanation: say!(
        "BuildKit skips the line today and says that it will stop doing so. Nobody sees either that the instruction \
         goes on below it.",
        "BuildKit 目前跳过空行，并声明以后不再这样做。而且谁也看不出指令在空行之后还在继续。"
    ),
    help: say!("delete the line, or start it with `#`", "删除空行，或者让它以 `#` 开头"),
    example: Example::new(
        "FROM alpine:3.20\n\
         RUN apk add --no-cache \\\n\n\
         curl\n",
        "FROM alpine:3.20\n\
         RUN apk add --no-cache \\\n\
         curl\n",
    ),
    check,
};

fn with_line_end(context: &Context, line: Span) -> Span {
    let rest = &context.dockerfile.source.text()[line.end..];
    Span::new(line.start, line.end + rest.find('\n').map_or(rest.len(), |at| at + 1))
}

/// The last line of the file, where an instruction ends that goes on to there.
fn end_of_file(context: &Context) -> Span {
    let text = context.dockerfile.source.text();
    let end = text.strip_suffix('\n').unwrap_or(text).len();
    Span::new(text[..end].rfind('\n').map_or(0, |at| at + 1), end)
}

/// The last line of the instruction, in front of its here-documents: where BuildKit is when it has read it.
fn last_line(context: &Context, after: usize) -> Span {
    let Some(instruction) = after.checked_sub(1).and_then(|index| context.dockerfile.instructions.get(index)) else {
        return Span::default();
    };
    let document = instruction.heredocs.first().map(|document| document.body.start.saturating_sub(1));
    let end = document.unwrap_or(instruction.span.end);
    let before = &context.dockerfile.source.text()[..end];
    Span::new(before.rfind('\n').map_or(0, |at| at + 1), end)
}

fn check(context: &Context, sink: &mut Sink) {
    let instructions = &context.dockerfile.instructions;
    let owner = |line: &Span| instructions.partition_point(|instruction| instruction.span.start <= line.start);
    for lines in context.dockerfile.blank_continuations.chunk_by(|a, b| owner(a) == owner(b)) {
        let message = say!("the instruction goes on below this empty line", "指令在这个空行之后还在继续");
        let last = |line: Span| {
            let end = last_line(context, owner(&lines[0]));
            if end.end < line.start { end_of_file(context) } else { end }
        };
        let place = if context.as_buildkit() { last(lines[lines.len() - 1]) } else { lines[0] };
        let draft = sink.report(place, message);
        for line in &lines[1..] {
            draft.label(*line, say!("and below this one", "在这一行之后也是"));
        }
        // They are skipped when the file is read.
        let delete = |line: &Span| Edit { span: with_line_end(context, *line), text: String::new() };
        draft.fix(Fix { edits: lines.iter().map(delete).collect(), ..Fix::default() });
    }
}
