//! Commands below sudo.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};

pub(super) static RULE: Rule = Rule {
    name: "sudo",
    aliases: &["DL3004"],
    practice: None,
    level: Level::Info,
    by_policy: false,
    summary: "sudo in a build brings a terminal and signals into disorder",
    explanation: "A RUN is root unless USER says otherwise, so that sudo adds nothing but a program that can be \
                  misused in the image.",
    help: "leave it out, or change the user with USER, gosu or su-exec",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for (_, command) in context.run_commands() {
        let words = command.wrappers.iter().chain(command.words.first());
        for word in words.filter(|word| word.text().rsplit('/').next() == Some("sudo")) {
            sink.report(word.span, "sudo has nothing to do in a build");
        }
    }
}
