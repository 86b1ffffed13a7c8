//! A first `.dockerignore`: what no image of this context should hold, and what none of its builds needs.
//!
//! One file serves every Dockerfile of the folder, and each of them comes to the same text. A name is left out of it
//! when a Dockerfile copies it; when it may be needed in another way, too. Directories that are installed or built are
//! ignored where every Dockerfile that copies the whole context does that itself.

use std::fmt::Write as _;
use std::sync::Arc;

use super::demand::Demand;
use super::{Effect, Fix, NewFile};
use crate::diag::Source;
use crate::dockerfile::Dockerfile;
use crate::lint::build::{BuildContext, Folder, Nested};
use crate::lint::context::Context;
use crate::lint::data::context_files::{ASKS_GIT, BUILT, CACHED, INSTALLED, Product, is_compose_file, is_read};
use crate::lint::ignore_file::IgnoreFile;
use crate::lint::paths::has_extension;
use crate::lint::rules::dockerignore_gap::is_unwanted;

const NAME: &str = ".dockerignore";

/// What is secret or belongs to one machine, and is named where it is held.
const HELD: [&str; 8] = [".aws", ".gnupg", ".netrc", ".pypirc", ".ssh", ".terraform", "id_ed25519", "id_rsa"];

/// Creates the ignore file of a context; none where there is one, where this folder may not be the context, or where
/// something that has to be ignored may be needed.
pub(in crate::lint) fn first_ignore_file(context: &Context, rule: &'static str) -> Option<Fix> {
    let build = context.build;
    if !build.takes_files || build.folder.entries.contains(NAME) || !holds_a_project(&build.folder) {
        return None;
    }
    let others = other_dockerfiles(context)?;
    let demands: Vec<Demand> =
        std::iter::once(context.dockerfile).chain(&others).map(Demand::of).collect::<Option<_>>()?;
    if !demands.iter().all(|demand| demand.is_understood() && demand.fits(&build.folder)) {
        return None;
    }
    let text = Proposal { build, demands }.text()?;
    Some(Fix { creates: Some(NewFile { name: NAME, text, rule }), effect: Effect::Files, ..Fix::default() })
}

/// Whether there is something to build from: a folder of Dockerfiles alone is seldom their context.
fn holds_a_project(folder: &Folder) -> bool {
    let aside = |name: &String| {
        name.starts_with('.')
            || folder.dockerfiles.contains(name)
            || is_compose_file(name)
            || has_extension(name, &["dockerignore", "md"])
    };
    !folder.entries.iter().all(aside)
}

/// The Dockerfiles that the new file would hold for, too; none where one cannot be read, or lies elsewhere.
fn other_dockerfiles(context: &Context) -> Option<Vec<Dockerfile>> {
    let build = context.build;
    let own = context.dockerfile.source.name().rsplit('/').next();
    let others = build.folder.dockerfiles.iter().filter(|name| Some(name.as_str()) != own);
    let others = others.filter(|name| !build.folder.entries.contains(&format!("{name}.dockerignore")));
    let others = others.map(|name| {
        let file = build.files.get(name)?;
        Some(Dockerfile::parse(&Arc::new(Source::new(name.as_str(), file.source.text()))))
    });
    let compose = build.folder.entries.iter().filter(|name| is_compose_file(name));
    let elsewhere =
        compose.map(|name| build.text(name)).any(|text| text.is_none_or(|text| names_others(text, &build.folder)));
    others.collect::<Option<_>>().filter(|_| !elsewhere && !build.nested.iter().any(needs_more))
}

/// Whether a Dockerfile below needs more than its own folder holds: it is built with this context.
fn needs_more(nested: &Nested) -> bool {
    let dockerfile = Dockerfile::parse(&nested.source);
    let alone = |demand: Demand| demand.fits(&nested.folder) && (!demand.whole || holds_a_project(&nested.folder));
    !Demand::of(&dockerfile).is_some_and(alone)
}

/// Whether a compose file builds with a Dockerfile that is not one of this folder's, in any style of YAML.
fn names_others(compose: &str, folder: &Folder) -> bool {
    const KEY: &str = "dockerfile";
    let named = compose.lines().flat_map(|line| line.match_indices(KEY).map(|(at, _)| &line[at + KEY.len()..]));
    let value = |rest: &str| {
        let value = rest.trim_start_matches(['"', '\'']).trim_start().strip_prefix(':')?;
        let value = value.split([',', '}']).next()?.split(" #").next()?.trim().trim_matches(['"', '\'']);
        Some(value.strip_prefix("./").unwrap_or(value).to_owned())
    };
    named.clone().filter_map(value).any(|path| !folder.dockerfiles.contains(&path))
        || named.into_iter().any(|rest| rest.starts_with("_inline"))
}

struct Proposal<'a> {
    build: &'a BuildContext<'a>,
    demands: Vec<Demand<'a>>,
}

