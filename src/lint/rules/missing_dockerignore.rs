//! Practice 17: no ignore file where the whole context is copied.

use super::super::context::Context;
use super::super::paths::is_whole_context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::{Keyword, Word};

pub(super) static RULE: Rule = Rule {
    name: "missing-dockerignore",
    aliases: &[],
    practice: Some(17),
    level: Level::Warning,
    by_policy: false,
    summary: "without .dockerignore everything beside the Dockerfile reaches the image",
    explanation: "Version control, dependencies installed on the host, logs and keys make the image large, break \
                  the cache with every commit, and may be secret. Dockerfiles that copy chosen files only need no \
                  ignore file.",
    help: "add a .dockerignore with at least `.git` and what the build does not need",
    check,
};

/// The sources of COPY and ADD that mean the whole build context.
pub(super) fn whole_context_copies<'a>(context: &Context<'a>) -> Vec<&'a Word> {
    let copies = context.every(Keyword::Copy).chain(context.every(Keyword::Add));
    let local = copies.filter(|(_, copy)| copy.flag("from").is_none());
    let sources = local.filter_map(|(_, copy)| copy.words().split_last()).flat_map(|(_, sources)| sources);
    sources.filter(|word| is_whole_context(word.text())).collect()
}

fn check(context: &Context, sink: &mut Sink) {
    if context.ignored.is_none()
        && let Some(word) = whole_context_copies(context).first()
    {
        sink.report(word.span(), "this copies the whole build context, and there is no .dockerignore");
    }
}
