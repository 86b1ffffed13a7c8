//! Gates as steps: what a Dockerfile and the path to a registry came to.

use super::address::Address;
use super::expand::Unlisted;
use super::step::{Action, LintFinding, LintWork, NetworkWork, SelectWork, Step, Work};
use crate::diag::{Problem, Severity, Wording, say};
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

pub(super) fn network_step(registry: &str, report: &PathReport, shut: Option<Problem>) -> Step {
    let passed = report.checks.iter().filter(|result| result.verdict == Verdict::Pass).count();
    let (action, reason, help) = match (report.failure(), shut) {
        (Some(CheckResult { check, observed, fix, .. }), _) => {
            (Action::Blocked, say!("{check}: {observed}", "{check}：{observed}", check, observed), fix.clone())
        }
        (None, Some(shut)) => (Action::Blocked, shut.message, shut.help),
        (None, None) => {
            let checks = Wording::counted(passed, &say!("check", "项检查"));
            (Action::Unchanged, say!("{checks} passed", "{checks}通过", checks), None)
        }
    };
    let PathReport { checks, taken } = report.clone();
    let work = Work::Network(NetworkWork { registry: registry.to_owned(), checks, path: taken });
    Step { address: Address::network(registry), action, reason, help, work }
}

/// Why a step cannot be done that waits for `count` shut gates.
pub(super) fn shut_gate(first: &Address, count: usize) -> Problem {
    let message = match count - 1 {
        0 => say!("behind {first}", "受阻于 {first}", first),
        1 => say!("behind {first} and 1 other step", "受阻于 {first} 和另外 1 个步骤", first),
        more => say!("behind {first} and {more} other steps", "受阻于 {first} 和另外 {more} 个步骤", first, more),
    };
    Problem::new("gate-shut", message)
}

/// A rule that cannot be followed, which nothing may pass for a rule that selects nothing.
pub(super) fn select_step(rule: &Unlisted, shut: Option<Problem>) -> Step {
    let work = SelectWork { registry: rule.registry.clone(), pattern: rule.pattern.clone() };
    let why = shut.unwrap_or_else(|| rule.why.clone());
    Step::blocked(Address::select(&rule.registry, &rule.pattern), why, Work::Select(work))
}