impl Proposal<'_> {
    /// None where it would leave something out that is needed, or let something through that no image should hold.
    fn text(&self) -> Option<String> {
        let parts = [
            ("Version control", self.repositories()),
            ("Installed by the build itself", self.installed()),
            ("Made by the build itself", self.built()),
            ("Local settings and secrets", self.secrets()),
            ("No part of the image", self.descriptions()),
        ];
        let mut text = String::new();
        for (title, mut patterns) in parts {
            patterns.retain(|pattern| !self.demands.iter().any(|demand| demand.names(pattern)));
            if !patterns.is_empty() {
                let gap = if text.is_empty() { "" } else { "\n" };
                let _ = writeln!(text, "{gap}# {title}\n{}", patterns.join("\n"));
            }
        }
        let ignored = IgnoreFile::parse(&text);
        let at_top = self.build.folder.entries.iter().map(String::as_str).filter(|name| is_unwanted(self.build, name));
        let mut unwanted = at_top.chain(self.build.tree.secrets_at_top()).chain(self.build.tree.unwanted_below());
        let mut named = self.demands.iter().flat_map(|demand| &demand.named);
        (unwanted.all(|name| ignored.covers(name)) && !named.any(|path| ignored.covers(path))).then_some(text)
    }

    fn holds(&self, name: &str) -> bool {
        self.build.folder.entries.contains(name)
    }

    fn says(&self, name: &str) -> bool {
        self.demands.iter().any(|demand| demand.says(name))
    }

    /// Whether every Dockerfile that copies the whole context does something there.
    fn every(&self, does: impl Fn(&Demand) -> bool) -> bool {
        self.demands.iter().filter(|demand| demand.whole).all(does)
    }

    fn repositories(&self) -> Vec<String> {
        let others = [".hg", ".svn"].into_iter().filter(|name| self.holds(name));
        let names = [".git"].into_iter().chain(others).filter(|name| !self.says(name));
        let names = names.map(str::to_owned).collect();
        if self.asks_git() { Vec::new() } else { names }
    }

    /// Whether a build may ask the repository for a version.
    fn asks_git(&self) -> bool {
        let asks = |text: &str| ASKS_GIT.iter().any(|word| text.contains(word));
        let file = |name: &String| match (name.as_str(), self.build.text(name)) {
            (".gitignore", _) | (_, None) => false,
            ("package.json", Some(text)) => {
                text.contains("\"workspaces\"") || scripts_of_package(text).any(|script| asks(&script))
            }
            (_, Some(text)) => asks(text) || text.lines().any(includes),
        };
        let script = |path: Option<String>| path.and_then(|path| self.build.text(&path)).is_none_or(asks);
        let mut read = self.build.folder.entries.iter().filter(|name| is_read(name));
        read.any(file) || self.demands.iter().any(|demand| demand.asks_git() || demand.own_scripts().any(script))
    }

    fn installed(&self) -> Vec<String> {
        let found = INSTALLED.iter().filter(|(product, _)| self.is_here(product));
        let found = found.filter(|(_, programs)| self.every(|demand| demand.installs(programs)));
        let folders = found.flat_map(|(product, _)| product.folders).map(|name| {
            // What git ignores everywhere is nowhere part of the source.
            if *name == "node_modules" && self.is_no_source(name) { format!("**/{name}") } else { (*name).to_owned() }
        });
        folders.collect()
    }

    fn built(&self) -> Vec<String> {
        let builds = self.demands.iter().filter(|demand| demand.whole).all(Demand::builds);
        let built = BUILT.iter().filter(|product| builds && self.is_here(product));
        // A script of one's own may lie in a `bin` that is part of the source.
        let made = |product: &Product, name: &str| product.certain && !self.holds(name) || self.is_no_source(name);
        let names = built.flat_map(|product| product.folders.iter().filter(|name| made(product, name)));
        let cached = CACHED.folders.iter().filter(|_| self.is_here(&CACHED));
        let mut names: Vec<_> = cached.chain(names).map(|name| (*name).to_owned()).collect();
        names.sort();
        names.dedup();
        names
    }

    fn is_here(&self, product: &Product) -> bool {
        product.is_in(self.build.folder.entries.iter())
    }

    /// Whether git ignores it: a fresh clone builds without it.
    fn is_no_source(&self, name: &str) -> bool {
        let lines = || self.build.text(".gitignore").unwrap_or_default().lines().map(str::trim);
        let plain = |line: &str| {
            let line = line.strip_prefix("**/").or(line.strip_prefix('/')).unwrap_or(line);
            line.strip_suffix('/').unwrap_or(line) == name
        };
        lines().any(plain) && !lines().filter_map(|line| line.strip_prefix('!')).any(|line| line.contains(name))
    }

    fn secrets(&self) -> Vec<String> {
        let settings = [".env"].into_iter().filter(|_| !self.builds_with_settings());
        let local = [".env.local", ".env.*.local"];
        let keys = ["pem", "key"].into_iter().filter(|kind| self.keys_are_private(kind));
        let keys = keys.map(|kind| format!("*.{kind}")).filter(|pattern| !self.ends_named(&pattern[1..]));
        let held = HELD.into_iter().filter(|name| self.holds_anywhere(name));
        let names = settings.chain(local).map(str::to_owned).chain(keys).chain(held.map(str::to_owned));
        let mut named: Vec<_> = names.filter(|name| !self.says(name)).map(|name| self.in_every_folder(&name)).collect();
        named.extend(self.left_below());
        named
    }

    /// Front ends are built with the settings that are part of the source.
    fn builds_with_settings(&self) -> bool {
        let tree = &self.build.tree;
        let mut settings = tree.paths().filter(|path| path.rsplit('/').next() == Some(".env"));
        let at_top = self.holds(".env") && !self.is_no_source(".env");
        (at_top || settings.any(|path| path.contains('/') && !tree.is_kept_from_git(path)))
            && self.demands.iter().any(Demand::builds_for_browsers)
    }

    fn holds_anywhere(&self, name: &str) -> bool {
        self.holds(name) || self.build.tree.paths().any(|path| path.rsplit('/').next() == Some(name))
    }

    /// The pattern for all folders, where all of them are known.
    fn in_every_folder(&self, name: &str) -> String {
        if self.build.tree.is_complete() { format!("**/{name}") } else { name.to_owned() }
    }

    /// What lies below the top, belongs to this machine alone and no other pattern is sure to be right for.
    fn left_below(&self) -> Vec<String> {
        let tree = &self.build.tree;
        let below = tree.unwanted_below().into_iter().filter(|path| tree.is_kept_from_git(path) && is_plain_path(path));
        let installed = self.installed();
        let known = |path: &&str| {
            let name = path.rsplit('/').next().unwrap_or(path);
            let covered = installed.iter().any(|pattern| pattern.strip_prefix("**/") == Some(name));
            !covered
                && !matches!(name, ".env" | "__pycache__")
                && !HELD.contains(&name)
                && !has_extension(name, &["key", "local", "pem"])
        };
        below.filter(known).map(str::to_owned).collect()
    }

    /// Whether what ends so is secret wherever it lies: certificates of authorities are often part of a program.
    fn keys_are_private(&self, extension: &str) -> bool {
        let tree = &self.build.tree;
        let mut at_top = self.build.folder.entries.iter().filter(|name| has_extension(name, &[extension]));
        let mut below = tree.paths().filter(|path| has_extension(path, &[extension]));
        at_top.all(|name| tree.is_secret(name) || self.is_private(name))
            && below.all(|path| tree.is_secret(path) || self.is_private(path))
    }

    fn is_private(&self, path: &str) -> bool {
        self.build.text(path).is_some_and(|text| text.contains("PRIVATE KEY"))
    }

    fn ends_named(&self, end: &str) -> bool {
        self.demands.iter().any(|demand| demand.mentions(end))
    }

    fn descriptions(&self) -> Vec<String> {
        let folder = &self.build.folder;
        let compose = folder.entries.iter().filter(|name| is_compose_file(name));
        let names = folder.dockerfiles.iter().chain(compose).map(String::as_str);
        let names = std::iter::once(NAME).chain(names).filter(|name| !self.says(name) && is_plain(name));
        names.map(str::to_owned).collect()
    }
}

fn is_plain_path(path: &str) -> bool {
    path.split('/').all(is_plain)
}

/// Whether a name means itself alone in an ignore file.
fn is_plain(name: &str) -> bool {
    name.chars().all(|c| c.is_alphanumeric() || "._-".contains(c))
}

/// Whether a line of a build's description brings in another one, which is not known.
fn includes(line: &str) -> bool {
    const STARTS: [&str; 10] = [
        "-include ",
        "<Import ",
        "<module>",
        "[workspace",
        "apply from",
        "import '",
        "import \"",
        "import? ",
        "include ",
        "sinclude ",
    ];
    const WITHIN: [&str; 5] = ["from './", "from \"./", "includes:", "require('./", "require(\"./"];
    let line = line.trim();
    let starts = STARTS.iter().any(|start| line.starts_with(start)) && !line.starts_with("include =");
    starts || WITHIN.iter().any(|part| line.contains(part))
}

/// What `npm run` runs.
fn scripts_of_package(text: &str) -> impl Iterator<Item = String> {
    let package: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let scripts = package.get("scripts").and_then(serde_json::Value::as_object).cloned().unwrap_or_default();
    scripts.into_iter().filter_map(|(_, script)| script.as_str().map(str::to_owned))
}
