//! Package managers: which command installs, upgrades or refreshes what.

use crate::diag::Span;
use crate::dockerfile::shell::{Invocation, Script, ShellWord};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manager {
    /// apt-get, apt, aptitude.
    Apt,
    Apk,
    Yum,
    /// dnf, microdnf, tdnf.
    Dnf,
    Zypper,
    Pacman,
    Pip,
    Npm,
    Gem,
}

/// A package manager's command.
#[derive(Debug)]
pub(super) struct PackageCommand<'a> {
    pub(super) manager: Manager,
    pub(super) invocation: &'a Invocation,
    /// `install`, `upgrade`, …
    pub(super) verb: &'a ShellWord,
    /// What follows the verb and is no option nor an option's value.
    pub(super) operands: Vec<&'a ShellWord>,
}

impl PackageCommand<'_> {
    /// `apt-get upgrade`, as the reader wrote it.
    pub(super) fn name(&self) -> String {
        let program = if self.manager == Manager::Pip { "pip" } else { self.invocation.program() };
        format!("{program} {}", self.verb.text())
    }

    /// Fetches lists of packages.
    pub(super) fn refreshes(&self) -> bool {
        match self.manager {
            Manager::Apt | Manager::Apk => self.verb.text() == "update",
            Manager::Zypper => matches!(self.verb.text(), "refresh" | "ref"),
            _ => false,
        }
    }

    /// Packages by name, from lists that it does not refresh by itself.
    pub(super) fn installs_from_lists(&self) -> bool {
        let named = |word: &&ShellWord| word.dynamic || !word.text().contains('/');
        self.installs() && !self.is_told_to_refresh() && self.operands.iter().any(named)
    }

    /// Whether lists that were fetched before may be of use to it: also what is installed from a file asks them for
    /// what that depends on.
    pub(super) fn may_need_lists(&self) -> bool {
        let verb = self.verb.text();
        match self.manager {
            Manager::Apt => {
                !matches!(verb, "autoclean" | "autopurge" | "autoremove" | "clean" | "mark" | "purge" | "remove")
            }
            Manager::Apk => !matches!(verb, "cache" | "del" | "info") && !self.is_told_to_refresh(),
            _ => false,
        }
    }

    pub(super) fn is_told_to_refresh(&self) -> bool {
        const REFRESHING: [&str; 5] = ["--no-cache", "-U", "--update", "--update-cache", "--refresh"];
        REFRESHING.iter().any(|option| self.invocation.has_option(option))
    }

    /// `dnf module install NAME:STREAM`: what follows `install`.
    pub(super) fn installed_modules(&self) -> Option<&[&ShellWord]> {
        let modules = matches!(self.manager, Manager::Yum | Manager::Dnf) && self.verb.text() == "module";
        let (install, names) = self.operands.split_first().filter(|_| modules)?;
        (install.text() == "install").then_some(names)
    }

    /// Whether hadolint knows the program by this name, and this name of the verb.
    pub(super) fn is_known_to_hadolint(&self) -> bool {
        match self.manager {
            Manager::Apt => self.invocation.program() == "apt-get" || self.refreshes(),
            Manager::Dnf => matches!(self.invocation.program(), "dnf" | "microdnf"),
            Manager::Npm => {
                !self.installs() || self.invocation.operands().next().is_some_and(|word| word.text() == "install")
            }
            _ => true,
        }
    }

    /// `dnf group install NAME`
    pub(super) fn installs_group(&self) -> bool {
        matches!(self.manager, Manager::Yum | Manager::Dnf)
            && matches!(self.verb.text(), "group" | "groups")
            && self.operands.first().is_some_and(|word| word.text() == "install")
    }

    pub(super) fn installs(&self) -> bool {
        match self.manager {
            Manager::Apk => self.verb.text() == "add",
            Manager::Zypper => matches!(self.verb.text(), "install" | "in"),
            Manager::Npm => matches!(self.verb.text(), "install" | "i" | "add"),
            Manager::Gem => matches!(self.verb.text(), "install" | "i"),
            Manager::Dnf => matches!(self.verb.text(), "install" | "in"),
            Manager::Pacman => false,
            _ => self.verb.text() == "install",
        }
    }
}

