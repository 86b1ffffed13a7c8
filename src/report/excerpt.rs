//! The few lines of sources that the labels of one diagnostic are about, safe and short enough to be drawn.
//!
//! Whatever the sources hold, an excerpt is small: distant labels get windows of their own, long lines and long spans
//! are clipped, and control characters are escaped. Spans are translated from the source to the excerpt.

use std::sync::Arc;

use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::escape;
use crate::diag::{Label, Lang, Position, Source, Span, say};

/// Lines shown around those that a label covers.
const CONTEXT: usize = 1;
/// Lines of a label that are shown.
const MAX_LABEL_LINES: usize = 8;
/// Labels that are drawn.
const MAX_LABELS: usize = 8;
/// Least characters of a line that are shown, and how many of them may lie before its first label.
const MIN_LINE_CHARS: usize = 60;
const LEAD_CHARS: usize = 30;
const TAB: &str = "    ";

/// Windows on sources, one after the other in one text.
#[derive(Debug, Default)]
pub(super) struct Excerpt {
    line_chars: usize,
    lang: Lang,
    text: String,
    windows: Vec<Window>,
    labels: Vec<DrawnLabel>,
}

#[derive(Debug)]
struct Window {
    name: String,
    first_line: usize,
    start: usize,
    end: usize,
}

/// A label by its place in the excerpt, with its position in the source.
#[derive(Debug)]
struct DrawnLabel {
    start: usize,
    end: usize,
    position: Position,
    text: Option<String>,
    /// The most important one of its window, which gives the header its position.
    primary: bool,
}

/// A label with the lines it covers; offsets lie on character boundaries of its source.
#[derive(Debug)]
struct Place<'a> {
    label: &'a Label,
    rank: usize,
    start: usize,
    end: usize,
    first_line: usize,
    last_line: usize,
}

impl<'a> Place<'a> {
    fn new(rank: usize, label: &'a Label) -> Self {
        let (source, text) = (&label.source, label.source.text());
        let clamp = |offset: usize| text.floor_char_boundary(offset.min(text.len()));
        let start = clamp(label.span.start);
        let mut end = clamp(label.span.end).max(start);
        let first_line = source.position(start).line;
        let mut last_line = if end > start { source.position(end - 1).line } else { first_line };
        if last_line - first_line >= MAX_LABEL_LINES {
            last_line = first_line + MAX_LABEL_LINES - 1;
            end = source.line(last_line).map_or(end, |line| line.end.max(start));
        }
        Self { label, rank, start, end, first_line, last_line }
    }

    fn is_near(&self, window_end: usize) -> bool {
        self.first_line <= window_end + 2 * CONTEXT + 1
    }
}

impl Excerpt {
    /// Of the first labels, the very first one's window first; of long lines at most `line_chars` characters.
    pub(super) fn new(labels: &[Label], line_chars: usize, lang: Lang) -> Self {
        let mut excerpt = Self { line_chars: line_chars.max(MIN_LINE_CHARS), lang, ..Self::default() };
        let (drawn, left) = labels.split_at(labels.len().min(MAX_LABELS));
        for group in windows(drawn) {
            excerpt.add_window(&group);
        }
        if let Some(last) = excerpt.labels.last_mut().filter(|_| !left.is_empty()) {
            let more = say!(" (and {count} more)", "（另有 {count} 处）", count = left.len());
            last.text.get_or_insert_default().push_str(more.get(lang));
        }
        excerpt
    }

    pub(super) fn is_empty(&self) -> bool {
        self.windows.is_empty()
    }

    pub(super) fn labels(&self) -> impl Iterator<Item = LabeledSpan> {
        self.labels.iter().map(|label| {
            let span = (label.start, label.end.saturating_sub(label.start));
            let new = if label.primary { LabeledSpan::new_primary_with_span } else { LabeledSpan::new_with_span };
            new(label.text.clone(), span)
        })
    }

