//! Practice 15: MAINTAINER.

use super::super::context::Context;
use super::super::example::Example;
use super::super::fix::{Fix, like};
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::{Instruction, Keyword};
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "maintainer-instruction",
    aliases: &["DL4000", "MaintainerDeprecated"],
    practice: Some(15),
    level: Level::Warning,
    by_policy: false,
    summary: say!("MAINTAINER was replaced by labels", "MAINTAINER 已被 LABEL 取代"),
    explanation: say!(
        "Docker deprecated MAINTAINER; a label says the same where every tool looks for it.",
        "Docker 已弃用 MAINTAINER；LABEL 表达同样的内容，而且所有工具都会去那里找。"
    ),
    help: say!(
        "write `LABEL org.opencontainers.image.authors=\"…\"`",
        "改写为 `LABEL org.opencontainers.image.authors=\"…\"`"
    ),
    example: Example::new(
        "FROM alpine:3.20\n\
         MAINTAINER team@example.com\n",
        "FROM alpine:3.20\n\
         LABEL org.opencontainers.image.authors=\"team@example.com\"\n",
    ),
    check,
};

const AUTHORS: &str = "org.opencontainers.image.authors";

/// The same words as a label; none where a label names authors already. MAINTAINER takes its text as it stands, a label
/// in double quotes does so but for the characters that are escaped here.
fn labelled(context: &Context, index: usize, maintainer: &Instruction) -> Option<Fix> {
    let source = &context.dockerfile.source;
    let text = &maintainer.words().first()?.raw;
    let labels = context.every(Keyword::Label).filter(|(label, _)| context.stage_of(*label) == context.stage_of(index));
    let named = labels.flat_map(|(_, label)| label.pairs()).any(|pair| pair.name.text().trim_matches('"') == AUTHORS);
    if named || source.slice(text.whole()) != text.as_str() {
        return None;
    }
    let escape = context.dockerfile.escape;
    let mut value = String::new();
    for c in unquoted(text.as_str()).chars() {
        if c == '"' || c == '$' || c == escape {
            value.push(escape);
        }
        value.push(c);
    }
    let keyword = like(source.slice(maintainer.keyword.span), Keyword::Label);
    let label = format!("{AUTHORS}=\"{value}\"");
    Some(Fix::replace(maintainer.keyword.span, keyword).and_replace(text.whole(), label))
}

/// Quotes around the whole are meant as such.
fn unquoted(text: &str) -> &str {
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    inner.filter(|inner| !inner.contains('"')).unwrap_or(text)
}

fn check(context: &Context, sink: &mut Sink) {
    for (index, maintainer) in context.every(Keyword::Maintainer) {
        let draft = sink.report(maintainer.keyword.span, say!("MAINTAINER is deprecated", "MAINTAINER 已弃用"));
        draft.fix(labelled(context, index, maintainer));
    }
}