/// Options whose value is the next word.
#[rustfmt::skip] // as blocks of words, not one a line
fn valued(manager: Manager) -> &'static [&'static str] {
    match manager {
        Manager::Apt => &[
            "-o", "--option", "-c", "--config-file", "-t", "--target-release", "--default-release", "-a",
        ],
        Manager::Apk => &[
            "-X", "--repository", "-p", "--root", "-t", "--virtual", "--arch", "--repositories-file", "--keys-dir",
            "--cache-dir", "--wait",
        ],
        Manager::Yum | Manager::Dnf => &[
            "-c", "--config", "-d", "-e", "-x", "--exclude", "--enablerepo", "--disablerepo", "--releasever",
            "--installroot", "--setopt", "--repo", "--repoid",
        ],
        Manager::Zypper => &[
            "--root", "-R", "--repo", "-r", "--from", "--type", "-t", "--reposd-dir", "-D", "--cache-dir", "-C",
        ],
        Manager::Pip => &[
            "-r", "--requirement", "-c", "--constraint", "-i", "--index-url", "--extra-index-url", "-f",
            "--find-links", "-t", "--target", "--prefix", "--root", "--python", "-e", "--editable",
            "--trusted-host", "--cache-dir", "--platform", "--python-version", "--only-binary", "--no-binary",
            "--progress-bar", "--src", "--timeout", "--retries", "--proxy", "--cert", "--log", "--report",
            "--upgrade-strategy", "--global-option", "--config-settings", "-C", "--abi", "--implementation",
            "--root-user-action", "-b", "--build",
        ],
        Manager::Npm => &[
            "--prefix", "-C", "--registry", "--cache", "--loglevel", "--omit", "--include", "--workspace", "-w",
            "--tag", "--userconfig",
        ],
        Manager::Gem => &[
            "-v", "--version", "-i", "--install-dir", "-n", "--bindir", "-s", "--source", "-P",
            "--trust-policy", "--platform", "-p", "--http-proxy", "--config-file", "--without",
        ],
        Manager::Pacman => &[],
    }
}

fn manager(program: &str) -> Option<Manager> {
    Some(match program {
        "apt-get" | "apt" | "aptitude" => Manager::Apt,
        "apk" => Manager::Apk,
        "yum" => Manager::Yum,
        "dnf" | "microdnf" | "tdnf" | "dnf5" => Manager::Dnf,
        "zypper" => Manager::Zypper,
        "pacman" => Manager::Pacman,
        "npm" => Manager::Npm,
        "gem" => Manager::Gem,
        pip if is_versioned(pip, "pip") => Manager::Pip,
        _ => return None,
    })
}

/// `pip`, `pip3`, `pip3.12`
fn is_versioned(program: &str, name: &str) -> bool {
    program.strip_prefix(name).is_some_and(|version| version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))
}

/// Reads a command as a package manager's, `python -m pip` included.
pub(super) fn package_command(invocation: &Invocation) -> Option<PackageCommand<'_>> {
    let words = &invocation.words;
    let program = invocation.program();
    let module = is_versioned(program, "python").then(|| {
        let flag = words.iter().position(|word| word.text() == "-m")?;
        (words.get(flag + 1)?.text() == "pip").then_some(flag + 2)
    });
    let (manager, start) = match module.flatten() {
        Some(start) => (Manager::Pip, start),
        None => (manager(program)?, 1),
    };
    let mut rest = plain_words(words.get(start..)?, valued(manager)).into_iter();
    let verb = match manager {
        Manager::Pacman => words.get(start..)?.iter().find(|word| word.text().starts_with("-S"))?,
        _ => rest.next()?,
    };
    Some(PackageCommand { manager, invocation, verb, operands: rest.collect() })
}

fn plain_words<'a>(words: &'a [ShellWord], valued: &[&str]) -> Vec<&'a ShellWord> {
    let mut plain = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if valued.contains(&word.text()) {
            words.next();
        } else if !word.is_option() {
            plain.push(word);
        }
    }
    plain
}

/// A package of the operating system that a RUN installs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Package<'a> {
    pub(super) manager: Manager,
    /// Without its version and architecture.
    pub(super) name: &'a str,
    pub(super) span: Span,
}

impl Package<'_> {
    /// `nginx`, `openjdk-*`, and `apt:ssh` or `apk:mariadb` where only that manager means it.
    pub(super) fn is(&self, pattern: &str) -> bool {
        match pattern.split_once(':') {
            Some(("apt", pattern)) => self.manager == Manager::Apt && matches(pattern, self.name),
            Some((_, pattern)) => self.manager == Manager::Apk && matches(pattern, self.name),
            None => matches(pattern, self.name),
        }
    }
}

/// Without version, architecture and repository.
pub(super) fn package_name(operand: &str) -> &str {
    operand.split(['=', ':', '~', '<', '>', '@']).next().unwrap_or_default()
}

/// Packages of the operating system that a script installs by name.
pub(super) fn system_packages(script: &Script) -> impl Iterator<Item = Package<'_>> {
    let commands = script.invocations.iter().filter_map(package_command);
    let system = commands
        .filter(|command| command.installs() && !matches!(command.manager, Manager::Pip | Manager::Npm | Manager::Gem));
    system.flat_map(|PackageCommand { manager, operands, .. }| {
        operands.into_iter().map(move |word| Package { manager, name: package_name(word.text()), span: word.span })
    })
}

/// Whether the name matches a pattern with one `*` at most.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, end)) => name.strip_prefix(start).is_some_and(|rest| rest.ends_with(end)),
    }
}
