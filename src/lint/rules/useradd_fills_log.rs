//! useradd with a large number.

use super::super::context::Context;
use super::super::fix::option;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::shell::{Invocation, ShellWord};

pub(super) static RULE: Rule = Rule {
    name: "useradd-fills-log",
    aliases: &["DL3046"],
    practice: None,
    level: Level::Info,
    by_policy: false,
    summary: "useradd with a large UID writes a huge lastlog file",
    explanation: "useradd resets the entries of the new user in /var/log/faillog and lastlog, which are indexed by \
                  number: a large UID makes them gigabytes long. They are sparse on a disk, but not in a layer.",
    help: "write `useradd --no-log-init`",
    check,
};

const LARGEST_HARMLESS: u64 = 99_999;

/// The value of `-u 5`, `-mu 5`, `-u5`, `--uid 5` or `--uid=5`.
fn user_id(command: &Invocation) -> Option<u64> {
    let words = command.arguments();
    words.iter().enumerate().find_map(|(index, word)| {
        let text = word.text();
        let next = || words.get(index + 1).map(ShellWord::text);
        let value = match text.strip_prefix("--uid") {
            Some("") => next(),
            Some(value) => value.strip_prefix('='),
            None if text.starts_with("--") || !text.starts_with('-') => None,
            None => text.split_once('u').and_then(|(_, rest)| if rest.is_empty() { next() } else { Some(rest) }),
        };
        value?.parse().ok()
    })
}

fn check(context: &Context, sink: &mut Sink) {
    for (run, command) in context.run_commands().filter(|(_, command)| command.program() == "useradd") {
        let silent = command.has_option("-l") || command.has_option("--no-log-init");
        if let Some(id) = user_id(command).filter(|id| *id > LARGEST_HARMLESS && !silent) {
            let draft = sink.report(command.span, format!("useradd writes login logs as long as the UID {id} is large"));
            draft.fix(option(run, &command.words[0], "--no-log-init"));
        }
    }
}
