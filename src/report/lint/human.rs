//! Findings for people: with excerpts of their sources, or one line each.

use super::findings;
use crate::diag::{Diagnostic, Lang, say};
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
    let problem = &mut diagnostic.problem;
    problem.help = problem.help.take().map(|help| match finding.fix {
        Some(_) => say!("{help} (fixable)", "{help}（可自动修复）", help),
        None => help,
    });
    diagnostic
}

/// `file:line:column: level[rule]: message`, as compilers write it and editors read it.
pub(super) fn short(run: &LintRun, lang: Lang) -> String {
    findings(run).map(|(_, finding)| diagnostic::render_short(&finding.diagnostic, lang) + "\n").collect()
}
