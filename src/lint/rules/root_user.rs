//! Images that end as root.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;

pub(super) static RULE: Rule = Rule {
    name: "root-user",
    aliases: &["DL3002"],
    practice: None,
    level: Level::Info,
    by_policy: false,
    summary: "the last USER is root, so that the container runs as root",
    explanation: "Whoever breaks out of a process that runs as root is root on the node, unless user namespaces keep \
                  them apart. A stage that is not part of the image may do as it likes.",
    help: "switch to another user after the last step that needs root",
    check,
};

fn is_root(user: &str) -> bool {
    matches!(user.split(':').next(), Some("root" | "0"))
}

fn check(context: &Context, sink: &mut Sink) {
    let users = context.shipped().filter(|(_, instruction)| instruction.is(Keyword::User));
    let last = users.last().and_then(|(_, user)| user.words().first());
    if let Some(word) = last
        && is_root(word.text())
    {
        sink.report(word.span(), format!("the image runs as `{}`", word.text()));
    }
}
