//! Gates as steps: what a Dockerfile and the path to a registry came to.

use super::address::Address;
use super::step::{Action, LintFinding, LintWork, NetworkWork, Step, Work};
use crate::diag::{Severity, Wording, say};
use crate::image::Digest;
use crate::lint::LintedDockerfile;
use crate::lint::fix::Fixed;
use crate::network::{CheckResult, PathReport, Verdict};

/// The gate of a Dockerfile as it will be when it has been fixed.
pub(super) fn lint_step(dockerfile: &LintedDockerfile, fixed: Option<&Fixed>) -> Step {
    let report = fixed.map_or(&dockerfile.report, |fixed| &fixed.report);
    let findings: Vec<LintFinding> = report.findings.iter().map(lint_finding).collect();
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let reason = match (errors, warnings) {
        (0, 0) => say!("nothing found", "没有发现问题"),
        _ => say!(
            "{errors}, {warnings}",
            "{errors}，{warnings}",
            errors = Wording::counted(errors, &say!("error", "个错误")),
            warnings = Wording::counted(warnings, &say!("warning", "个警告"))
        ),
    };
    let reason = match report.held.len() {
        0 => reason,
        held => say!("{reason}; {held} held by the baseline", "{reason}；另有 {held} 个已记入基线", reason, held),
    };
    let failed = report.failed;
    let fixed_digest = fixed.map(|fixed| Digest::sha256(fixed.after.text().as_bytes()));
    Step {
        address: Address::lint(&dockerfile.path),
        action: if failed { Action::Blocked } else { Action::Unchanged },
        reason,
        help: failed.then(|| {
            say!(
                "mend the findings, or change the policy in the `dockerfiles` section",
                "修复这些问题，或者修改 `dockerfiles` 小节里的策略"
            )
        }),
        work: Work::Lint(LintWork {
            file: dockerfile.path.clone(),
            set: dockerfile.set,
            digest: fixed_digest.unwrap_or_else(|| dockerfile.digest.clone()),
            findings,
        }),
    }
}

fn lint_finding(finding: &crate::lint::Finding) -> LintFinding {
    let label = finding.diagnostic.labels.first();
    let position = label.map(|label| label.source.position(label.span.start));
    LintFinding {
        rule: finding.rule.to_owned(),
        severity: finding.diagnostic.severity,
        message: finding.diagnostic.problem.message.clone(),
        line: position.map_or(1, |position| position.line),
        column: position.map_or(1, |position| position.column),
    }
}

pub(super) fn network_step(registry: &str, report: &PathReport) -> Step {
    let passed = report.checks.iter().filter(|result| result.verdict == Verdict::Pass).count();
    let (action, reason, help) = match report.failure() {
        Some(CheckResult { check, observed, fix, .. }) => {
            (Action::Blocked, say!("{check}: {observed}", "{check}：{observed}", check, observed), fix.clone())
        }
        None => {
            let checks = Wording::counted(passed, &say!("check", "项检查"));
            (Action::Unchanged, say!("{checks} passed", "{checks}通过", checks), None)
        }
    };
    Step {
        address: Address::network(registry),
        action,
        reason,
        help,
        work: Work::Network(NetworkWork { registry: registry.to_owned(), checks: report.checks.clone() }),
    }
}
