//! COPY of everything another image has.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;

pub(super) static RULE: Rule = Rule {
    name: "filesystem-copied",
    aliases: &["DL3067"],
    practice: None,
    level: Level::Off,
    by_policy: false,
    summary: "a copy of `/` takes everything of the other image along, needed or not",
    explanation: "The files of two systems get mixed, and secrets and tools of a build stage end up in the image. On \
                  an empty image it is a way to make one layer of many.",
    help: "copy the files that are needed",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for (_, copy) in context.every(Keyword::Copy).filter(|(_, copy)| copy.flag("from").is_some()) {
        let Some((destination, sources)) = copy.words().split_last() else { continue };
        if destination.text() == "/"
            && let Some(source) = sources.iter().find(|source| source.text() == "/")
        {
            sink.report(source.span(), "everything in another image is copied");
        }
    }
}
