//! Findings for people: with excerpts of their sources, or one line each.

use super::findings;
use crate::report::diagnostic::{self, Style};
use crate::worktree::LintRun;

pub(super) fn full(run: &LintRun, style: &Style) -> String {
    let diagnostics: Vec<_> = findings(run).map(|(_, finding)| finding.diagnostic.clone()).collect();
    diagnostic::render(&diagnostics, style)
}

/// `file:line:column: level[rule]: message`, as compilers write it and editors read it.
pub(super) fn short(run: &LintRun) -> String {
    findings(run).map(|(_, finding)| diagnostic::render_short(&finding.diagnostic) + "\n").collect()
}
