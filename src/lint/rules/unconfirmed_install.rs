//! Package managers that wait for an answer nobody gives.

use super::super::context::Context;
use super::super::fix::option;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::packages::{Manager, PackageCommand, package_command};
use crate::dockerfile::Keyword;
use crate::dockerfile::shell::ShellWord;

pub(super) static RULE: Rule = Rule {
    name: "unconfirmed-install",
    aliases: &["DL3014", "DL3030", "DL3034", "DL3038"],
    practice: None,
    level: Level::Info,
    by_policy: false,
    summary: "without `-y` the package manager asks, and nobody answers",
    explanation: "A build has no terminal: the question is answered with no, and the RUN fails as soon as there is \
                  something to confirm.",
    help: "write `-y`",
    check,
};

/// What hadolint calls it, and the verbs that ask.
fn questions(manager: Manager) -> Option<(&'static [&'static str], &'static [&'static str])> {
    const RED_HAT: &[&str] = &["install", "groupinstall", "localinstall"];
    Some(match manager {
        Manager::Apt => (&["DL3014"], &["install"]),
        Manager::Yum => (&["DL3030"], RED_HAT),
        Manager::Dnf => (&["DL3038"], RED_HAT),
        Manager::Zypper => (&["DL3034"], &["install", "in", "remove", "rm", "source-install", "si", "patch"]),
        _ => return None,
    })
}

fn is_confirmed(command: &PackageCommand) -> bool {
    let given = |options: &[&str]| options.iter().any(|option| command.invocation.has_option(option));
    match command.manager {
        Manager::Apt => given(&["-y", "--yes", "--assume-yes"]) || is_twice_quiet(command),
        Manager::Zypper => given(&["-y", "--no-confirm", "-n", "--non-interactive"]),
        _ => given(&["-y", "--assumeyes"]),
    }
}

/// apt-get's `-qq`, `-q -q` and `-q=2` imply yes.
fn is_twice_quiet(command: &PackageCommand) -> bool {
    let arguments = command.invocation.arguments().iter().map(ShellWord::text);
    let short = arguments.filter(|word| word.starts_with('-') && !word.starts_with("--"));
    short.map(|word| if word == "-q=2" { 2 } else { word.matches('q').count() }).sum::<usize>() >= 2
}

fn check(context: &Context, sink: &mut Sink) {
    for (index, run) in context.every(Keyword::Run) {
        let commands = &context.script(index).invocations;
        // `yes | apt-get install …`
        if commands.iter().any(|command| command.program() == "yes") {
            continue;
        }
        for command in commands.iter().filter_map(package_command) {
            if let Some((aliases, verbs)) = questions(command.manager)
                && verbs.contains(&command.verb.text())
                && !is_confirmed(&command)
            {
                let message = format!("`{}` asks before it does anything", command.name());
                let draft = sink.report(command.invocation.words[0].span.join(command.verb.span), message);
                // zypper's `source-install` does not know the option.
                let known = !matches!(command.verb.text(), "source-install" | "si");
                draft.aliases(aliases).fix(option(run, command.verb, "-y").filter(|_| known));
            }
        }
    }
}
