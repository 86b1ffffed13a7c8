//! GitLab's code quality report: a JSON array in the form of Code Climate.

use serde_json::{Value, json};

use super::fingerprint::Fingerprints;
use super::{Place, findings, message};
use crate::diag::Lang;
use crate::lint::policy::Level;
use crate::worktree::LintRun;

pub(super) fn render(run: &LintRun, lang: Lang) -> String {
    let mut fingerprints = Fingerprints::default();
    let issues: Vec<Value> = findings(run)
        .map(|(file, finding)| {
            let Place { start, end, .. } = Place::of(finding);
            json!({
                "description": message(finding, lang),
                "check_name": finding.rule,
                "fingerprint": fingerprints.of(file, finding),
                "severity": severity(finding.level),
                "location": { "path": file.name, "lines": { "begin": start.line, "end": end.line } },
            })
        })
        .collect();
    format!("{:#}\n", Value::from(issues))
}

const fn severity(level: Level) -> &'static str {
    match level {
        Level::Error => "critical",
        Level::Warning => "major",
        Level::Info | Level::Style | Level::Off => "info",
    }
}
