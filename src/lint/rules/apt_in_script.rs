//! apt where apt-get is meant.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};

pub(super) static RULE: Rule = Rule {
    name: "apt-in-script",
    aliases: &["DL3027"],
    practice: None,
    level: Level::Off,
    by_policy: false,
    summary: "apt is made for people: its command line may change between releases",
    explanation: "apt itself warns that scripts must not rely on it. apt-get and apt-cache keep their interface.",
    help: "write apt-get or apt-cache",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for (_, command) in context.run_commands().filter(|(_, command)| command.program() == "apt") {
        sink.report(command.words[0].span, "apt is no interface for scripts");
    }
}
