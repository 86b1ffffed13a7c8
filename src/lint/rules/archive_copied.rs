//! Archives that are copied to be unpacked.

use std::collections::HashMap;

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::paths::is_archive;
use crate::dockerfile::shell::Invocation;
use crate::diag::Span;
use crate::dockerfile::Keyword;

pub(super) static RULE: Rule = Rule {
    name: "archive-copied",
    aliases: &["DL3010"],
    practice: None,
    level: Level::Info,
    by_policy: false,
    summary: "ADD unpacks a tar archive, without leaving it in a layer",
    explanation: "COPY keeps the archive in its layer for good, also when a later RUN deletes it. ADD unpacks local \
                  tar archives, compressed or not.",
    help: "write `ADD archive directory/` and leave the tar command out",
    check,
};

fn unpacks(command: &Invocation) -> bool {
    let extracts = |word: &str| matches!(word, "--extract" | "--get") || !word.starts_with("--") && word.contains('x');
    command.program() == "tar"
        && command.arguments().iter().enumerate().any(|(index, word)| {
            (index == 0 || word.is_option()) && extracts(word.text())
        })
}

fn target(source: &str, destination: &str) -> String {
    let directory = destination.ends_with('/') || matches!(destination, "." | "./");
    let name = source.rsplit('/').next().unwrap_or(source);
    if directory { format!("{}/{name}", destination.trim_end_matches('/')) } else { destination.to_owned() }
}

fn normal(path: &str) -> &str {
    path.strip_prefix("./").unwrap_or(path)
}

fn check(context: &Context, sink: &mut Sink) {
    // Paths that are unpacked, with the last place where they are.
    let unpacking = context.run_commands().filter(|(_, command)| unpacks(command));
    let operands = unpacking.flat_map(|(_, command)| command.operands());
    let unpacked: HashMap<&str, Span> = operands.map(|word| (normal(word.text()), word.span)).collect();
    for (_, copy) in context.every(Keyword::Copy).filter(|(_, copy)| copy.flag("from").is_none()) {
        let Some((destination, sources)) = copy.words().split_last() else { continue };
        for source in sources.iter().filter(|word| is_archive(word.text())) {
            let target = target(source.text(), destination.text());
            if unpacked.get(normal(&target)).is_some_and(|place| *place > copy.span) {
                sink.report(source.span(), format!("`{}` is copied and then unpacked", source.text()));
            }
        }
    }
}
