//! pip with its lists of requirements, pipenv, poetry and uv.

use super::options::{Options, operands};
use super::{Reads, Sources};
use crate::dockerfile::shell::{Invocation, ShellWord};
use crate::lint::packages::{Manager, package_command};

#[rustfmt::skip] // as blocks of words
const PIP: Options = Options {
    flags: &[
        "--break-system-packages", "--compile", "--disable-pip-version-check", "--force-reinstall", "--ignore-installed",
        "--no-cache-dir", "--no-compile", "--no-deps", "--no-input", "--no-warn-script-location", "--pre",
        "--prefer-binary", "--quiet", "--require-hashes", "--upgrade", "--user", "--verbose", "-I", "-U", "-q", "-qq",
        "-v", "--root-user-action", "--no-python-version-warning",
    ],
    valued: &[
        "--default-timeout", "--no-binary", "--only-binary", "--progress-bar", "--retries", "--timeout",
        "--trusted-host", "--upgrade-strategy",
    ],
    urls: &["--extra-index-url", "--index-url", "-i"],
};

/// `pip install -r requirements.txt`, packages by their names, or both.
pub(super) fn pip(command: &Invocation, sources: Sources) -> Option<Reads> {
    let found = package_command(command).filter(|found| found.manager == Manager::Pip && found.installs())?;
    let words = &command.words;
    // `python -m pip`: options of python's own are not known.
    let start = match words.get(1).map(ShellWord::text) {
        Some("-m") => 3,
        _ if found.invocation.program().starts_with("python") => return None,
        _ => 1,
    };
    let (mut files, mut rest) = (Vec::new(), vec![words[0].clone()]);
    let mut given = words.get(start..)?.iter();
    while let Some(word) = given.next() {
        match word.text() {
            "-r" | "--requirement" => files.push(given.next()?.text()),
            text => match text.strip_prefix("--requirement=").or(text.strip_prefix("-r")) {
                Some(file) => files.push(file),
                None => rest.push(word.clone()),
            },
        }
    }
    let rest = Invocation { words: rest, wrappers: Vec::new(), span: command.span };
    let named = |name: &&str| is_name(name);
    operands(&rest, 1, &PIP)?.iter().all(named).then_some(())?;
    let files: Vec<_> = files.into_iter().map(|file| file.strip_prefix("./").unwrap_or(file)).collect();
    let plain =
        |file: &&&str| !file.is_empty() && !file.starts_with('/') && !file.contains("..") && !file.contains(':');
    let listed = |file: &&str| sources.text(file).is_some_and(lists_packages);
    (files.iter().all(|file| plain(&file) && listed(file))).then_some(())?;
    Some(Reads { files: files.into_iter().map(str::to_owned).collect(), fills: &[] })
}

/// A package by its name, with what may stand behind that.
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !text.contains(['/', '\\', '@'])
        && ![".whl", ".gz", ".zip", ".bz2", ".txt"].iter().any(|end| text.ends_with(end))
}

/// Whether every line asks for a package that an index or another host has.
fn lists_packages(text: &str) -> bool {
    const OPTIONS: [&str; 10] = [
        "--hash",
        "--index-url",
        "--extra-index-url",
        "-i",
        "--trusted-host",
        "--no-binary",
        "--only-binary",
        "--prefer-binary",
        "--require-hashes",
        "--pre",
    ];
    text.trim_start_matches('\u{feff}').lines().all(|line| {
        let line = line.trim().trim_end_matches('\\').trim();
        let line = if line.starts_with('#') { "" } else { line.split(" #").next().unwrap_or_default().trim() };
        if line.is_empty() {
            return true;
        }
        if line.starts_with('-') {
            let option = line.split(['=', ' ']).next().unwrap_or_default();
            return OPTIONS.contains(&option) && !line.contains("file:");
        }
        let requirement = line.split(';').next().unwrap_or_default().split(" --").next().unwrap_or_default().trim();
        match requirement.split_once("://") {
            Some((before, _)) => {
                let scheme = before.rsplit([' ', '@']).next().unwrap_or_default();
                matches!(scheme, "http" | "https" | "git+http" | "git+https" | "git+ssh")
                    && !requirement.contains("file:")
            }
            None => is_name(requirement),
        }
    })
}

#[rustfmt::skip] // as blocks of words
const PIPENV: Options = Options {
    flags: &["--system", "--deploy", "--ignore-pipfile", "--dev", "-d", "--pre", "--verbose", "-v", "--clear"],
    valued: &[],
    urls: &[],
};

#[rustfmt::skip] // as blocks of words
const POETRY: Options = Options {
    flags: &[
        "--no-root", "--no-dev", "--no-interaction", "-n", "--no-ansi", "--sync", "-v", "-vv", "-vvv", "--quiet", "-q",
        "--no-cache", "--all-extras",
    ],
    valued: &["--only", "--without", "--with", "--extras", "-E"],
    urls: &[],
};

#[rustfmt::skip] // as blocks of words
const UV: Options = Options {
    flags: &[
        "--frozen", "--locked", "--no-dev", "--no-install-project", "--no-cache", "--all-extras", "--no-editable",
        "--quiet", "-q", "--compile-bytecode", "--no-default-groups", "--all-groups", "--no-progress",
    ],
    valued: &["--extra", "--group", "--no-group"],
    urls: &[],
};

/// Tools that install what a project's manifest asks for, without the project itself.
pub(super) fn project(command: &Invocation, sources: Sources) -> Option<Reads> {
    let verb = command.operands().next().map(ShellWord::text)?;
    let told = |option| command.has_option(option);
    let (options, manifest, companions): (_, _, &[&str]) = match (command.program(), verb) {
        ("pipenv", "install" | "sync") => (PIPENV, "Pipfile", &["Pipfile.lock"]),
        ("poetry", "install") if told("--no-root") => (POETRY, "pyproject.toml", &["poetry.lock"]),
        ("uv", "sync") if told("--no-install-project") => (UV, "pyproject.toml", &["uv.lock", ".python-version"]),
        _ => return None,
    };
    let rest = operands(command, 1, &options)?;
    let settled = !sources.any(&["poetry.toml", "uv.toml"]);
    let text = sources.text(manifest).filter(|text| names_no_path(text))?;
    let locked = !told("--no-root") || sources.has("poetry.lock");
    (rest.is_empty() && settled && locked && !text.is_empty()).then_some(())?;
    Some(Reads { files: sources.with(manifest, companions), fills: &[".venv"] })
}

/// Whether no dependency lies beside the manifest.
fn names_no_path(text: &str) -> bool {
    const LOCAL: [&str; 6] = ["path", "file", "editable", "workspace", "develop", "plugins"];
    text.lines().map(str::trim).filter(|line| !line.starts_with('#')).all(|line| {
        // A table's own name, and what stands in front of `=`, is what a tool goes by.
        let words = line.split(|c: char| !(c.is_ascii_alphanumeric() || "-_".contains(c)));
        let mut words = words.filter(|word| !word.is_empty());
        !words.any(|word| LOCAL.contains(&word))
    })
}
