//! One JSON document, held by `schema/lint.schema.json`.

use serde_json::{Value, json};

use super::{Place, Tally, fails, findings};
use crate::diag::Label;
use crate::lint::Finding;
use crate::lint::fix::{Edit, Fix, beside};
use crate::worktree::{LintRun, LintedFile};

const FORMAT_VERSION: u32 = 1;

pub(super) fn render(run: &LintRun) -> String {
    let findings: Vec<_> = findings(run).map(|(file, finding)| record(file, finding)).collect();
    let document = json!({
        "format_version": FORMAT_VERSION,
        "summary": Tally::of(run),
        "files": run.files.iter().map(|file| json!({ "file": file.name, "failed": file.report.failed })).collect::<Vec<_>>(),
        "findings": findings,
    });
    format!("{document:#}\n")
}

fn record(file: &LintedFile, finding: &Finding) -> Value {
    let Finding { rule, aliases, practice, level, diagnostic, fix } = finding;
    let mut record = json!({
        "rule": rule,
        "aliases": aliases,
        "practice": practice,
        "level": level,
        "fails": fails(file, finding),
        "message": diagnostic.problem.message,
        "help": diagnostic.problem.help,
        "file": file.name,
    });
    let related: Vec<Value> = diagnostic.labels.iter().skip(1).map(related).collect();
    if let Value::Object(record) = &mut record {
        record.extend(place(&Place::of(finding)));
        record.insert("related".to_owned(), related.into());
        record.insert("fix".to_owned(), fix.as_ref().map(|fix| fix_record(file, finding, fix)).into());
    }
    record
}

/// All of its edits, or none: places are those of the file as it is.
fn fix_record(file: &LintedFile, finding: &Finding, fix: &Fix) -> Value {
    let source = &finding.diagnostic.labels[0].source;
    let edit = |edit: &Edit| {
        let mut record = serde_json::Map::from_iter(place(&Place::new(source, edit.span)));
        record.insert("text".to_owned(), edit.text.as_str().into());
        Value::from(record)
    };
    let creates = fix.creates.as_ref().map(|new| json!({ "file": beside(&file.name, new.name), "text": new.text }));
    json!({
        "message": finding.diagnostic.problem.help,
        "edits": fix.edits.iter().map(edit).collect::<Vec<_>>(),
        "creates": creates,
    })
}

/// A further place, which may be in another file.
fn related(label: &Label) -> Value {
    let mut record = serde_json::Map::new();
    record.insert("file".to_owned(), label.source.name().into());
    record.extend(place(&Place::new(&label.source, label.span)));
    record.insert("message".to_owned(), json!(label.text));
    record.into()
}

fn place(place: &Place) -> [(String, Value); 3] {
    let bytes = json!({ "start": place.span.start, "end": place.span.end });
    [("start".to_owned(), json!(place.start)), ("end".to_owned(), json!(place.end)), ("bytes".to_owned(), bytes)]
}
