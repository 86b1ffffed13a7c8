//! wget that fills the log.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::shell::ShellWord;

pub(super) static RULE: Rule = Rule {
    name: "wget-progress",
    aliases: &["DL3047"],
    practice: None,
    level: Level::Off,
    by_policy: false,
    summary: "wget without a terminal prints a line for every fifty kilobytes",
    explanation: "The build log of a large download then has thousands of lines in which nobody finds the fault.",
    help: "write `wget -nv`, or `--progress=dot:giga`",
    check,
};

/// Options that say where the progress goes.
const TOLD: [&str; 8] =
    ["-q", "--quiet", "--no-verbose", "--progress", "-o", "--output-file", "-a", "--append-output"];

fn check(context: &Context, sink: &mut Sink) {
    for (_, command) in context.run_commands().filter(|(_, command)| command.program() == "wget") {
        let words = || command.arguments().iter().map(ShellWord::text);
        let brief = |word: &str| word.starts_with("-n") && word[2..].starts_with('v');
        let told = TOLD.iter().any(|option| command.has_option(option));
        if !told && !words().any(brief) && command.operands().next().is_some() {
            sink.report(command.words[0].span, "wget prints its progress into the build log");
        }
    }
}
