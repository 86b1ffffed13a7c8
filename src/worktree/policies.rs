//! What is wrong with policies themselves, as findings in the files that hold them: the project file and baselines.

use std::collections::BTreeMap;
use std::path::Path;

use super::paths::{LintRun, LintedFile, Origin};
use super::walk::shown;
use crate::diag::{Diagnostic, Severity};
use crate::lint::policy::Level;
use crate::lint::{Finding, Notice, Report};

/// A finding about a policy, at a place in its file.
#[derive(Clone, Debug)]
pub(super) struct PolicyFinding {
    pub(super) diagnostic: Diagnostic,
    /// As the policy says it for its Dockerfiles.
    pub(super) fail_on: Level,
}

impl PolicyFinding {
    fn finding(self) -> Finding {
        let level = match self.diagnostic.severity {
            Severity::Info => Level::Info,
            Severity::Warning => Level::Warning,
            Severity::Error => Level::Error,
        };
        let notice = Notice::by_name(self.diagnostic.problem.code.as_str());
        let rule = notice.expect("a finding about a policy is a notice").name();
        Finding { rule, aliases: &[], practice: None, level, diagnostic: self.diagnostic, fix: None }
    }
}

/// The level from which on one of two policies fails.
pub(super) fn strictest(one: Level, other: Level) -> Level {
    match (one, other) {
        (Level::Off, level) | (level, Level::Off) => level,
        (one, other) => one.min(other),
    }
}

/// The files that the findings are in.
pub(super) fn policy_files(findings: Vec<PolicyFinding>) -> Vec<LintedFile> {
    let mut files: BTreeMap<String, Vec<PolicyFinding>> = BTreeMap::new();
    for finding in findings {
        let name = shown(Path::new(finding.diagnostic.labels[0].source.name()));
        files.entry(name).or_default().push(finding);
    }
    let file = |(name, findings): (String, Vec<PolicyFinding>)| {
        let fail_on = findings.iter().map(|finding| finding.fail_on).fold(Level::Off, strictest);
        let mut findings: Vec<_> = findings.into_iter().map(PolicyFinding::finding).collect();
        findings.sort_by_key(|finding| finding.diagnostic.labels[0].span);
        let mut report = Report { findings, ..Report::default() };
        report.judge(fail_on);
        LintedFile { name, origin: Origin::Policy, fail_on, report, fixed: None, known: None }
    };
    files.into_iter().map(file).collect()
}

impl LintRun {
    /// Leaves out what is found about policies.
    pub fn forget(&mut self, notices: &[Notice]) {
        for LintedFile { report, fail_on, .. } in self.files.iter_mut().filter(|file| file.origin == Origin::Policy) {
            report.findings.retain(|finding| notices.iter().all(|notice| notice.name() != finding.rule));
            report.judge(*fail_on);
        }
        self.files.retain(|file| file.origin != Origin::Policy || !file.report.findings.is_empty());
    }
}
