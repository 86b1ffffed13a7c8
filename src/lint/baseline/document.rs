//! A baseline as a JSON document: one finding a line, in a stable order, so that a change of it reads well.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use serde::Deserialize;

use super::{Counts, Mark};
use crate::diag::{Diagnostic, Source, Span};

/// Version of the document's form; a reader refuses every other.
const FORMAT_VERSION: u64 = 1;

#[derive(Deserialize)]
struct Version {
    format_version: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(rename = "format_version")]
    _version: u64,
    findings: Vec<Record>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    file: String,
    rule: String,
    text: String,
    count: usize,
}

pub(super) fn write(files: &BTreeMap<String, Counts>) -> String {
    let quoted = |text: &str| serde_json::to_string(text).expect("a text is JSON");
    let mut document = format!("{{\n  \"format_version\": {FORMAT_VERSION},\n  \"findings\": [");
    let all = files.iter().flat_map(|(file, counts)| counts.iter().map(move |(mark, count)| (file, mark, count)));
    for (at, (file, Mark { rule, text }, count)) in all.enumerate() {
        let [file, rule, text] = [file, rule, text].map(|text| quoted(text));
        let comma = if at == 0 { "" } else { "," };
        let _ = write!(
            document,
            "{comma}\n    {{ \"file\": {file}, \"rule\": {rule}, \"text\": {text}, \"count\": {count} }}"
        );
    }
    document.push_str(if files.is_empty() { "]\n}\n" } else { "\n  ]\n}\n" });
    document
}

/// Every finding with its file, its number and its place in the document; `renew` is the command that writes it again.
pub(super) fn read(source: &Arc<Source>, renew: &str) -> Result<Vec<(String, Mark, usize, Span)>, Diagnostic> {
    let malformed = |error: &serde_json::Error| malformed(source, error, renew);
    let version: Version = serde_json::from_str(source.text()).map_err(|error| malformed(&error))?;
    if version.format_version != FORMAT_VERSION {
        let message = format!(
            "the baseline has format version {}, and this swrctl reads version {FORMAT_VERSION}",
            version.format_version
        );
        let start = source.text().find("\"format_version\"").unwrap_or_default();
        let place = Span::new(start, start + "\"format_version\"".len());
        let help = format!("use the swrctl that wrote it, or delete it and write it anew with `{renew}`");
        return Err(Diagnostic::error("bad-baseline", message).at(source, place, "").with_help(help));
    }
    let document: Document = serde_json::from_str(source.text()).map_err(|error| malformed(&error))?;
    let mut seen = BTreeSet::new();
    let mut found = Vec::with_capacity(document.findings.len());
    for (record, place) in document.findings.into_iter().zip(objects(source.text())) {
        let Record { file, rule, text, count } = record;
        let mark = Mark { rule, text };
        if count == 0 {
            let fault =
                Diagnostic::error("bad-baseline", "the baseline holds a finding that is not there: its count is 0");
            return Err(fault.at(source, place, "").with_help("delete the entry"));
        }
        if !seen.insert((file.clone(), mark.clone())) {
            let fault = Diagnostic::error("bad-baseline", "the baseline holds a finding twice");
            let help = "keep one of them, with the higher count";
            return Err(fault.at(source, place, "again").with_help(help));
        }
        found.push((file, mark, count, place));
    }
    Ok(found)
}

/// Where the objects in the list of a document begin and end.
fn objects(text: &str) -> Vec<Span> {
    let (mut depth, mut start, mut quoted, mut escaped) = (0_usize, 0, false, false);
    let mut found = Vec::new();
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' | b'[' => {
                depth += 1;
                start = if depth == 3 { at } else { start };
            }
            b'}' | b']' => {
                if depth == 3 {
                    found.push(Span::new(start, at + 1));
                }
                depth = depth.saturating_sub(1);
            }
            _ => {}
        }
    }
    found
}

fn malformed(source: &Arc<Source>, error: &serde_json::Error, renew: &str) -> Diagnostic {
    let text = error.to_string();
    let reason = text.strip_suffix(&format!(" at line {} column {}", error.line(), error.column())).unwrap_or(&text);
    let line = source.line(error.line()).unwrap_or_default();
    let at = (line.start + error.column().saturating_sub(1)).min(line.end);
    let place = Span::new(at, (at + 1).min(line.end));
    let conflict = source.text().lines().any(|line| line.starts_with("<<<<<<< "));
    let help = if conflict {
        "resolve the merge conflict in it: keep the findings of both sides".to_owned()
    } else {
        format!("mend it, or delete it and write it anew with `{renew}`")
    };
    Diagnostic::error("bad-baseline", format!("this is no baseline: {reason}")).at(source, place, "").with_help(help)
}
