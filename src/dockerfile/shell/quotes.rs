//! A word of shell text without its quotes.

use super::super::text::Text;
use crate::diag::Span;

/// A word as the program gets it, except that nothing is expanded.
#[derive(Clone, Debug)]
pub struct ShellWord {
    value: Text,
    /// As written, quotes included.
    pub span: Span,
    /// It holds a `$` or a backtick that the shell would expand.
    pub dynamic: bool,
    /// It stands in the text itself, and not in the value of a variable.
    pub written: bool,
}

impl ShellWord {
    pub(super) fn literal(value: Text) -> Self {
        Self { span: value.whole(), value, dynamic: false, written: true }
    }

    pub(super) fn read(raw: &Text) -> Self {
        let span = raw.whole();
        if !raw.as_str().contains(['\'', '"', '\\', '$', '`']) {
            return Self { value: raw.clone(), span, dynamic: false, written: true };
        }
        let (value, dynamic) = unquote(raw);
        Self { value, span, dynamic, written: true }
    }

    /// What the word stands for, in its place: no part of it is written there.
    pub(super) fn replaced(&self, text: &str) -> Self {
        let mut value = Text::default();
        value.push("", self.span.start);
        for c in text.chars() {
            value.push(c.encode_utf8(&mut [0; 4]), self.span.start);
        }
        Self { value, span: self.span, dynamic: false, written: false }
    }

    #[must_use]
    pub fn text(&self) -> &str {
        self.value.as_str()
    }

    pub(super) fn value(&self) -> &Text {
        &self.value
    }

    #[must_use]
    pub fn is_option(&self) -> bool {
        self.text().starts_with('-') && self.text().len() > 1
    }
}

fn unquote(raw: &Text) -> (Text, bool) {
    let text = raw.as_str();
    let mut value = Text::default();
    value.push("", raw.whole().start);
    let (mut quote, mut dynamic) = (None, false);
    // Inside `$(…)` quotes belong to the inner command.
    let mut depth = 0_usize;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        let mut kept = Some((at, c));
        match (c, quote) {
            ('\'', Some('\'')) | ('"', Some('"')) if depth == 0 => (quote, kept) = (None, None),
            (_, Some('\'')) => {}
            ('\\', None) if depth == 0 => kept = chars.next(),
            ('\\', Some(_)) if depth == 0 && matches!(next, Some('"' | '\\' | '$' | '`')) => kept = chars.next(),
            ('$', _) => {
                dynamic = true;
                depth += usize::from(next == Some('('));
            }
            ('`', _) => dynamic = true,
            (')', _) => depth = depth.saturating_sub(1),
            ('\'' | '"', None) if depth == 0 => (quote, kept) = (Some(c), None),
            _ => {}
        }
        if let Some((at, c)) = kept {
            value.push(c.encode_utf8(&mut [0; 4]), raw.span(at..at).start);
        }
    }
    (value, dynamic)
}
