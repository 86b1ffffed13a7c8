//! Practice 15: MAINTAINER.

use super::super::context::Context;
use super::super::fix::{Fix, like};
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::{Instruction, Keyword};

pub(super) static RULE: Rule = Rule {
    name: "maintainer-instruction",
    aliases: &["DL4000", "MaintainerDeprecated"],
    practice: Some(15),
    level: Level::Warning,
    by_policy: false,
    summary: "MAINTAINER was replaced by labels",
    explanation: "Docker deprecated MAINTAINER; a label says the same where every tool looks for it.",
    help: "write `LABEL org.opencontainers.image.authors=\"…\"`",
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
        let draft = sink.report(maintainer.keyword.span, "MAINTAINER is deprecated");
        draft.fix(labelled(context, index, maintainer));
    }
}
