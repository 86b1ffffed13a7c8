//! Packages without a version.

use super::super::context::Context;
use super::super::example::Example;
use super::super::paths::has_extension;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::packages::{Manager, PackageCommand, package_command};
use crate::dockerfile::shell::ShellWord;
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "unpinned-packages",
    aliases: &["DL3008", "DL3013", "DL3016", "DL3018", "DL3028", "DL3033", "DL3037", "DL3041"],
    practice: None,
    level: Level::Info,
    by_policy: false,
    summary: say!(
        "a package without a version is another one with every build",
        "不写版本的软件包，每次构建都可能不同"
    ),
    explanation: say!(
        "Two builds of one Dockerfile may install different versions, and a build that is repeated after a year may \
         not work any more.",
        "同一个 Dockerfile 的两次构建可能安装不同的版本，一年之后再构建甚至可能失败。"
    ),
    help: say!("write the version of each package", "写明每个软件包的版本"),
    example: Example::new(
        "FROM python:3.12-slim\n\
         RUN pip install --no-cache-dir flask\n",
        "FROM python:3.12-slim\n\
         RUN pip install --no-cache-dir flask==3.0.2\n",
    ),
    check,
};

/// Whether the operand says which version it means, or is no name of a package at all.
fn is_pinned(manager: Manager, word: &ShellWord) -> bool {
    let text = word.text();
    let repository = is_repository(text) || manager == Manager::Npm && text.split('#').any(|part| has_extension(part, &["git"]));
    let no_name = text.starts_with(['.', '/', '~']) || text.contains("://") && !repository;
    no_name
        || match manager {
            // `a-` removes, `a^` is a task.
            Manager::Apt => text.contains(['=', '/']) || text.ends_with(['-', '^']) || has_extension(text, &["deb"]),
            Manager::Apk => {
                text.contains(['=', '<', '>', '~']) || text.starts_with('!') || has_extension(text, &["apk"])
            }
            Manager::Yum | Manager::Dnf => text.starts_with('@') || has_version(text) || has_extension(text, &["rpm"]),
            Manager::Zypper => text.contains(['=', '<', '>', ':']) || has_extension(text, &["rpm"]),
            Manager::Pip => is_pinned_in_pip(text),
            Manager::Npm => is_pinned_in_npm(text),
            Manager::Gem => text.contains(':') || has_extension(text, &["gem"]),
            Manager::Pacman => true,
        }
}

/// An address of a repository, which moves with every commit.
fn is_repository(address: &str) -> bool {
    let address = address.split_once('@').filter(|(name, _)| !name.contains(':')).map_or(address, |(_, rest)| rest);
    ["git", "hg", "svn", "bzr"].iter().any(|tool| address.trim_start().starts_with(tool))
        && address.split_once("://").is_some_and(|(scheme, _)| scheme == "git" || scheme.contains('+'))
}

/// `name==1`, an address, or a file; of a repository `git+https://server/a.git@version`.
fn is_pinned_in_pip(text: &str) -> bool {
    if is_repository(text) {
        let path = text.split_once("://").map_or(text, |(_, rest)| rest);
        return path.split_once('/').is_some_and(|(_, path)| path.contains('@'));
    }
    text.contains("==") || text.contains(['<', '>', '~', '!', '/']) || has_extension(text, &["whl", "gz", "zip"])
}

/// `name@version`, `@scope/name@version`, an address, or a file; of a repository `owner/repository#version`.
fn is_pinned_in_npm(text: &str) -> bool {
    let (scoped, name) = match text.strip_prefix('@') {
        Some(name) => (true, name),
        None => (false, text),
    };
    let slashes = name.bytes().filter(|byte| *byte == b'/').count();
    let hosted = ["github:", "gitlab:", "bitbucket:"].iter().any(|host| text.starts_with(host));
    let address = text.contains("://");
    if hosted || address || slashes > usize::from(scoped) && !name.contains(':') {
        return text.contains('#');
    }
    name.contains([':', '@']) || has_extension(text, &["tgz", "tar", "gz"])
}

/// `name-1.2.3`
fn has_version(name: &str) -> bool {
    name.split('-').skip(1).any(|part| part.starts_with(|c: char| c.is_ascii_digit()))
}

fn aliases(manager: Manager) -> &'static [&'static str] {
    match manager {
        Manager::Apt => &["DL3008"],
        Manager::Pip => &["DL3013"],
        Manager::Npm => &["DL3016"],
        Manager::Apk => &["DL3018"],
        Manager::Gem => &["DL3028"],
        Manager::Yum => &["DL3033"],
        Manager::Zypper => &["DL3037"],
        Manager::Dnf => &["DL3041"],
        Manager::Pacman => &[],
    }
}

/// Versions that stand elsewhere: in a constraints file, or in an option for all.
fn is_pinned_elsewhere(command: &PackageCommand) -> bool {
    const PIP_LISTS: [&str; 4] = ["-c", "--constraint", "-r", "--requirement"];
    let invocation = command.invocation;
    match command.manager {
        Manager::Pip => PIP_LISTS.iter().any(|option| invocation.has_option(option)),
        Manager::Gem => invocation.has_option("-v") || invocation.has_option("--version"),
        _ => false,
    }
}

fn check(context: &Context, sink: &mut Sink) {
    for (_, invocation) in context.run_commands() {
        let Some(command) = package_command(invocation) else { continue };
        let modules = command.installed_modules();
        if modules.is_none() && !command.installs() || is_pinned_elsewhere(&command) {
            continue;
        }
        // Nobody can tell what a variable holds; hadolint takes it for a name.
        let judged = modules.unwrap_or(&command.operands).iter();
        let judged = judged.filter(|word| !word.dynamic || context.as_hadolint());
        // The stream of a module stands behind a colon; without one it is the distribution's default.
        let pinned = |word: &ShellWord| modules.map_or(is_pinned(command.manager, word), |_| word.text().contains(':'));
        let open: Vec<_> = judged.filter(|word| !pinned(word)).collect();
        let Some((first, rest)) = open.split_first() else { continue };
        let message = match rest.len() {
            0 => say!(
                "`{package}` is installed without a version",
                "安装 `{package}` 时没有写明版本",
                package = first.text()
            ),
            count => say!(
                "`{package}` and {count} more are installed without a version",
                "安装 `{package}` 等软件包时没有写明版本（另有 {count} 个）",
                package = first.text(),
                count
            ),
        };
        sink.report(first.span, message).aliases(aliases(command.manager));
    }
}
