//! SARIF 2.1.0 (OASIS), as code scanning takes it. Columns count characters; paths are relative to `%SRCROOT%`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::fingerprint::Fingerprints;
use super::{Place, findings, message};
use crate::diag::{Label, Lang, Problem, say};
use crate::lint::fix::{Edit, Fix, beside};
use crate::lint::policy::Level;
use crate::lint::{Finding, Notice, Rule, ScCode, rule};
use crate::report::explain::what_to_do;
use crate::worktree::{LintRun, LintedFile};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

pub(super) fn render(run: &LintRun, lang: Lang) -> String {
    // Rules that found something, by name; results point at them by their place in this order.
    let mut rules: BTreeMap<&str, usize> = findings(run).map(|(_, finding)| (code(finding), 0)).collect();
    rules.values_mut().zip(0..).for_each(|(index, place)| *index = place);
    let mut fingerprints = Fingerprints::default();
    let results: Vec<Value> = findings(run)
        .map(|(file, finding)| {
            let fingerprint = fingerprints.of(file, finding);
            result(file, finding, rules[code(finding)], &fingerprint, lang)
        })
        .collect();
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "swrctl",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.keys().map(|name| descriptor(name, lang)).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{document:#}\n")
}

/// The rule's name, or ShellCheck's code: code scanning files findings by it.
fn code(finding: &Finding) -> &str {
    finding.diagnostic.problem.code.as_str()
}

fn descriptor(name: &str, lang: Lang) -> Value {
    let Some(Rule { aliases, practice, level: own, summary, explanation, help, .. }) = rule(name) else {
        return notice(name, lang);
    };
    let (summary, explanation) = (summary.get(lang), explanation.get(lang));
    let help = format!("{explanation}\n\n{}", what_to_do(help).get(lang));
    let enabled = *own != Level::Off;
    let mut descriptor = json!({
        "id": name,
        "shortDescription": { "text": summary },
        "fullDescription": { "text": explanation },
        "help": { "text": help, "markdown": help },
        "defaultConfiguration": { "enabled": enabled, "level": level(if enabled { *own } else { Level::Warning }) },
        "properties": { "aliases": aliases, "practice": practice, "tags": tags(aliases, *practice) },
    });
    if let Some(code) = ScCode::parse(name) {
        descriptor["helpUri"] = code.wiki().into();
    }
    descriptor
}

/// What no rule finds: a file that cannot be read, a fault of a policy.
fn notice(name: &str, lang: Lang) -> Value {
    let mut descriptor = json!({ "id": name, "defaultConfiguration": { "level": "error" } });
    if let Some(notice) = Notice::by_name(name) {
        let (summary, explanation) = (notice.summary(), notice.explanation());
        let explanation = explanation.get(lang);
        let help = format!("{explanation}\n\n{}", what_to_do(&notice.help()).get(lang));
        descriptor["shortDescription"] = json!({ "text": summary.get(lang) });
        descriptor["fullDescription"] = json!({ "text": explanation });
        descriptor["help"] = json!({ "text": help, "markdown": help });
    }
    descriptor
}

fn tags(aliases: &[&str], practice: Option<u8>) -> Vec<String> {
    let practice = practice.map(|number| format!("practice-{number}"));
    std::iter::once("dockerfile".to_owned()).chain(practice).chain(aliases.iter().map(ToString::to_string)).collect()
}

fn result(file: &LintedFile, finding: &Finding, rule: usize, fingerprint: &str, lang: Lang) -> Value {
    let Problem { help, .. } = &finding.diagnostic.problem;
    let related: Vec<Value> =
        finding.diagnostic.labels.iter().skip(1).map(|label| related_location(label, lang)).collect();
    let mut text = message(finding, lang);
    if let Some(help) = help {
        let _ = write!(text, "{}{}", say!("; ", "；").get(lang), super::escape::line(help.get(lang)));
    }
    let mut result = json!({
        "ruleId": code(finding),
        "ruleIndex": rule,
        "level": level(finding.level),
        "message": { "text": text },
        "locations": [{ "physicalLocation": location(&file.name, &Place::of(finding)) }],
        "partialFingerprints": { "swrctl/v1": fingerprint },
    });
    if !related.is_empty() {
        result["relatedLocations"] = related.into();
    }
    if let Some(fix) = &finding.fix {
        result["fixes"] = json!([fix_record(file, finding, fix, lang)]);
    }
    result
}

fn fix_record(file: &LintedFile, finding: &Finding, fix: &Fix, lang: Lang) -> Value {
    let source = &finding.diagnostic.labels[0].source;
    let replacement = |edit: &Edit| {
        let place = Place::new(source, edit.span);
        json!({ "deletedRegion": region(&place), "insertedContent": { "text": edit.text } })
    };
    let own = (!fix.edits.is_empty()).then(|| {
        let replacements: Vec<_> = fix.edits.iter().map(replacement).collect();
        json!({ "artifactLocation": artifact(&file.name), "replacements": replacements })
    });
    let start = json!({ "startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1 });
    let created = fix.creates.as_ref().map(|new| {
        let replacement = json!({ "deletedRegion": start, "insertedContent": { "text": new.text } });
        json!({ "artifactLocation": artifact(&beside(&file.name, new.name)), "replacements": [replacement] })
    });
    let help = finding.diagnostic.problem.help.as_ref().map_or("", |help| help.get(lang));
    json!({
        "description": { "text": super::escape::line(help) },
        "artifactChanges": own.into_iter().chain(created).collect::<Vec<_>>(),
    })
}

fn related_location(label: &Label, lang: Lang) -> Value {
    let mut related =
        json!({ "physicalLocation": location(label.source.name(), &Place::new(&label.source, label.span)) });
    if let Some(text) = &label.text {
        related["message"] = json!({ "text": super::escape::line(text.get(lang)) });
    }
    related
}

fn location(file: &str, place: &Place) -> Value {
    json!({ "artifactLocation": artifact(file), "region": region(place) })
}

fn region(Place { start, end, .. }: &Place) -> Value {
    json!({ "startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column })
}

fn artifact(file: &str) -> Value {
    if file.starts_with('/') {
        return json!({ "uri": format!("file://{}", encoded(file)) });
    }
    json!({ "uri": encoded(file), "uriBaseId": "%SRCROOT%" })
}

/// A path as a URI reference (RFC 3986): a colon could be taken for the end of a scheme.
fn encoded(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

const fn level(level: Level) -> &'static str {
    match level {
        Level::Off => "none",
        Level::Style | Level::Info => "note",
        Level::Warning => "warning",
        Level::Error => "error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_uri_references() {
        assert_eq!(artifact("a b/Döckerfile:1")["uri"], "a%20b/D%C3%B6ckerfile%3A1");
        assert_eq!(artifact("<stdin>"), json!({ "uri": "%3Cstdin%3E", "uriBaseId": "%SRCROOT%" }));
        assert_eq!(artifact("/a/Dockerfile"), json!({ "uri": "file:///a/Dockerfile" }));
    }
}
