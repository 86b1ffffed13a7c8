//! Commands that were too large or too tangled to be looked into.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink, UNCHECKED};
use crate::dockerfile::MAX_PARTS;

pub(super) static RULE: Rule = Rule {
    name: UNCHECKED,
    aliases: &[],
    practice: None,
    level: Level::Info,
    by_policy: false,
    summary: "a command was too large or too tangled to be looked into",
    explanation: "Rules on commands say nothing about it. Shell text is parsed up to 64 KiB and within a second, and \
                  of a file the first 50,000 instructions, comments and words.",
    help: "put the commands into a script and copy that",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    if let Some(rest) = context.dockerfile.unread {
        let message = format!("the file holds more than {MAX_PARTS} instructions, comments and words: the rest was not checked");
        sink.report(rest, message).help("move data out of the Dockerfile, or split it");
    }
    for (instruction, script) in context.scripts().filter(|(_, script)| !script.skipped.is_empty()) {
        let keyword = instruction.keyword;
        let message = format!("the commands of this {} were not checked", keyword.name());
        let draft = sink.report(keyword.span, message);
        for span in &script.skipped {
            draft.label(*span, "too large or too tangled");
        }
    }
}
