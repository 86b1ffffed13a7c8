//! Packages that nobody asked for.

use super::super::context::Context;
use super::super::fix::option;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::packages::{Manager, PackageCommand, package_command};

pub(super) static RULE: Rule = Rule {
    name: "recommended-packages",
    aliases: &["DL3015"],
    practice: None,
    level: Level::Off,
    by_policy: false,
    summary: "apt-get installs recommended packages too, unless it is told not to",
    explanation: "Recommended packages make the image larger, and bring vulnerabilities of programs that nobody uses.",
    help: "write `apt-get install --no-install-recommends`",
    check,
};

fn is_told_not_to(command: &PackageCommand) -> bool {
    let setting = |word: &str| {
        let value = word.split_once("APT::Install-Recommends=").map(|(_, value)| value.trim_matches('"'));
        value.is_some_and(|value| matches!(value, "0" | "false" | "no" | "off"))
    };
    command.invocation.has_option("--no-install-recommends")
        || command.invocation.arguments().iter().any(|word| setting(word.text()))
}

fn check(context: &Context, sink: &mut Sink) {
    for (run, invocation) in context.run_commands() {
        let Some(command) = package_command(invocation) else { continue };
        if command.manager == Manager::Apt && command.installs() && !is_told_not_to(&command) {
            let message = format!("`{}` brings recommended packages too", command.name());
            let draft = sink.report(invocation.words[0].span.join(command.verb.span), message);
            // aptitude calls it otherwise.
            let known = matches!(invocation.program(), "apt-get" | "apt");
            draft.fix(option(run, command.verb, "--no-install-recommends").filter(|_| known));
        }
    }
}
