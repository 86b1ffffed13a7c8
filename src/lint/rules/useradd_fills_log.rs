//! useradd with a large number.

use super::super::context::Context;
use super::super::example::Example;
use super::super::fix::option;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::shell::{Invocation, ShellWord};
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "useradd-fills-log",
    aliases: &["DL3046"],
    practice: None,
    level: Level::Info,
    by_policy: false,
    summary: say!(
        "useradd with a large UID writes a huge lastlog file",
        "UID 很大时，useradd 会写出巨大的 lastlog 文件"
    ),
    explanation: say!(
        "useradd resets the entries of the new user in /var/log/faillog and lastlog, which are indexed by number: a \
         large UID makes them gigabytes long. They are sparse on a disk, but not in a layer.",
        "useradd 会重置新用户在 /var/log/faillog 和 lastlog 中的记录，这两个文件按编号索引：UID 很大，文件就有几个 \
         GB。它们在磁盘上是稀疏文件，在层里不是。"
    ),
    help: say!("write `useradd --no-log-init`", "改写为 `useradd --no-log-init`"),
    example: Example::new(
        "FROM debian:12.5\n\
         RUN useradd --uid 1000123 app\n",
        "FROM debian:12.5\n\
         RUN useradd --no-log-init --uid 1000123 app\n",
    ),
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
            let draft = sink.report(command.span, say!("useradd writes login logs as long as the UID {id} is large", "useradd 写出的登录日志与 UID {id} 一样大", id));
            let short = |text: &str| text.starts_with('-') && !text.starts_with("--") && text.ends_with('u');
            draft.beyond_hadolint(!command.arguments().iter().any(|word| short(word.text())));
            draft.fix(option(run, &command.words[0], "--no-log-init"));
        }
    }
}
