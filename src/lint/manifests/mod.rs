//! What a command that installs dependencies reads of the build context: told only where it certainly reads nothing else.
//!
//! Every tool has ways to reach into the source: workspaces, local packages, scripts that run at the end, settings
//! beside the manifest. A tool whose manifest is a program of its own (gradle, cargo with its targets, mix) is not told
//! about at all.

mod dotnet;
mod go;
mod maven;
mod node;
mod options;
mod php;
mod python;
mod ruby;
mod system;
#[cfg(test)]
mod tests;

use self::options::{Options, operands};
use super::build::BuildContext;
use super::context::Context;
use super::ignore_file::IgnoreFile;
use super::paths::is_within;
use crate::dockerfile::shell::{Invocation, ShellWord};

/// What a command reads of the build context.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reads {
    /// Paths below the context; none for a command that reads nothing of it.
    pub(super) files: Vec<String>,
    /// Directories below the context that it fills: what lies in them there would lie over that.
    pub(super) fills: &'static [&'static str],
}

/// Variables by which a build makes a tool read something else; nothing is told where one is named.
const REDIRECTING: [&str; 26] = [
    "BASH_ENV",
    "BUNDLE_APP_CONFIG",
    "BUNDLE_GEMFILE",
    "COMPOSER=",
    "COMPOSER_HOME",
    "COMPOSER_VENDOR_DIR",
    "GOFLAGS",
    "GOWORK",
    "MAVEN_ARGS",
    "MAVEN_OPTS",
    "NODE_OPTIONS",
    "NPM_CONFIG_GLOBALCONFIG",
    "NPM_CONFIG_USERCONFIG",
    "NPM_CONFIG_WORKSPACE",
    "PIPENV_PIPFILE",
    "PIP_CONFIG_FILE",
    "PIP_CONSTRAINT",
    "PIP_FIND_LINKS",
    "PIP_REQUIREMENT",
    "PYTHONSTARTUP",
    "RUBYOPT",
    "UV_CONFIG_FILE",
    "UV_CONSTRAINT",
    "UV_OVERRIDE",
    "UV_PROJECT",
    "YARN_RC_FILENAME",
];

/// The files of a build context that reach the builder.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sources<'c> {
    build: &'c BuildContext<'c>,
    ignored: Option<&'c IgnoreFile>,
}

impl<'c> Sources<'c> {
    /// None where the Dockerfile itself makes tools read elsewhere.
    pub(super) fn new(context: &'c Context) -> Option<Self> {
        let dockerfile = context.dockerfile;
        let redirects = dockerfile.instructions.iter().any(|line| {
            let text = dockerfile.source.slice(line.span).to_ascii_uppercase();
            REDIRECTING.iter().any(|name| text.contains(name))
        });
        let ignored = context.ignored();
        (!redirects).then_some(Self { build: context.build, ignored })
    }

    /// Whether what lies there, or may do so one day, reaches the builder.
    pub(super) fn reaches(&self, path: &str) -> bool {
        !self.ignored.is_some_and(|ignored| ignored.covers(path))
    }

    /// Whether something of this name lies directly in the context.
    pub(super) fn has(&self, name: &str) -> bool {
        self.build.folder.entries.contains(name) && self.reaches(name)
    }

    fn any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.has(name))
    }

    fn names(&self) -> impl Iterator<Item = &'c str> {
        self.build.folder.entries.iter().map(String::as_str).filter(|name| self.reaches(name))
    }

    /// The text of a file; none where it does not reach the builder, or cannot be read.
    fn text(&self, path: &str) -> Option<&'c str> {
        self.build.text(path).filter(|_| self.reaches(path))
    }

    /// A manifest, and those of its companions that are there.
    fn with(&self, manifest: &str, companions: &[&str]) -> Vec<String> {
        let there = companions.iter().filter(|name| self.has(name)).map(|name| (*name).to_owned());
        std::iter::once(manifest.to_owned()).chain(there).collect()
    }
}

/// What the command reads of the context when it runs in its directory; none where that is not certain.
pub(super) fn reads(command: &Invocation, sources: Sources) -> Option<Reads> {
    if clears_lists(command) {
        return Some(Reads::default());
    }
    let plain = |word: &ShellWord| word.written && !word.dynamic && !word.text().contains(['*', '?', '{', '~', '\n']);
    let by_itself = command.wrappers.iter().all(|word| word.text() == "sudo");
    if !by_itself || !command.words.iter().all(plain) {
        return None;
    }
    prepares(command).then(Reads::default).or_else(|| match command.program() {
        "npm" | "yarn" | "pnpm" | "bun" => node::reads(command, sources),
        "pipenv" | "poetry" | "uv" => python::project(command, sources),
        "bundle" | "bundler" => ruby::reads(command, sources),
        "go" => go::reads(command, sources),
        "composer" => php::reads(command, sources),
        "mvn" => maven::reads(command, sources),
        "dotnet" => dotnet::reads(command, sources),
        _ => python::pip(command, sources),
    })
}

/// Commands that only set up the system or a tool, and read nothing of the project.
fn prepares(command: &Invocation) -> bool {
    let words: Vec<&str> = command.words.iter().skip(1).map(ShellWord::text).collect();
    match (command.program(), &words[..]) {
        ("set" | "true" | ":", _)
        | ("corepack", ["enable", ..])
        | ("npm", ["cache", "clean", "--force"] | ["cache", "clean"])
        | ("yarn", ["cache", "clean"])
        | ("bun", ["pm", "cache", "rm"])
        | ("pnpm", ["store", "prune"])
        | ("pip" | "pip3", ["cache", "purge"])
        | ("poetry", ["config", "virtualenvs.create", _]) => true,
        // Without a version it is the manifest's that counts.
        ("corepack", ["prepare", tool, "--activate"]) => tool.contains('@') && !tool.contains('/'),
        ("npm", ["install" | "i", ..]) => installs_globally(command),
        _ => system::works_apart(command),
    }
}

/// `rm -rf /var/lib/apt/lists/*`: what package managers leave, and nothing of the project.
fn clears_lists(command: &Invocation) -> bool {
    let left = |word: &ShellWord| {
        let text = word.text();
        let inside = is_within(text, "/var/lib/apt/lists") || is_within(text, "/var/cache");
        inside && !text.contains("..") && !word.dynamic && word.written
    };
    command.program() == "rm"
        && command.wrappers.iter().all(|word| word.text() == "sudo")
        && command.operands().all(left)
}

fn installs_globally(command: &Invocation) -> bool {
    let global = command.has_option("--global") || command.arguments().iter().any(|word| word.text() == "-g");
    let options =
        Options { flags: &["-g", "--global", "--no-audit", "--no-fund", "--silent", "-s"], valued: &[], urls: &[] };
    let named = |name: &&str| name.starts_with('@') || !name.contains(['/', ':']);
    let names = operands(command, 1, &options).filter(|_| global).unwrap_or_default();
    !names.is_empty() && names.iter().all(|name| named(name) && !name.starts_with('.'))
}
