//! Package lists and caches: deleted where they were fetched, unless something below lives on them.

use super::Fix;
use super::script::{ShellText, shell_text};
use crate::dockerfile::shell::{Invocation, Script};
use crate::dockerfile::{Base, Command, Keyword};
use crate::lint::context::Context;
use crate::lint::packages::{Manager, PackageCommand, package_command};

/// Ends the RUN with what deletes the lists and caches that `command` leaves.
///
/// yum, dnf and zypper fetch theirs again by themselves; a later `apt-get install` would not.
pub(in crate::lint) fn cleaned_up(context: &Context, index: usize, command: &PackageCommand) -> Option<Fix> {
    let text = shell_text(context, index)?;
    let script = context.script(index);
    if script.invocations.iter().any(ends_early) {
        return None;
    }
    if !command.invocation.words[0].written || !command.verb.written {
        return None;
    }
    let sudo = match &command.invocation.wrappers[..] {
        [] => "",
        [word] if word.text() == "sudo" => "sudo ",
        _ => return None,
    };
    let program = &command.invocation.words[0];
    match command.manager {
        Manager::Apt if !used_below(context, index, Manager::Apt) => {
            Some(text.append(&format!("{sudo}rm -rf /var/lib/apt/lists/*")))
        }
        Manager::Apk => without_cache(script, &text),
        Manager::Yum | Manager::Dnf if !program.dynamic => {
            Some(text.append(&format!("{sudo}{} clean all", program.text())))
        }
        Manager::Zypper if !program.dynamic => Some(text.append(&format!("{sudo}{} clean --all", program.text()))),
        _ => None,
    }
}

/// Ends the RUN with `yarn cache clean` where that is yarn 1: newer ones may run programs from their cache.
pub(in crate::lint) fn yarn_cleaned(context: &Context, index: usize) -> Option<Fix> {
    const NEWER: [&str; 4] = [".yarnrc", ".yarnrc.yml", ".yarn", ".pnp.cjs"];
    let build = context.build;
    let first = build.text("yarn.lock").is_some_and(|lock| lock.contains("# yarn lockfile v1"));
    let newer = NEWER.iter().any(|name| build.folder.entries.contains(*name))
        || context.run_commands().any(|(_, command)| command.program() == "corepack");
    let script = context.script(index);
    let unplain = |command: &Invocation| ends_early(command) || !command.wrappers.is_empty();
    if !first || newer || script.invocations.iter().any(unplain) {
        return None;
    }
    Some(shell_text(context, index)?.append("yarn cache clean"))
}

/// Nothing that is appended would be reached.
fn ends_early(command: &Invocation) -> bool {
    matches!(command.program(), "exit" | "exec" | "return") || command.wrappers.iter().any(|word| word.text() == "exec")
}

/// `apk add --no-cache` fetches the lists that it needs and keeps none, so that no `apk update` is needed in the same
/// RUN. A package file of one's own may be installed where no list can be fetched: such a RUN is left alone.
fn without_cache(script: &Script, text: &ShellText) -> Option<Fix> {
    let mut fix = Fix::default();
    for command in script.invocations.iter().filter_map(package_command).filter(|found| found.manager == Manager::Apk) {
        let told = command.invocation.has_option("--no-cache");
        match command.verb.text() {
            "add" | "upgrade" if command.operands.iter().any(|word| word.text().contains('/')) => return None,
            "add" | "upgrade" if !told && !command.verb.written => return None,
            "add" | "upgrade" if !told => fix = fix.and_insert(command.verb.span.end, " --no-cache"),
            "update" => fix = fix.and(text.without(command.invocation)?),
            _ => {}
        }
    }
    let installs = |command: PackageCommand| matches!(command.verb.text(), "add" | "upgrade");
    script.invocations.iter().filter_map(package_command).any(installs).then_some(fix)
}

/// Whether a RUN below installs from the lists that the RUN of this index leaves, or may do so.
pub(in crate::lint) fn used_below(context: &Context, index: usize, manager: Manager) -> bool {
    let stages = &context.dockerfile.stages;
    let Some(first) = context.stage_of(index) else { return true };
    let mut holds = vec![false; stages.len()];
    for (number, stage) in stages.iter().enumerate().skip(first) {
        let start = match stage.base {
            _ if number == first => index + 1,
            Base::Stage(parent) if holds[parent] => stage.instructions.start,
            _ => continue,
        };
        let uses = (start..stage.instructions.end).find_map(|at| uses(context, at, manager));
        if uses == Some(true) {
            return true;
        }
        holds[number] = uses.is_none();
    }
    false
}

/// Whether an instruction installs from old lists (`true`), fetches new ones (`false`), or does neither.
fn uses(context: &Context, at: usize, manager: Manager) -> Option<bool> {
    let run = &context.dockerfile.instructions[at];
    if !run.is(Keyword::Run) {
        return None;
    }
    let script = context.script(at);
    if script.invocations.is_empty() || !script.skipped.is_empty() || matches!(run.command(), Some(Command::Exec(_))) {
        return Some(true);
    }
    script.invocations.iter().find_map(|invocation| {
        if may_install(invocation) {
            return Some(true);
        }
        let command = package_command(invocation).filter(|command| command.manager == manager)?;
        if command.refreshes() { Some(false) } else { command.installs_from_lists().then_some(true) }
    })
}

/// A script of somebody's own, or one that is only known when it runs.
fn may_install(invocation: &Invocation) -> bool {
    let word = &invocation.words[0];
    let own =
        word.text().contains('/') && !["/bin/", "/usr/", "/sbin/"].iter().any(|place| word.text().starts_with(place));
    let shell = matches!(invocation.program(), "sh" | "bash" | "ash" | "dash" | "." | "source");
    own || word.dynamic || (shell && !invocation.has_option("-c"))
}
