//! A baseline as a JSON document: one finding a line, in a stable order, so that a change of it reads well.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use serde::Deserialize;

use super::{Counts, Mark};
use crate::diag::{Diagnostic, Source, Span, say};

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
        let message = say!(
            "the baseline has format version {found}, and this swrctl reads version {known}",
            "基线的格式版本是 {found}，而这个 swrctl 读取版本 {known}",
            found = version.format_version,
            known = FORMAT_VERSION
        );
        let start = source.text().find("\"format_version\"").unwrap_or_default();
        let place = Span::new(start, start + "\"format_version\"".len());
        let help = say!(
            "use the swrctl that wrote it, or delete it and write it anew with `{renew}`",
            "使用写出它的 swrctl，或者删除它，再用 `{renew}` 重新生成",
            renew
        );
        return Err(Diagnostic::error("bad-baseline", message).on(source, place).with_help(help));
    }
    let document: Document = serde_json::from_str(source.text()).map_err(|error| malformed(&error))?;
    let mut seen = BTreeSet::new();
    let mut found = Vec::with_capacity(document.findings.len());
    for (record, place) in document.findings.into_iter().zip(objects(source.text())) {
        let Record { file, rule, text, count } = record;
        let mark = Mark { rule, text };
        if count == 0 {
            let message = say!(
                "the baseline holds a finding that is not there: its count is 0",
                "基线里有一个不存在的问题：它的 count 是 0"
            );
            let fault = Diagnostic::error("bad-baseline", message).on(source, place);
            return Err(fault.with_help(say!("delete the entry", "删除这一项")));
        }
        if !seen.insert((file.clone(), mark.clone())) {
            let message = say!("the baseline holds a finding twice", "基线里同一个问题写了两次");
            let fault = Diagnostic::error("bad-baseline", message).at(source, place, say!("again", "又一次"));
            let help = say!("keep one of them, with the higher count", "只保留一项，count 取较大的值");
            return Err(fault.with_help(help));
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
        say!("resolve the merge conflict in it: keep the findings of both sides", "解决其中的合并冲突：保留双方的问题")
    } else {
        say!(
            "mend it, or delete it and write it anew with `{renew}`",
            "修正它，或者删除它，再用 `{renew}` 重新生成",
            renew
        )
    };
    let message = say!("this is no baseline: {reason}", "这不是基线：{reason}", reason);
    Diagnostic::error("bad-baseline", message).on(source, place).with_help(help)
}
