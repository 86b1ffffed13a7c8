//! Practice 5: package lists and caches of the system's package manager left in a layer.

use super::super::context::Context;
use super::super::example::Example;
use super::super::fix::cleaned_up;
use super::super::packages::{Manager, PackageCommand, package_command};
use super::super::paths::is_within;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::{Instruction, Keyword};
use crate::dockerfile::shell::{Invocation, Script};
use crate::diag::{Wording, say};

pub(super) static RULE: Rule = Rule {
    name: "package-lists-left",
    aliases: &["DL3009", "DL3019", "DL3032", "DL3036", "DL3040"],
    practice: Some(5),
    level: Level::Warning,
    by_policy: false,
    summary: say!(
        "package lists and caches stay in the layer of the RUN that fetched them",
        "软件包列表和缓存留在下载它们的那条 RUN 的层里"
    ),
    explanation: say!(
        "A later RUN that deletes them makes nothing smaller: the layer below still holds the files. Only the RUN that \
         fetched them can delete them, or a cache mount can keep them out of the image.",
        "后面的 RUN 再删除也不会使镜像变小：下面的层里文件还在。只有下载它们的那条 RUN 能删掉它们，或者用缓存挂载使它\
         们不进镜像。"
    ),
    help: say!(
        "delete them at the end of the same RUN, or mount a cache over the directory",
        "在同一条 RUN 的末尾删除，或者在该目录上挂载缓存"
    ),
    example: Example::new(
        "FROM debian:12.5\n\
         RUN apt-get update && apt-get install -y curl\n",
        "FROM debian:12.5\n\
         RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*\n",
    ),
    check,
};

/// Where a package manager leaves files, and how to get rid of them.
struct Leftover {
    directories: &'static [&'static str],
    cleanup: Wording,
    aliases: &'static [&'static str],
}

/// Verbs that fetch lists or packages, beside `install`.
const FETCHING: [&str; 8] =
    ["groupinstall", "localinstall", "makecache", "module", "reinstall", "up", "update", "upgrade"];

fn leftover(command: &PackageCommand) -> Option<Leftover> {
    let verb = command.verb.text();
    let fetches = command.installs() || command.installs_group() || FETCHING.contains(&verb);
    Some(match command.manager {
        Manager::Apt if verb == "update" => Leftover {
            directories: &["/var/lib/apt/lists"],
            cleanup: say!(
                "end the RUN with `rm -rf /var/lib/apt/lists/*`, or mount a cache there",
                "在 RUN 末尾写 `rm -rf /var/lib/apt/lists/*`，或者在那里挂载缓存"
            ),
            aliases: &["DL3009"],
        },
        Manager::Apk
            if matches!(verb, "add" | "update" | "upgrade") && !command.invocation.has_option("--no-cache") =>
        {
            Leftover {
                directories: &["/var/cache/apk", "/etc/apk/cache"],
                cleanup: say!("write `apk add --no-cache`", "改写为 `apk add --no-cache`"),
                aliases: &["DL3019"],
            }
        }
        Manager::Yum if fetches => Leftover {
            directories: &["/var/cache/yum", "/var/cache/dnf", "/var/cache/libdnf5"],
            cleanup: say!("end the RUN with `yum clean all`", "在 RUN 末尾写 `yum clean all`"),
            aliases: &["DL3032"],
        },
        Manager::Dnf if fetches => Leftover {
            directories: &["/var/cache/dnf", "/var/cache/yum", "/var/cache/libdnf5", "/var/cache/tdnf", "/var/cache/microdnf"],
            cleanup: say!("end the RUN with `dnf clean all`", "在 RUN 末尾写 `dnf clean all`"),
            aliases: &["DL3040"],
        },
        Manager::Zypper if fetches => Leftover {
            directories: &["/var/cache/zypp"],
            cleanup: say!("end the RUN with `zypper clean --all`", "在 RUN 末尾写 `zypper clean --all`"),
            aliases: &["DL3036"],
        },
        Manager::Pacman if verb.strip_prefix("-S").is_some_and(|rest| rest.bytes().all(|letter| b"yuw".contains(&letter))) => {
            Leftover {
                directories: &["/var/cache/pacman"],
                cleanup: say!("end the RUN with `pacman -Scc --noconfirm`", "在 RUN 末尾写 `pacman -Scc --noconfirm`"),
                aliases: &[],
            }
        }
        _ => return None,
    })
}

/// Where the last command starts that cleans up after a package manager.
fn last_cleanup(script: &Script, manager: Manager, directories: &[&str]) -> Option<usize> {
    let cleans = |command: &&Invocation| clears(command, manager) || deletes(command, directories);
    script.invocations.iter().rev().find(cleans).map(|command| command.span.start)
}

