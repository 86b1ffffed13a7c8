//! Practice 10: COPY before ADD.

use super::super::context::Context;
use super::super::paths::{is_archive, is_remote};
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;

pub(super) static RULE: Rule = Rule {
    name: "add-local-file",
    aliases: &["DL3020"],
    practice: Some(10),
    level: Level::Warning,
    by_policy: false,
    summary: "ADD of plain files does what COPY does, and hides that it might do more",
    explanation: "ADD also unpacks archives and fetches URLs. Where neither is meant, COPY says so, and a file \
                  that happens to be an archive is not unpacked by surprise.",
    help: "write COPY",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for (_, add) in context.every(Keyword::Add) {
        let Some((_, sources)) = add.words().split_last() else { continue };
        let plain = |path: &str| !is_remote(path) && !is_archive(path) && !path.starts_with("<<");
        let sources: Option<Vec<&str>> = sources.iter().map(|word| word.value.as_deref()).collect();
        if let Some(sources) = sources.filter(|sources| sources.iter().all(|path| plain(path))) {
            let message = format!("ADD of `{}` does what COPY does", sources.join(" "));
            sink.report(add.keyword.span, message);
        }
    }
}
