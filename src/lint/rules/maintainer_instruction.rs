//! Practice 15: MAINTAINER.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;

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

fn check(context: &Context, sink: &mut Sink) {
    for (_, maintainer) in context.every(Keyword::Maintainer) {
        sink.report(maintainer.keyword.span, "MAINTAINER is deprecated");
    }
}
