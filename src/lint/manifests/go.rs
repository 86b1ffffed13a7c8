//! `go mod download` and `go mod verify`: `go.mod` and `go.sum`.

use super::options::{Options, operands};
use super::{Reads, Sources};
use crate::dockerfile::shell::Invocation;

pub(super) fn reads(command: &Invocation, sources: Sources) -> Option<Reads> {
    let rest = operands(command, 0, &Options { flags: &["-x", "-json"], valued: &[], urls: &[] })?;
    if !matches!(rest[..], ["mod", "download" | "verify"]) || sources.has("go.work") {
        return None;
    }
    sources.text("go.mod").filter(|text| !text.lines().any(replaces_by_path))?;
    Some(Reads { files: sources.with("go.mod", &["go.sum"]), fills: &[] })
}

/// `replace example.com/a => ../a`: a directory, which has no version behind it.
fn replaces_by_path(line: &str) -> bool {
    let line = line.split("//").next().unwrap_or_default();
    line.split_once("=>").is_some_and(|(_, target)| target.split_whitespace().count() < 2)
}
