//! What is wrong, where, and what to do next. Owns the data; drawing it is `report`'s.

mod json;
mod source;
mod system;
pub mod wording;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

pub use source::{Position, Source, Span, Spanned};
pub use wording::{Lang, Wording, say};

/// Stable, kebab-case name of a kind of diagnostic (`unknown-node`, `tls-name`); what scripts may match on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Code(Cow<'static, str>);

impl Code {
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&'static str> for Code {
    fn from(name: &'static str) -> Self {
        Self::new(name)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How bad it is; ordered, `Error` is the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Info,
    Warning,
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// What is wrong and what to do, without a place in a file: what servers and file systems cause.
///
/// `message` is lower case without a full stop and names the thing (URL, path, step); `help` is imperative.
/// Neither ever holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Problem {
    pub code: Code,
    pub message: Wording,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub help: Option<Wording>,
}

impl Problem {
    #[must_use]
    pub fn new(code: impl Into<Code>, message: Wording) -> Self {
        Self { code: code.into(), message, help: None }
    }

    #[must_use]
    pub fn with_help(mut self, help: Wording) -> Self {
        self.help = Some(help);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message.english())
    }
}

impl std::error::Error for Problem {}

/// A place in a source, with an optional word about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    pub source: Arc<Source>,
    pub span: Span,
    pub text: Option<Wording>,
}

/// A [`Problem`] with its severity and its places; the first label is the primary one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub severity: Severity,
    pub problem: Problem,
    pub labels: Vec<Label>,
}

impl Diagnostic {
    #[must_use]
    pub fn error(code: impl Into<Code>, message: Wording) -> Self {
        Self::from_problem(Severity::Error, Problem::new(code, message))
    }

    #[must_use]
    pub fn warning(code: impl Into<Code>, message: Wording) -> Self {
        Self::from_problem(Severity::Warning, Problem::new(code, message))
    }

    #[must_use]
    pub fn from_problem(severity: Severity, problem: Problem) -> Self {
        Self { severity, problem, labels: Vec::new() }
    }

    /// Adds a place; `text` may be empty.
    #[must_use]
    pub fn at(mut self, source: &Arc<Source>, span: Span, text: Wording) -> Self {
        let text = (!text.is_empty()).then_some(text);
        self.labels.push(Label { source: Arc::clone(source), span, text });
        self
    }

    /// Adds a place that speaks for itself.
    #[must_use]
    pub fn on(self, source: &Arc<Source>, span: Span) -> Self {
        self.at(source, span, Wording::default())
    }

    #[must_use]
    pub fn with_help(mut self, help: Wording) -> Self {
        self.problem.help = Some(help);
        self
    }
}

impl From<Problem> for Diagnostic {
    fn from(problem: Problem) -> Self {
        Self::from_problem(Severity::Error, problem)
    }
}

/// The candidate nearest to `word`, when it is near enough to be what was meant.
#[must_use]
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    // Of a word that is changed altogether, nothing is left to go by.
    let limit = length.div_ceil(3).min(length.saturating_sub(1));
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_only_what_is_near() {
        assert_eq!(did_you_mean("registy", ["registry", "migrate"]), Some("registry"));
        assert_eq!(did_you_mean("zzz", ["registry", "migrate"]), None);
        assert_eq!((did_you_mean("x", ["a"]), did_you_mean("", ["a"])), (None, None));
        assert_eq!(did_you_mean("ab", ["ac"]), Some("ac"));
    }
}
