//! Diagnostics as text.

use crate::diag::Diagnostic;

/// How diagnostics are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    pub color: bool,
    pub unicode: bool,
    /// Columns of the terminal.
    pub width: usize,
}

/// `path:line:col: error[code]: message`, one line.
#[must_use]
pub fn render_short(diagnostic: &Diagnostic) -> String {
    let place = diagnostic.labels.first().map_or_else(String::new, |label| {
        let at = label.source.position(label.span.start);
        format!("{}:{}:{}: ", label.source.name(), at.line, at.column)
    });
    format!("{place}{}[{}]: {}", diagnostic.severity, diagnostic.problem.code, diagnostic.problem.message)
}

/// Every diagnostic with its source excerpts and help.
#[must_use]
pub fn render(diagnostics: &[Diagnostic], _style: &Style) -> String {
    diagnostics.iter().map(|diagnostic| render_short(diagnostic) + "\n").collect()
}
