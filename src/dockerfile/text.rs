//! Text that was put together from pieces of a source and remembers where each of them stands.

use std::ops::Range;

use crate::diag::Span;

/// What an instruction says once continuations, comments or quotes are gone, with the way back to the source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    text: String,
    /// In the order of both offsets.
    pieces: Vec<Piece>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    /// Offset in the text.
    at: usize,
    /// Offset in the source.
    source: usize,
}

impl Text {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Appends `part`, which stands at byte `source` of the source; an empty one says where the text ends there.
    pub fn push(&mut self, part: &str, source: usize) {
        let at = self.text.len();
        let contiguous = self.pieces.last().is_some_and(|piece| source == piece.source + (at - piece.at));
        if !contiguous {
            // An empty piece says where an empty text stands; the next part takes its place.
            if self.pieces.last().is_some_and(|piece| piece.at == at) {
                self.pieces.pop();
            }
            self.pieces.push(Piece { at, source });
        }
        self.text.push_str(part);
    }

    /// Appends another text of the same source.
    pub fn append(&mut self, other: &Self) {
        for (run, source) in other.runs(0..other.text.len()) {
            self.push(&other.text[run], source);
        }
    }

    /// Where the bytes `range` of this text stand in the source.
    #[must_use]
    pub fn span(&self, range: Range<usize>) -> Span {
        let start = self.source_offset(range.start);
        // An empty piece at the end says where the text ends in the source.
        let told = self.pieces.last().filter(|piece| piece.at == range.end && range.end == self.text.len());
        let end = match told {
            Some(piece) => piece.source,
            None if range.end > range.start => self.source_offset(range.end - 1) + 1,
            None => start,
        };
        Span::new(start, end.max(start))
    }

    /// Where the whole text stands.
    #[must_use]
    pub fn whole(&self) -> Span {
        self.span(0..self.text.len())
    }

    /// A part of this text that can find its way back alone; `range` lies on character boundaries.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        let text = self.text.get(range.clone()).unwrap_or_default().to_owned();
        let mut pieces = vec![Piece { at: 0, source: self.source_offset(range.start) }];
        let inner = self.pieces.iter().skip(self.pieces.partition_point(|piece| piece.at <= range.start));
        pieces.extend(
            inner
                .take_while(|piece| piece.at < range.end)
                .map(|piece| Piece { at: piece.at - range.start, source: piece.source }),
        );
        Self { text, pieces }
    }

    /// The stretches of `range` that stand in one piece in the source, each with its offset there.
    pub fn runs(&self, range: Range<usize>) -> impl Iterator<Item = (Range<usize>, usize)> + '_ {
        let first = self.pieces.partition_point(|piece| piece.at <= range.start).saturating_sub(1);
        let pieces = self.pieces[first..].iter().enumerate();
        let (start, end) = (range.start, range.end);
        pieces.take_while(move |(_, piece)| piece.at < end).filter_map(move |(index, piece)| {
            let stop = self.pieces.get(first + index + 1).map_or(end, |next| next.at.min(end));
            let from = piece.at.max(start);
            (from < stop).then(|| (from..stop, piece.source + (from - piece.at)))
        })
    }

    /// This text with a blank in place of each of `holes`, which are in order and apart.
    #[must_use]
    pub fn without(&self, holes: &[Range<usize>]) -> Self {
        let mut kept = Self::default();
        let mut at = 0;
        let mut copy = |range: Range<usize>, filler: &str| {
            let end = range.end;
            for (run, source) in self.runs(range) {
                kept.push(&self.text[run], source);
            }
            kept.push(filler, self.source_offset(end));
        };
        for hole in holes {
            copy(at..hole.start, " ");
            at = hole.end;
        }
        copy(at..self.text.len(), "");
        kept
    }

    /// Where in this text the byte `source` of the source stands.
    #[must_use]
    pub fn offset_of(&self, source: usize) -> usize {
        let after = self.pieces.partition_point(|piece| piece.source <= source);
        let piece = after.checked_sub(1).map(|index| self.pieces[index]);
        piece.map_or(0, |piece| (piece.at + (source - piece.source)).min(self.text.len()))
    }

    /// This text without blanks at both ends.
    #[must_use]
    pub fn trimmed(&self) -> Self {
        let start = self.text.len() - self.text.trim_start().len();
        self.slice(start..(start + self.text.trim().len()))
    }

    fn source_offset(&self, at: usize) -> usize {
        let after = self.pieces.partition_point(|piece| piece.at <= at);
        after.checked_sub(1).map_or(at, |index| self.pieces[index].source + (at - self.pieces[index].at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_lead_back_through_joints() {
        let mut text = Text::default();
        text.push("ab", 10);
        text.push("cd", 20);
        assert_eq!(text.span(0..2), Span::new(10, 12));
        assert_eq!(text.span(1..3), Span::new(11, 21));
        assert_eq!(text.span(2..4), Span::new(20, 22));
        assert_eq!(text.slice(1..4).span(1..3), Span::new(20, 22));
        assert_eq!(text.span(4..4), Span::new(22, 22));
    }

    #[test]
    fn holes_keep_what_is_around_them_in_place() {
        let mut text = Text::default();
        text.push("ab", 10);
        text.push("cdef", 20);
        let kept = text.without(&[1..3, 4..5]);
        assert_eq!(kept.as_str(), "a d f");
        assert_eq!(kept.span(4..5), Span::new(23, 24));
        assert_eq!(kept.offset_of(21), 2);
    }

    #[test]
    fn an_empty_text_knows_its_place() {
        let mut text = Text::default();
        text.push("", 7);
        assert_eq!(text.whole(), Span::new(7, 7));
        text.push("x", 9);
        assert_eq!(text.whole(), Span::new(9, 10));
    }
}
