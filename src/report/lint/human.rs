//! Findings for people: with excerpts of their sources, or one line each.

use super::findings;
use crate::diag::Diagnostic;
use crate::lint::Finding;
use crate::report::diagnostic::{self, Style};
use crate::worktree::LintRun;

pub(super) fn full(run: &LintRun, style: &Style) -> String {
    let diagnostics: Vec<_> = findings(run).map(|(_, finding)| drawn(finding)).collect();
    diagnostic::render(&diagnostics, style)
}

/// With a word where `--fix` does what help says.
fn drawn(finding: &Finding) -> Diagnostic {
    let mut diagnostic = finding.diagnostic.clone();
    if let Some(help) = diagnostic.problem.help.as_mut().filter(|_| finding.fix.is_some()) {
        help.push_str(" (fixable)");
    }
    diagnostic
}

/// `file:line:column: level[rule]: message`, as compilers write it and editors read it.
pub(super) fn short(run: &LintRun) -> String {
    findings(run).map(|(_, finding)| diagnostic::render_short(&finding.diagnostic) + "\n").collect()
}
