//! /bin/sh made a link to another shell.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};

pub(super) static RULE: Rule = Rule {
    name: "shell-replaced",
    aliases: &["DL4005"],
    practice: None,
    level: Level::Info,
    by_policy: false,
    summary: "a link over /bin/sh changes the shell of every program in the image",
    explanation: "Scripts of the system's packages are written for its own shell. SHELL changes the one that RUN uses, \
                  and nothing else.",
    help: "write `SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]`",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for (_, command) in context.run_commands().filter(|(_, command)| command.program() == "ln") {
        let replaced = command.operands().last().filter(|_| command.operands().count() > 1);
        if let Some(link) = replaced.filter(|word| matches!(word.text(), "/bin/sh" | "/usr/bin/sh")) {
            sink.report(link.span, format!("`{}` becomes another shell for the whole image", link.text()));
        }
    }
}
