//! COPY of several files to what is no directory.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;

pub(super) static RULE: Rule = Rule {
    name: "several-sources-to-file",
    aliases: &["DL3021"],
    practice: None,
    level: Level::Error,
    by_policy: false,
    summary: "COPY of several sources needs a directory, written with a `/` at its end",
    explanation: "BuildKit refuses to copy several files to a path that does not end with `/`: it cannot tell whether \
                  a directory is meant.",
    help: "end the destination with `/`",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for (_, copy) in context.every(Keyword::Copy) {
        let Some((destination, sources)) = copy.words().split_last() else { continue };
        let open = destination.value.is_none() && !destination.raw.as_str().ends_with('/');
        let path = destination.text();
        // An open value may well end with `/`; `.` is a directory whatever happens.
        if sources.len() > 1 && !open && !path.ends_with(['/', '\\']) && !matches!(path, "." | "..") {
            sink.report(destination.span(), format!("several files cannot be copied to the one path `{path}`"));
        }
    }
}
