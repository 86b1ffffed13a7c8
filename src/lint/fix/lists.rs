//! Package lists and caches: deleted where they were fetched, unless something below lives on them.

use super::Fix;
use super::script::{ShellText, shell_text};
use crate::dockerfile::shell::{Invocation, Script, ShellWord};
use crate::dockerfile::{Base, Command, Keyword};
use crate::lint::context::Context;
use crate::lint::data::bystanders::BYSTANDERS;
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
    let within = |outer: &&Invocation| {
        outer.span.start < command.invocation.span.start && command.invocation.span.end <= outer.span.end
    };
    if script.invocations.iter().filter(within).any(changes_user) {
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
        Manager::Apk if !(keeps_lists(script) && used_below(context, index, Manager::Apk)) => {
            without_cache(script, &text)
        }
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
    let unplain = |command: &Invocation| ends_early(command) || changes_user(command) || !command.wrappers.is_empty();
    if !first || newer || script.invocations.iter().any(unplain) {
        return None;
    }
    Some(shell_text(context, index)?.append("yarn cache clean"))
}

/// Nothing that is appended would be reached.
fn ends_early(command: &Invocation) -> bool {
    matches!(command.program(), "exit" | "exec" | "return") || command.wrappers.iter().any(|word| word.text() == "exec")
}

/// What it runs may have rights that what is appended to the script has not.
fn changes_user(command: &Invocation) -> bool {
    const CHANGING: [&str; 8] = ["doas", "gosu", "pkexec", "runuser", "setpriv", "su", "su-exec", "sudo"];
    let changes = |word: &ShellWord| CHANGING.contains(&word.text().rsplit('/').next().unwrap_or_default());
    command.wrappers.iter().chain(command.words.first()).any(changes)
}

/// Whether apk fetches lists that it does not throw away: without them it installs nothing.
fn keeps_lists(script: &Script) -> bool {
    let mut commands = script.invocations.iter().filter_map(package_command);
    let kept = |found: &PackageCommand| found.refreshes() || found.is_told_to_refresh();
    commands.any(|found| found.manager == Manager::Apk && kept(&found) && !found.invocation.has_option("--no-cache"))
}

/// `apk add --no-cache` fetches the lists that it needs and keeps none, so that no `apk update` is needed in the same
/// RUN. A package file of one's own may be installed where no list can be fetched: such a RUN is left alone.
fn without_cache(script: &Script, text: &ShellText) -> Option<Fix> {
    let mut fix = Fix::default();
    for command in script.invocations.iter().filter_map(package_command).filter(|found| found.manager == Manager::Apk) {
        let told = command.invocation.has_option("--no-cache");
        // It counts on lists that are there.
        if command.invocation.has_option("--no-network") {
            return None;
        }
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
    if *run.keyword != Keyword::Run {
        return None;
    }
    let script = context.script(at);
    if script.invocations.is_empty() || !script.skipped.is_empty() || matches!(run.command(), Some(Command::Exec(_))) {
        return Some(true);
    }
    let uses = script.invocations.iter().find_map(|invocation| match package_command(invocation) {
        Some(command) if command.manager != manager => None,
        Some(command) if command.refreshes() => Some(false),
        Some(command) => command.may_need_lists().then_some(true),
        None => (!is_bystander(invocation)).then_some(true),
    });
    // What ONBUILD fetches is there for images that are built on this one, and for none of the RUNs below.
    uses.filter(|uses| *uses || !run.on_build)
}

/// Whether it certainly installs no package: neither a script of somebody's own, nor what is only known when it runs.
pub(in crate::lint) fn is_bystander(invocation: &Invocation) -> bool {
    const SYSTEM: [&str; 3] = ["/bin/", "/usr/", "/sbin/"];
    let (word, program) = (&invocation.words[0], invocation.program());
    let own = word.text().contains('/') && !SYSTEM.iter().any(|place| word.text().starts_with(place));
    // What a shell is told by `-c` is among the commands itself.
    let mut options = invocation.arguments().iter().take_while(|word| word.is_option());
    let told = matches!(program, "sh" | "bash" | "ash" | "dash") && options.any(|word| word.text().ends_with('c'));
    let finds = program == "find" && !invocation.arguments().iter().any(|word| word.text().starts_with("-exec"));
    !own && !word.dynamic && (told || finds || BYSTANDERS.contains(&program))
}
