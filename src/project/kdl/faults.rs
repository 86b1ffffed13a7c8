//! Collects what is wrong with a project file; nothing found ends the reading.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::diag::{Diagnostic, Problem, Severity, Source, Span, Wording, say};

/// One fault of the file: wording and places; the first place is the primary one.
pub(crate) struct Fault {
    severity: Severity,
    problem: Problem,
    places: Vec<(Span, Wording)>,
}

impl Fault {
    pub(crate) fn new(code: &'static str, message: Wording) -> Self {
        Self { severity: Severity::Error, problem: Problem::new(code, message), places: Vec::new() }
    }

    pub(crate) fn warning(code: &'static str, message: Wording) -> Self {
        Self { severity: Severity::Warning, ..Self::new(code, message) }
    }

    pub(crate) fn at(mut self, span: Span, label: Wording) -> Self {
        self.places.push((span, label));
        self
    }

    /// A place that speaks for itself.
    pub(crate) fn on(self, span: Span) -> Self {
        self.at(span, Wording::default())
    }

    pub(crate) fn help(mut self, help: Wording) -> Self {
        self.problem = self.problem.with_help(help);
        self
    }

    /// "did you mean", or else the list of what there is.
    pub(crate) fn help_with<'a>(self, word: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Self {
        if let Some(near) = crate::diag::did_you_mean(word, known.clone()) {
            return self.help(say!("did you mean `{near}`?", "是不是想写 `{near}`？", near));
        }
        let names: Vec<String> = known.into_iter().map(|name| format!("`{name}`")).collect();
        if names.is_empty() {
            return self.help(say!("remove it", "删除它"));
        }
        let names = Wording::joined(names, &say!(", ", "、"));
        self.help(say!("write one of {names}", "改写为其中之一：{names}", names))
    }
}

/// All faults of one file.
#[derive(Default)]
pub(crate) struct Faults {
    found: RefCell<Vec<Fault>>,
    /// Texts that no message may show.
    masks: RefCell<BTreeSet<Span>>,
}

impl Faults {
    pub(crate) fn add(&self, fault: Fault) {
        self.found.borrow_mut().push(fault);
    }

    /// Hides a text of the file from every excerpt.
    pub(crate) fn mask(&self, span: Span) {
        self.masks.borrow_mut().insert(span);
    }

    pub(crate) fn is_masked(&self, span: Span) -> bool {
        let masks = self.masks.borrow();
        let nearest = masks.range(..Span::new(span.end, 0)).next_back();
        nearest.is_some_and(|mask| span.start < mask.end)
    }

    pub(crate) fn any_error(&self) -> bool {
        self.found.borrow().iter().any(|fault| fault.severity == Severity::Error)
    }

    /// Everything found, in the order of the file.
    pub(crate) fn into_diagnostics(self, source: &Arc<Source>) -> Vec<Diagnostic> {
        let shown = masked(source, &self.masks.into_inner());
        let mut found = self.found.into_inner();
        found.sort_by_key(|fault| fault.places.first().map(|(span, _)| span.start));
        let diagnostic = |fault: Fault| {
            let bare = Diagnostic::from_problem(fault.severity, fault.problem);
            fault.places.into_iter().fold(bare, |diagnostic, (span, label)| diagnostic.at(&shown, span, label))
        };
        found.into_iter().map(diagnostic).collect()
    }
}

/// The source with every masked byte as `*`: offsets stay what they are.
fn masked(source: &Arc<Source>, masks: &BTreeSet<Span>) -> Arc<Source> {
    if masks.is_empty() {
        return Arc::clone(source);
    }
    let mut text = source.text().to_owned();
    for mask in masks {
        if text.get(mask.range()).is_some() {
            text.replace_range(mask.range(), &"*".repeat(mask.len()));
        }
    }
    Arc::new(Source::new(source.name(), text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_text_is_shown_nowhere() {
        let source = Arc::new(Source::new("f", "password \"hünter\" # x"));
        let faults = Faults::default();
        faults.mask(Span::new(10, 17));
        faults.add(Fault::new("a", Wording::same("b")).on(Span::new(0, 8)));
        let found = faults.into_diagnostics(&source);
        assert_eq!(found[0].labels[0].source.text(), "password \"*******\" # x");
    }
}
