//! Programs that have nothing to do in a container.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};

pub(super) static RULE: Rule = Rule {
    name: "pointless-program",
    aliases: &["DL3001"],
    practice: None,
    level: Level::Off,
    by_policy: false,
    summary: "a program that has nothing to do while an image is built",
    explanation: "A build has no terminal, no services and no mounts of its own: what these programs start or change \
                  is gone with the RUN.",
    help: "leave the command out, or do it where the container runs",
    check,
};

const PROGRAMS: [&str; 10] =
    ["free", "ifconfig", "kill", "mount", "ps", "service", "shutdown", "ssh", "top", "vim"];

fn check(context: &Context, sink: &mut Sink) {
    for (_, command) in context.run_commands() {
        let program = command.words[0].text();
        if PROGRAMS.contains(&program) {
            sink.report(command.words[0].span, format!("`{program}` has nothing to do in a build"));
        }
    }
}
