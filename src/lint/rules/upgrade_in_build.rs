//! Practice 2: no upgrade of everything during a build.

use super::super::context::Context;
use super::super::example::Example;
use super::super::fix::{Fix, ShellText, is_written, shell_text, used_below, without_instruction};
use super::super::packages::{Manager, PackageCommand, package_command};
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;
use crate::dockerfile::shell::{Invocation, ShellWord};
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "upgrade-in-build",
    aliases: &["DL3005", "DL3017", "DL3031", "DL3035"],
    practice: Some(2),
    level: Level::Warning,
    by_policy: false,
    summary: say!(
        "upgrading all packages makes the image depend on the day it is built",
        "升级全部软件包会使镜像取决于构建的日期"
    ),
    explanation: say!(
        "Two builds of one Dockerfile give different images, and essential packages of the base may fail to upgrade in \
         an unprivileged container. A newer base image brings the same fixes, tested together.",
        "同一个 Dockerfile 的两次构建得到不同的镜像，而且在没有特权的容器里，基础镜像的关键软件包可能升级失败。更新的\
         基础镜像带来同样的修复，并且一起测试过。"
    ),
    help: say!(
        "take a newer base image, and install the single package that must be newer by name",
        "换用更新的基础镜像；个别软件包必须更新时，按名字安装它"
    ),
    example: Example::new(
        "FROM debian:12.5\n\
         RUN apt-get update && apt-get upgrade -y\n",
        "FROM debian:12.5\n\
         RUN apt-get update && apt-get install -y openssl\n",
    ),
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

/// Without the upgrade; without the RUN where that does nothing else and nothing below needs the lists it fetches.
fn without(context: &Context, index: usize, text: &ShellText, command: &PackageCommand) -> Option<Fix> {
    let run = &context.dockerfile.instructions[index];
    // pacman upgrades and installs in one go.
    let written = is_written(command.invocation);
    if run.on_build || !written || command.manager == Manager::Pacman || !command.operands.is_empty() {
        return None;
    }
    let idle = |invocation: &Invocation| match package_command(invocation) {
        Some(other) => {
            other.manager == command.manager
                && (upgrades_all(&other) || other.refreshes() || matches!(other.verb.text(), "clean" | "autoclean"))
        }
        None => {
            let lists = |word: &ShellWord| word.text().starts_with("/var/lib/apt/lists") || word.text().starts_with("/var/cache/");
            invocation.program() == "rm" && invocation.operands().all(lists)
        }
    };
    let all = &context.script(index).invocations;
    let alone = text.is_only(all) && all.iter().all(|found| is_written(found) && idle(found));
    // The others fetch lists by themselves.
    let keeps_lists = matches!(command.manager, Manager::Apt | Manager::Apk);
    let needed = keeps_lists && used_below(context, index, command.manager);
    if alone && run.heredocs.is_empty() && !text.outline.changes_shell && !needed {
        return without_instruction(&context.dockerfile.source, run);
    }
    text.without(command.invocation)
}

fn report(context: &Context, sink: &mut Sink, (index, text): (usize, Option<&ShellText>), command: &PackageCommand) {
    let span = command.invocation.words[0].span.join(command.verb.span);
    let aliases: &[&str] = match command.manager {
        Manager::Apt => &["DL3005"],
        Manager::Apk => &["DL3017"],
        Manager::Yum | Manager::Dnf => &["DL3031"],
        Manager::Zypper if matches!(command.verb.text(), "dist-upgrade" | "dup") => &["DL3035"],
        _ => &[],
    };
    let draft = sink.report(span, say!(
            "`{command}` makes the build depend on the day it runs",
            "`{command}` 使构建结果取决于运行的日期",
            command = command.name()
        ));
    draft.aliases(aliases).fix(text.and_then(|text| without(context, index, text, command)));
}

fn check(context: &Context, sink: &mut Sink) {
    for (index, _) in context.every(Keyword::Run) {
        let commands = context.script(index).invocations.iter().filter_map(package_command);
        let commands: Vec<_> = commands.filter(|command| upgrades_all(command) && !only_pretends(command)).collect();
        let text = if commands.is_empty() { None } else { shell_text(context, index) };
        for command in commands {
            report(context, sink, (index, text.as_ref()), &command);
        }
    }
}
