//! Practice 10: ADD of a URL without a checksum.

use super::super::context::Context;
use super::super::paths::{has_extension, is_http};
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;

pub(super) static RULE: Rule = Rule {
    name: "unverified-download",
    aliases: &[],
    practice: Some(10),
    level: Level::Warning,
    by_policy: false,
    summary: "ADD of a URL takes whatever the server sends",
    explanation: "Without `--checksum` nobody notices when the file behind the URL changes, by accident or by \
                  malice.",
    help: "write `ADD --checksum=sha256:… URL destination`",
    check,
};

/// A repository is pinned by its commit, not by a checksum.
fn is_repository(url: &str) -> bool {
    let path = url.split(['#', '?']).next().unwrap_or(url);
    has_extension(path.trim_end_matches('/'), &["git"])
}

fn check(context: &Context, sink: &mut Sink) {
    for (_, add) in context.every(Keyword::Add) {
        if add.flag("checksum").is_some() {
            continue;
        }
        let Some((_, sources)) = add.words().split_last() else { continue };
        for source in sources.iter().filter(|word| is_http(word.text()) && !is_repository(word.text())) {
            sink.report(source.span(), "this download is not verified");
        }
    }
}
