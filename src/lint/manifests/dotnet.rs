//! `dotnet restore`: the only project file of a folder.

use super::options::{Options, operands};
use super::{Reads, Sources};
use crate::dockerfile::shell::Invocation;
use crate::lint::paths::has_extension;

const OPTIONS: Options = Options {
    flags: &["--no-cache", "--disable-parallel", "--force"],
    valued: &["-r", "--runtime", "-v", "--verbosity"],
    urls: &[],
};

/// Files that every project of a folder reads, in lower case.
const SHARED: [&str; 7] = [
    "directory.build.props",
    "directory.build.targets",
    "directory.packages.props",
    "global.json",
    "nuget.config",
    "packages.config",
    "packages.lock.json",
];

/// What makes a project read others.
const LEADING: [&str; 7] =
    ["ProjectReference", "<Import", "HintPath", "RestoreSources", "Exists(", "file:", "packages.config"];

pub(super) fn reads(command: &Invocation, sources: Sources) -> Option<Reads> {
    let rest = operands(command, 1, &OPTIONS)?;
    let projects: Vec<&str> = sources
        .names()
        .filter(|name| has_extension(name, &["csproj", "fsproj", "vbproj", "proj", "sln", "slnx"]))
        .collect();
    let [project] = projects[..] else { return None };
    let named = rest.iter().all(|word| word.strip_prefix("./").unwrap_or(word) == project);
    let shared = sources.names().any(|name| SHARED.contains(&name.to_ascii_lowercase().as_str()));
    if command.operands().next()?.text() != "restore" || rest.len() > 1 || !named || shared {
        return None;
    }
    let known = |text: &&str| has_extension(project, &["csproj"]) && !LEADING.iter().any(|part| text.contains(part));
    sources.text(project).filter(known)?;
    Some(Reads { files: vec![project.to_owned()], fills: &["obj"] })
}
