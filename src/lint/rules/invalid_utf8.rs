//! Bytes that are not UTF-8.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::diag::{Span, say};

pub(super) static RULE: Rule = Rule {
    name: "invalid-utf8",
    aliases: &[],
    practice: None,
    level: Level::Warning,
    by_policy: false,
    summary: say!("a Dockerfile is UTF-8 text", "Dockerfile 是 UTF-8 文本"),
    explanation: say!(
        "Bytes of another encoding end up in the image as something else than what the editor showed. They were \
         replaced by U+FFFD to read the rest.",
        "其他编码的字节进入镜像之后，与编辑器里显示的不同。为了读取其余内容，它们已被替换为 U+FFFD。"
    ),
    help: say!("save the file as UTF-8", "把文件保存为 UTF-8"),
    example: Example::new(
        "FROM alpine:3.20\n\
         LABEL author=\"Andr�\"\n",
        "FROM alpine:3.20\n\
         LABEL author=\"André\"\n",
    ),
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    let text = context.dockerfile.source.text();
    if let Some(at) = text.find(char::REPLACEMENT_CHARACTER) {
        let span = Span::new(at, at + char::REPLACEMENT_CHARACTER.len_utf8());
        sink.report(span, say!("here and perhaps further on the file is not UTF-8", "文件在这里（可能后面还有）不是 UTF-8"));
    }
}
