//! Bytes that are not UTF-8.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::diag::Span;

pub(super) static RULE: Rule = Rule {
    name: "invalid-utf8",
    aliases: &[],
    practice: None,
    level: Level::Warning,
    by_policy: false,
    summary: "a Dockerfile is UTF-8 text",
    explanation: "Bytes of another encoding end up in the image as something else than what the editor showed. \
                  They were replaced by U+FFFD to read the rest.",
    help: "save the file as UTF-8",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    let text = context.dockerfile.source.text();
    if let Some(at) = text.find(char::REPLACEMENT_CHARACTER) {
        let span = Span::new(at, at + char::REPLACEMENT_CHARACTER.len_utf8());
        sink.report(span, "here and perhaps further on the file is not UTF-8");
    }
}
