//! Practice 17: COPY of what .dockerignore leaves out.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::paths::is_remote;
use crate::dockerfile::Keyword;

pub(super) static RULE: Rule = Rule {
    name: "ignored-file-copied",
    aliases: &["CopyIgnoredFile"],
    practice: Some(17),
    level: Level::Error,
    by_policy: false,
    summary: "COPY names a file that never reaches the builder",
    explanation: "The build stops with \"not found\" although the file is there: the ignore file keeps it from the \
                  builder.",
    help: "take the file back with a `!` pattern at the end of .dockerignore, or delete the COPY",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    let (Some(ignored), Some(file)) = (&context.ignored, &context.build.ignore_file) else { return };
    let copies = context.every(Keyword::Copy).chain(context.every(Keyword::Add));
    for (_, copy) in copies.filter(|(_, copy)| copy.flag("from").is_none()) {
        let Some((_, sources)) = copy.words().split_last() else { continue };
        for word in sources {
            let Some(path) = word.value.as_deref() else { continue };
            let plain = !is_remote(path) && !path.starts_with("<<") && !path.contains(['*', '?', '[', '\\']);
            if plain && !path.split('/').any(|part| part == "..") && ignored.covers(path) {
                sink.report(word.span(), format!("`{path}` is left out by {}", file.name()));
            }
        }
    }
}
