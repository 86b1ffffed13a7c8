//! Texts that diagnostics point into.

use std::ops::{Deref, Range};
use std::sync::OnceLock;

/// A text with the name a user knows it by (its path as given).
#[derive(Debug)]
pub struct Source {
    name: String,
    text: String,
    lines: OnceLock<Lines>,
}

/// Where lines start, and how many characters lie before each block of bytes: what makes positions cheap however many
/// are asked for, and however long the lines are.
#[derive(Debug)]
struct Lines {
    starts: Vec<usize>,
    chars_before: Vec<usize>,
}

impl Lines {
    const BLOCK: usize = 1024;

    fn of(text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect();
        let blocks = text.as_bytes().chunks(Self::BLOCK).scan(0, |before, block| {
            let chars = *before;
            *before += count_chars(block);
            Some(chars)
        });
        Self { starts, chars_before: blocks.collect() }
    }

    /// Characters that start before `offset`.
    fn chars(&self, text: &str, offset: usize) -> usize {
        let Some(block) = offset.checked_sub(1).map(|last| last / Self::BLOCK) else { return 0 };
        self.chars_before[block] + count_chars(&text.as_bytes()[block * Self::BLOCK..offset])
    }
}

fn count_chars(bytes: &[u8]) -> usize {
    const CONTINUATION: std::ops::RangeInclusive<u8> = 0x80..=0xBF;
    bytes.iter().filter(|byte| !CONTINUATION.contains(byte)).count()
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.text == other.text
    }
}

impl Eq for Source {}

/// A line and column as people count: both from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

impl Source {
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into(), lines: OnceLock::new() }
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text of `span`; empty when the span does not lie in this source on character boundaries.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or_default()
    }

    /// Position of a byte offset; offsets past the end or inside a character give the nearest position before.
    #[must_use]
    pub fn position(&self, offset: usize) -> Position {
        let lines = self.lines();
        let offset = self.text.floor_char_boundary(offset.min(self.text.len()));
        let line = lines.starts.partition_point(|start| *start <= offset);
        let before = lines.chars(&self.text, lines.starts[line - 1]);
        Position { line, column: lines.chars(&self.text, offset) - before + 1 }
    }

    /// The text of a line, counted from 1, without its end (`\n` or `\r\n`); none past the last line.
    #[must_use]
    pub fn line(&self, number: usize) -> Option<Span> {
        let starts = &self.lines().starts;
        let start = *starts.get(number.checked_sub(1)?)?;
        let end = starts.get(number).map_or(self.text.len(), |next| next - 1);
        let carriage_return = starts.get(number).is_some() && self.text[start..end].ends_with('\r');
        Some(Span::new(start, end - usize::from(carriage_return)))
    }

    fn lines(&self) -> &Lines {
        self.lines.get_or_init(|| Lines::of(&self.text))
    }
}

/// Half-open range of byte offsets in a [`Source`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    pub start: usize,
    pub end: usize,
}

impl Span {
    #[must_use]
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    #[must_use]
    pub const fn len(self) -> usize {
        self.end.saturating_sub(self.start)
    }

    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    #[must_use]
    pub const fn range(self) -> Range<usize> {
        self.start..self.end
    }

    /// The smallest span that holds both.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        Self::new(self.start.min(other.start), self.end.max(other.end))
    }
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        Self::new(range.start, range.end)
    }
}

/// A value and where it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spanned<T> {
    pub value: T,
    pub span: Span,
}

impl<T> Spanned<T> {
    #[must_use]
    pub const fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }

    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned { value: f(self.value), span: self.span }
    }
}

impl<T> Deref for Spanned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_from_one() {
        let source = Source::new("f", "añb\r\ncd\n");
        assert_eq!(source.position(0), Position { line: 1, column: 1 });
        assert_eq!(source.position(3), Position { line: 1, column: 3 });
        assert_eq!(source.position(2), Position { line: 1, column: 2 });
        assert_eq!(source.position(6), Position { line: 2, column: 1 });
        assert_eq!(source.position(99), Position { line: 3, column: 1 });
    }

    #[test]
    fn positions_in_long_lines_count_every_character() {
        let text = format!("x\n{}", "aé€".repeat(5000));
        let source = Source::new("f", text.clone());
        for offset in (0..text.len()).step_by(997).chain([0, 1, 2, 1023, 1024, 1025, 2048, text.len()]) {
            let boundary = text.floor_char_boundary(offset);
            let column = text[..boundary].chars().count() - if boundary < 2 { 0 } else { 2 } + 1;
            assert_eq!(source.position(offset).column, column, "{offset}");
        }
    }

    #[test]
    fn lines_have_no_ends() {
        let source = Source::new("f", "ab\r\n\nc");
        let line = |number| source.line(number).map(|span| source.slice(span));
        assert_eq!([line(0), line(1), line(2), line(3), line(4)], [None, Some("ab"), Some(""), Some("c"), None]);
    }
}