    fn add_window(&mut self, places: &[Place<'_>]) {
        let Some(first) = places.first() else { return };
        let source = &first.label.source;
        let first_line = first.first_line.saturating_sub(CONTEXT).max(1);
        let last_line = places.iter().map(|place| place.last_line).max().unwrap_or(first_line) + CONTEXT;
        let start = self.text.len();
        let mut ends = vec![(0, 0); places.len()];
        for number in first_line..=last_line {
            let Some(line) = source.line(number) else { break };
            let marks = places.iter().flat_map(|place| [place.start, place.end]);
            let wanted = marks.filter(|at| (line.start..=line.end).contains(at)).min();
            // What follows the last line end is a line only for a label that lies there.
            if line.start == source.text().len() && wanted.is_none() {
                break;
            }
            let drawn = DrawnLine::new(source.text(), line, wanted, self.line_chars, &mut self.text);
            for (place, ends) in places.iter().zip(&mut ends) {
                if place.first_line == number {
                    ends.0 = drawn.offset(place.start);
                }
                if place.last_line == number {
                    ends.1 = drawn.offset(place.end);
                }
            }
        }
        let name = escape::line(source.name()).into_owned();
        self.windows.push(Window { name, first_line, start, end: self.text.len() });
        let primary = places.iter().map(|place| place.rank).min();
        self.labels.extend(places.iter().zip(ends).map(|(place, (start, end))| DrawnLabel {
            primary: Some(place.rank) == primary,
            start,
            end,
            position: source.position(place.start),
            text: place.label.text.as_ref().map(|text| escape::line(text.get(self.lang)).into_owned()),
        }));
    }
}

/// Labels of neighbouring lines together; in the order of their most important label.
fn windows(labels: &[Label]) -> Vec<Vec<Place<'_>>> {
    let mut sources: Vec<(&Arc<Source>, Vec<Place<'_>>)> = Vec::new();
    for (rank, label) in labels.iter().enumerate() {
        let place = Place::new(rank, label);
        match sources.iter_mut().find(|(source, _)| Arc::ptr_eq(source, &label.source)) {
            Some((_, places)) => places.push(place),
            None => sources.push((&label.source, vec![place])),
        }
    }
    let mut windows: Vec<Vec<Place<'_>>> = Vec::new();
    for (_, mut places) in sources {
        places.sort_by_key(|place| (place.start, place.end));
        let mut last_line = None;
        for place in places {
            let near = last_line.is_some_and(|line| place.is_near(line));
            last_line = last_line.max(Some(place.last_line));
            match windows.last_mut().filter(|_| near) {
                Some(window) => window.push(place),
                None => windows.push(vec![place]),
            }
        }
    }
    windows.sort_by_key(|places| places.iter().map(|place| place.rank).min());
    windows
}

/// A line as it was appended to an excerpt: where each of its shown characters went.
#[derive(Debug)]
struct DrawnLine {
    /// Offsets in the source and in the excerpt, ascending; the last is the end of what is shown.
    offsets: Vec<(usize, usize)>,
}

impl DrawnLine {
    /// Appends `line` of `text`, at most `limit` characters; `wanted` is an offset that must be seen.
    fn new(text: &str, line: Span, wanted: Option<usize>, limit: usize, to: &mut String) -> Self {
        let wanted = wanted.unwrap_or(line.start);
        let from = if text[line.start..wanted].chars().take(limit).count() + LEAD_CHARS > limit {
            text[line.start..wanted].char_indices().nth_back(LEAD_CHARS - 1).map_or(wanted, |(at, _)| line.start + at)
        } else {
            line.start
        };
        if from > line.start {
            to.push('…');
        }
        let mut offsets = Vec::new();
        let mut until = from;
        for (at, char) in text[from..line.end].char_indices().take(limit) {
            offsets.push((from + at, to.len()));
            until = from + at + char.len_utf8();
            if char == '\t' { to.push_str(TAB) } else { escape::push(to, char) }
        }
        offsets.push((until, to.len()));
        if until < line.end {
            to.push('…');
        }
        to.push('\n');
        Self { offsets }
    }

    /// Where an offset of the source is in the excerpt; the nearest place when it is not shown.
    fn offset(&self, of: usize) -> usize {
        let next = self.offsets.partition_point(|(offset, _)| *offset < of).min(self.offsets.len() - 1);
        self.offsets[next].1
    }
}

impl SourceCode for Excerpt {
    /// The window around `span`; with no context wanted, its beginning only, which gives the header its position.
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (start, end) = (span.offset(), span.offset() + span.len());
        let at = self.windows.partition_point(|window| window.end <= start);
        let window = self.windows.get(at).filter(|window| window.start <= start && end <= window.end);
        let window = window.ok_or(MietteError::OutOfBounds)?;
        let (from, line, column, until) = if (before, after) == (0, 0) {
            let label = self.labels.iter().find(|label| label.start == start).ok_or(MietteError::OutOfBounds)?;
            (start, label.position.line - 1, label.position.column - 1, end)
        } else {
            (window.start, window.first_line - 1, 0, window.end)
        };
        let data = &self.text.as_bytes()[from..until];
        let line_count = self.text[from..until].matches('\n').count();
        let span = SourceSpan::from((from, data.len()));
        let contents = MietteSpanContents::new_named(window.name.clone(), data, span, line, column, line_count);
        Ok(Box::new(contents))
    }
}
