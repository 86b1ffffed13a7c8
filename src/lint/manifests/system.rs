//! Packages of the system by their names, and the upkeep of their lists: commands that read nothing of the project.

use super::options::{Options, operands};
use crate::dockerfile::shell::Invocation;
use crate::lint::packages::{Manager, package_command};

/// A package manager's options and verbs that read no file beside its own. From the manuals of apt-get(8), apk(8),
/// yum(8), dnf(8), microdnf, zypper(8) and pacman(8), as of November 2026; an option that is not listed may name a file,
/// and a value that looks like a path is never taken.
struct Known {
    options: Options,
    verbs: &'static [&'static str],
}

#[rustfmt::skip] // as blocks of words
const APT: Known = Known {
    options: Options {
        flags: &[
            "--allow-change-held-packages", "--allow-downgrades", "--allow-remove-essential", "--allow-unauthenticated",
            "--assume-yes", "--auto-remove", "--autoremove", "--fix-broken", "--fix-missing", "--force-yes",
            "--install-recommends", "--no-install-recommends", "--no-install-suggests", "--no-upgrade", "--only-upgrade",
            "--purge", "--quiet", "--reinstall", "--verbose-versions", "--yes", "-V", "-f", "-fy", "-m", "-q", "-qq",
            "-qqy", "-qy", "-y", "-yf", "-yq", "-yqq",
        ],
        valued: &["--default-release", "--target-release", "-t"],
        urls: &[],
    },
    verbs: &[
        "autoclean", "autopurge", "autoremove", "clean", "dist-upgrade", "full-upgrade", "install", "purge", "remove",
        "update", "upgrade",
    ],
};

#[rustfmt::skip] // as blocks of words
const APK: Known = Known {
    options: Options {
        flags: &[
            "--allow-untrusted", "--force", "--force-broken-world", "--force-overwrite", "--force-refresh", "--latest",
            "--no-cache", "--no-progress", "--no-scripts", "--purge", "--quiet", "--update", "--update-cache",
            "--upgrade", "--verbose", "-U", "-q", "-u", "-uU", "-v",
        ],
        valued: &["--virtual", "-t"],
        urls: &["--repository", "-X"],
    },
    verbs: &["add", "del", "update", "upgrade"],
};

#[rustfmt::skip] // as blocks of words
const DNF: Known = Known {
    options: Options {
        flags: &[
            "--allowerasing", "--assumeyes", "--best", "--nobest", "--nodocs", "--nogpgcheck", "--quiet", "--refresh",
            "--skip-broken", "-q", "-qy", "-y", "-yq",
        ],
        valued: &["--disablerepo", "--enablerepo", "--exclude", "--releasever", "-d", "-e", "-x"],
        urls: &[],
    },
    verbs: &["autoremove", "clean", "groupinstall", "install", "makecache", "reinstall", "remove", "update", "upgrade"],
};

#[rustfmt::skip] // as blocks of words
const ZYPPER: Known = Known {
    options: Options {
        flags: &[
            "--all", "--auto-agree-with-licenses", "--force", "--gpg-auto-import-keys", "--no-confirm", "--no-gpg-checks",
            "--no-recommends", "--non-interactive", "--quiet", "--recommends", "-a", "-f", "-l", "-n", "-q", "-y",
        ],
        valued: &["--from", "--repo", "--type"],
        urls: &[],
    },
    verbs: &["clean", "cc", "in", "install", "ref", "refresh", "remove", "rm", "up", "update"],
};

#[rustfmt::skip] // as blocks of words
const PACMAN: Known = Known {
    options: Options {
        flags: &["--needed", "--noconfirm", "--noprogressbar", "-S", "-Sc", "-Scc", "-Sy", "-Syu", "-Syyu"],
        valued: &[],
        urls: &[],
    },
    verbs: &[],
};

pub(super) fn works_apart(command: &Invocation) -> bool {
    let Some(found) = package_command(command) else { return false };
    let known = match found.manager {
        Manager::Apt => APT,
        Manager::Apk => APK,
        Manager::Yum | Manager::Dnf => DNF,
        Manager::Zypper => ZYPPER,
        Manager::Pacman => PACMAN,
        Manager::Pip | Manager::Npm | Manager::Gem => return false,
    };
    let Some(words) = operands(command, 0, &known.options) else { return false };
    match (known.verbs, &words[..]) {
        ([], names) => names.iter().all(|name| is_package(name)),
        (verbs, [verb, names @ ..]) => verbs.contains(verb) && names.iter().all(|name| is_package(name)),
        _ => false,
    }
}

/// A package by its name, with its version, architecture or repository; no file and no folder.
fn is_package(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "+-._:=~<>@^".contains(c);
    name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '.' || c == '@')
        && name.chars().all(plain)
        && !name.chars().all(|c| c == '.')
        && ![".deb", ".rpm", ".apk", ".changes", ".dsc"].iter().any(|end| name.ends_with(end))
}
