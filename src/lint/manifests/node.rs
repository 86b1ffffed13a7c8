//! npm, yarn, pnpm and bun: `package.json`, a lock file, `.npmrc`.

use serde_json::{Map, Value};

use super::options::{Options, operands};
use super::{Reads, Sources};
use crate::dockerfile::shell::Invocation;

#[rustfmt::skip] // as blocks of words
const OPTIONS: Options = Options {
    flags: &[
        "--audit", "--color", "--engine-strict", "--force", "--frozen-lockfile", "--fund", "--ignore-engines",
        "--ignore-optional", "--ignore-platform", "--ignore-scripts", "--immutable", "--include", "--legacy-peer-deps",
        "--no-audit", "--no-bin-links", "--no-cache", "--no-color", "--no-frozen-lockfile", "--no-fund",
        "--no-immutable", "--no-lockfile", "--no-optional", "--no-package-lock", "--no-progress", "--no-save",
        "--no-update-notifier", "--non-interactive", "--omit", "--only", "--prefer-frozen-lockfile",
        "--prefer-offline", "--prod", "--production", "--progress", "--pure-lockfile", "--quiet",
        "--shamefully-hoist", "--silent", "--strict-peer-dependencies", "--unsafe-perm", "--verbose", "-P", "-q", "-s",
    ],
    valued: &["--fetch-retries", "--fetch-timeout", "--loglevel", "--network-concurrency", "--network-timeout",
        "--reporter"],
    urls: &["--registry"],
};

/// Scripts that an installation runs.
const LIFECYCLE: [&str; 10] = [
    "preinstall",
    "install",
    "postinstall",
    "prepublish",
    "preprepare",
    "prepare",
    "postprepare",
    "dependencies",
    "pnpm:devPreinstall",
    "prepack",
];

/// What each tool reads beside the manifest: lock files that it takes along, and settings that lead elsewhere.
const fn companions(program: &str) -> (&'static [&'static str], &'static [&'static str]) {
    match program.as_bytes() {
        b"npm" => (&["package-lock.json", "npm-shrinkwrap.json", "yarn.lock"], &["binding.gyp"]),
        b"yarn" => (&["yarn.lock"], &["binding.gyp", ".yarnrc", ".yarnrc.yml", ".yarn", ".pnp.cjs", ".pnp.js"]),
        b"pnpm" => (&["pnpm-lock.yaml"], &["binding.gyp", "pnpm-workspace.yaml", ".pnpmfile.cjs", "pnpmfile.js"]),
        _ => (&["bun.lock", "bun.lockb"], &["binding.gyp", "bunfig.toml"]),
    }
}

pub(super) fn reads(command: &Invocation, sources: Sources) -> Option<Reads> {
    let words = operands(command, 0, &OPTIONS)?;
    let verb = words.first().copied().unwrap_or_default();
    let installs = match command.program() {
        "npm" => matches!(verb, "install" | "i" | "ci" | "clean-install"),
        "yarn" => matches!(verb, "" | "install"),
        _ => matches!(verb, "install" | "i"),
    };
    let (locks, elsewhere) = companions(command.program());
    if !installs || words.len() > 1 || sources.any(elsewhere) {
        return None;
    }
    let package: Value = serde_json::from_str(sources.text("package.json")?.trim_start_matches('\u{feff}')).ok()?;
    package.as_object().filter(|package| is_alone(package, command.has_option("--ignore-scripts")))?;
    if matches!(verb, "ci" | "clean-install") && !sources.any(&["package-lock.json", "npm-shrinkwrap.json"]) {
        return None;
    }
    let mut files = sources.with("package.json", locks);
    if sources.has(".npmrc") {
        sources.text(".npmrc").filter(|text| text.lines().all(is_plain_setting))?;
        files.push(".npmrc".to_owned());
    }
    Some(Reads { files, fills: &["node_modules"] })
}

/// Whether nothing but the registry is asked for what it needs, and nothing of the source is run.
fn is_alone(package: &Map<String, Value>, no_scripts: bool) -> bool {
    const GROUPS: [&str; 6] =
        ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies", "overrides", "resolutions"];
    const LEADING: [&str; 5] = ["workspaces", "patchedDependencies", "gypfile", "pnpm", "catalog"];
    let scripts = package.get("scripts").and_then(Value::as_object);
    let runs = scripts.is_some_and(|scripts| LIFECYCLE.iter().any(|name| scripts.contains_key(*name)));
    !LEADING.iter().any(|name| package.contains_key(*name))
        && (no_scripts || !runs)
        && GROUPS.iter().filter_map(|group| package.get(*group)).all(is_published)
}

/// Whether every version is one that a registry or another host gives.
fn is_published(versions: &Value) -> bool {
    const REMOTE: [&str; 8] = ["npm:", "http:", "https:", "git:", "git+ssh:", "git+https:", "github:", "gitlab:"];
    match versions {
        Value::String(version) => {
            let version = version.trim();
            let range = |c: char| c.is_ascii_alphanumeric() || " .^~<>=|*+-_$".contains(c);
            let plain = version.chars().all(range) && !version.starts_with('.');
            plain || REMOTE.iter().any(|scheme| version.starts_with(scheme))
        }
        Value::Object(entries) => entries.values().all(is_published),
        _ => false,
    }
}

/// A line of `.npmrc` that names no file.
fn is_plain_setting(line: &str) -> bool {
    const LEADING: [&str; 9] = [
        "cafile",
        "certfile",
        "globalconfig",
        "keyfile",
        "node-options",
        "prefix",
        "userconfig",
        "workspace",
        "workspaces",
    ];
    let line = line.trim();
    let Some((name, value)) = line.split_once('=') else { return line.is_empty() || line.starts_with(['#', ';']) };
    let value = value.trim().trim_matches('"');
    line.starts_with(['#', ';'])
        || (!LEADING.contains(&name.trim().rsplit(':').next().unwrap_or_default())
            && (!value.contains(['/', '\\']) || value.starts_with("https://") || value.starts_with("http://")))
}