fn clears(invocation: &Invocation, manager: Manager) -> bool {
    let Some(command) = package_command(invocation) else { return false };
    let same = command.manager == manager
        || matches!((command.manager, manager), (Manager::Yum, Manager::Dnf) | (Manager::Dnf, Manager::Yum));
    match manager {
        Manager::Apt => false,
        Manager::Pacman => same && command.verb.text().starts_with("-Sc"),
        _ => same && matches!(command.verb.text(), "clean" | "cc" | "cache"),
    }
}

/// `rm` of the directory, of what is in it, or of one above it; `find … -delete` counts too.
fn deletes(invocation: &Invocation, directories: &[&str]) -> bool {
    matches!(invocation.program(), "rm" | "find" | "rmdir" | "unlink")
        && invocation.operands().any(|word| {
            let path = word.text().trim_end_matches(['*', '/', '.']);
            let braces = path.split('{').next().filter(|before| before.len() < path.len());
            let covers = |directory: &str| {
                is_within(directory, path)
                    || is_within(path, directory)
                    || braces.is_some_and(|path| directory.starts_with(path))
            };
            path.len() > 1 && directories.iter().any(|directory| covers(directory))
        })
}

/// Whether a cache or tmpfs is mounted over one of the directories.
pub(super) fn is_mounted(run: &Instruction, covers: impl Fn(&str) -> bool) -> bool {
    let mounts = run.flags_named("mount").filter_map(|flag| flag.value.as_ref());
    mounts.into_iter().any(|mount| {
        let options = || mount.text().split(',').filter_map(|option| option.split_once('='));
        let aside = options().any(|(name, value)| name == "type" && matches!(value, "cache" | "tmpfs"));
        let target = options().find(|(name, _)| matches!(*name, "target" | "dst" | "destination"));
        aside && target.is_some_and(|(_, target)| covers(target))
    })
}

/// Whether hadolint knows that the verb fills the cache, of which it knows some; to it every `rm -f` deletes the lists
/// of apt, wherever it stands.
fn hadolint_sees(script: &Script, command: &PackageCommand) -> bool {
    let forces = |command: &Invocation| command.program() == "rm" && ["-f", "--force"].iter().any(|option| command.has_option(option));
    let verb = command.verb.text();
    let installs = verb == "install" || command.operands.iter().any(|word| word.text() == "install");
    match command.manager {
        Manager::Apt => !script.invocations.iter().any(forces),
        Manager::Dnf => installs || matches!(verb, "in" | "reinstall" | "up" | "upgrade"),
        Manager::Zypper => installs || verb == "in",
        Manager::Yum => installs,
        _ => true,
    }
}

fn check(context: &Context, sink: &mut Sink) {
    for (index, run) in context.every(Keyword::Run) {
        let script = context.script(index);
        let shipped = context.is_shipped(index);
        let mut judged: Vec<Manager> = Vec::new();
        // The last command that fetches decides: what cleans up after it does so for those before it.
        for command in script.invocations.iter().rev().filter_map(package_command) {
            let Some(Leftover { directories, cleanup, aliases }) = leftover(&command) else { continue };
            // hadolint asks for `--no-cache` instead of a clean-up, where packages are added.
            let by_option = context.as_hadolint() && command.manager == Manager::Apk;
            if by_option && !command.installs() {
                continue;
            }
            // What fetches nothing leaves nothing; hadolint does not know the option.
            if !by_option && command.invocation.has_option("--no-network") {
                continue;
            }
            // hadolint looks at all stages, but for lists of apt.
            let counts = shipped || context.as_hadolint() && command.manager != Manager::Apt;
            if !counts || judged.contains(&command.manager) {
                continue;
            }
            judged.push(command.manager);
            let mounted = is_mounted(run, |target| directories.iter().any(|directory| is_within(directory, target)));
            let cleaned = last_cleanup(script, command.manager, directories).filter(|_| !by_option);
            if !mounted && cleaned.is_none_or(|cleaned| cleaned < command.invocation.span.start) {
                let span = command.invocation.words[0].span.join(command.verb.span);
                let message = say!(
                    "`{command}` leaves {directory} in the image",
                    "`{command}` 把 {directory} 留在镜像里",
                    command = command.name(),
                    directory = directories[0]
                );
                let draft = sink.report(span, message);
                draft.beyond_hadolint(!hadolint_sees(script, &command));
                draft.help(cleanup).aliases(aliases).fix(cleaned_up(context, index, &command));
            }
        }
    }
}
