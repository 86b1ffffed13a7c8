//! `composer install`: `composer.json` and `composer.lock`.

use serde_json::{Map, Value};

use super::options::{Options, operands};
use super::{Reads, Sources};
use crate::dockerfile::shell::Invocation;

const OPTIONS: Options = Options {
    flags: &[
        "--no-dev",
        "--no-interaction",
        "-n",
        "--no-progress",
        "--prefer-dist",
        "--no-scripts",
        "--no-autoloader",
        "--no-plugins",
        "--ignore-platform-reqs",
        "--ignore-platform-req",
        "--no-ansi",
        "--ansi",
        "--quiet",
        "-q",
        "-v",
        "-vv",
        "-vvv",
        "--no-suggest",
        "--no-cache",
    ],
    valued: &[],
    urls: &[],
};

pub(super) fn reads(command: &Invocation, sources: Sources) -> Option<Reads> {
    let rest = operands(command, 0, &OPTIONS)?;
    // The version of the project itself is asked of git.
    if rest != ["install"] || sources.any(&["auth.json", ".git"]) {
        return None;
    }
    let project: Value = serde_json::from_str(sources.text("composer.json")?).ok()?;
    let project = project.as_object()?;
    let off = |option: &str| command.has_option(option);
    let fits = is_published(project)
        && (off("--no-scripts") || !project.contains_key("scripts"))
        && (off("--no-plugins") || !has_plugins(project))
        && (off("--no-autoloader") || loads_by_name(project));
    fits.then(|| Reads { files: sources.with("composer.json", &["composer.lock"]), fills: &["vendor"] })
}

fn config<'p>(project: &'p Map<String, Value>, name: &str) -> Option<&'p Value> {
    project.get("config").and_then(|config| config.get(name))
}

/// Whether every package comes from a host, and goes to where packages usually go.
fn is_published(project: &Map<String, Value>) -> bool {
    let hosts = |repository: &Value| {
        matches!(repository.get("type").and_then(Value::as_str), Some("composer" | "vcs" | "git" | "github"))
            && !repository.get("url").and_then(Value::as_str).is_none_or(|url| url.starts_with(['.', '/']))
    };
    let repositories = match project.get("repositories") {
        None => true,
        Some(Value::Array(list)) => list.iter().all(hosts),
        Some(Value::Object(map)) => map.values().all(hosts),
        Some(_) => false,
    };
    repositories && ["vendor-dir", "bin-dir", "cache-dir"].iter().all(|name| config(project, name).is_none())
}

fn has_plugins(project: &Map<String, Value>) -> bool {
    !matches!(config(project, "allow-plugins"), None | Some(Value::Bool(false)))
        && config(project, "allow-plugins") != Some(&Value::Object(Map::new()))
}

/// Whether classes are found by their names when the program runs: no source is looked through beforehand.
fn loads_by_name(project: &Map<String, Value>) -> bool {
    let by_name = |group: &str| {
        let kinds = project.get(group).and_then(Value::as_object);
        kinds.is_none_or(|kinds| kinds.keys().all(|kind| matches!(kind.as_str(), "psr-4" | "psr-0")))
    };
    let eager = ["optimize-autoloader", "classmap-authoritative"];
    by_name("autoload")
        && by_name("autoload-dev")
        && !eager.iter().any(|name| config(project, name).is_some_and(|value| *value != Value::Bool(false)))
}
