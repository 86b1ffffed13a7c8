//! Practice 2: no upgrade of everything during a build.

use super::super::context::Context;
use super::super::packages::{Manager, PackageCommand, package_command};
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};

pub(super) static RULE: Rule = Rule {
    name: "upgrade-in-build",
    aliases: &["DL3005", "DL3017", "DL3031", "DL3035"],
    practice: Some(2),
    level: Level::Warning,
    by_policy: false,
    summary: "upgrading all packages makes the image depend on the day it is built",
    explanation: "Two builds of one Dockerfile give different images, and essential packages of the base may fail \
                  to upgrade in an unprivileged container. A newer base image brings the same fixes, tested \
                  together.",
    help: "take a newer base image, and install the single package that must be newer by name",
    check,
};

/// The verbs that upgrade everything, or everything when no package is named.
fn upgrades_all(command: &PackageCommand) -> bool {
    let verb = command.verb.text();
    match command.manager {
        Manager::Apt => matches!(verb, "upgrade" | "dist-upgrade" | "full-upgrade" | "safe-upgrade"),
        Manager::Apk => verb == "upgrade" && command.operands.is_empty(),
        Manager::Yum | Manager::Dnf => {
            matches!(verb, "update" | "upgrade" | "up" | "distro-sync" | "distribution-synchronization")
                && command.operands.is_empty()
        }
        Manager::Zypper => match verb {
            "dist-upgrade" | "dup" | "patch" => true,
            _ => matches!(verb, "update" | "up") && command.operands.is_empty(),
        },
        Manager::Pacman => verb.contains('u'),
        Manager::Pip | Manager::Npm | Manager::Gem => false,
    }
}

fn only_pretends(command: &PackageCommand) -> bool {
    command.manager == Manager::Apt
        && ["-s", "--simulate", "--dry-run", "--just-print"].iter().any(|option| command.invocation.has_option(option))
}

fn check(context: &Context, sink: &mut Sink) {
    let commands = context.run_commands().filter_map(|(_, invocation)| package_command(invocation));
    for command in commands.filter(|command| upgrades_all(command) && !only_pretends(command)) {
        let span = command.invocation.words[0].span.join(command.verb.span);
        let aliases: &[&str] = match command.manager {
            Manager::Apt => &["DL3005"],
            Manager::Apk => &["DL3017"],
            Manager::Yum | Manager::Dnf => &["DL3031"],
            Manager::Zypper if matches!(command.verb.text(), "dist-upgrade" | "dup") => &["DL3035"],
            _ => &[],
        };
        sink.report(span, format!("`{}` makes the build depend on the day it runs", command.name())).aliases(aliases);
    }
}
