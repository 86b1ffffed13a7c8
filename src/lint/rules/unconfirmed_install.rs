//! Package managers that wait for an answer nobody gives.

use super::super::context::Context;
use super::super::example::Example;
use super::super::fix::option;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::packages::{Manager, PackageCommand, package_command};
use crate::dockerfile::Keyword;
use crate::dockerfile::shell::ShellWord;
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "unconfirmed-install",
    aliases: &["DL3014", "DL3030", "DL3034", "DL3038"],
    practice: None,
    level: Level::Info,
    by_policy: false,
    summary: say!(
        "without `-y` the package manager asks, and nobody answers",
        "不写 `-y`，软件包管理器会提问，却没有人回答"
    ),
    explanation: say!(
        "A build has no terminal: the question is answered with no, and the RUN fails as soon as there is something to \
         confirm.",
        "构建没有终端：问题的答案就是“否”，一旦有需要确认的内容，RUN 就会失败。"
    ),
    help: say!("write `-y`", "加上 `-y`"),
    example: Example::new(
        "FROM debian:12.5\n\
         RUN apt-get update && apt-get install curl\n",
        "FROM debian:12.5\n\
         RUN apt-get update && apt-get install -y curl\n",
    ),
    check,
};

/// What hadolint calls it, and the verbs that ask.
fn questions(manager: Manager) -> Option<(&'static [&'static str], &'static [&'static str])> {
    const RED_HAT: &[&str] = &["install", "in", "groupinstall", "localinstall"];
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

/// apt-get's `-qq`, `-q --quiet` and `-q=2` imply yes.
fn is_twice_quiet(command: &PackageCommand) -> bool {
    let arguments = command.invocation.arguments().iter().map(ShellWord::text);
    let quiet = arguments.filter(|word| word.starts_with('-')).map(|word| match word {
        "-q=2" | "--quiet=2" => 2,
        "--quiet" => 1,
        _ if word.starts_with("--") => 0,
        _ => word.matches('q').count(),
    });
    quiet.sum::<usize>() >= 2
}

fn check(context: &Context, sink: &mut Sink) {
    for (index, run) in context.every(Keyword::Run) {
        let commands = &context.script(index).invocations;
        // `yes | apt-get install …`
        if commands.iter().any(|command| command.program() == "yes") {
            continue;
        }
        for command in commands.iter().filter_map(package_command) {
            let below = command.installs_group() || command.installed_modules().is_some();
            if let Some((aliases, verbs)) = questions(command.manager)
                && (verbs.contains(&command.verb.text()) || below)
                && !is_confirmed(&command)
            {
                let message = say!(
                    "`{command}` asks before it does anything",
                    "`{command}` 在动手之前会提问",
                    command = command.name()
                );
                let draft = sink.report(command.invocation.words[0].span.join(command.verb.span), message);
                // zypper's `source-install` does not know the option; the verb of groups and modules stands further behind.
                let known = !matches!(command.verb.text(), "source-install" | "si") && !below;
                draft.aliases(aliases).fix(option(run, command.verb, "-y").filter(|_| known));
            }
        }
    }
}
