//! Lines to logical lines: directives, comments, continuations and here-documents.
//!
//! One pass over the text, whatever it holds; what BuildKit's line reader does is the reference.

use super::MAX_PARTS;
use super::error::{SyntaxError, SyntaxErrorKind};
use super::heredoc::{self, Announced, Heredoc};
use super::instruction;
use super::keyword::Keyword;
use super::text::Text;
use crate::diag::{Span, Spanned};

/// `# name=value` at the top of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// Lower case.
    pub name: Spanned<String>,
    pub value: Spanned<String>,
}

/// An instruction before its words are told apart.
#[derive(Debug)]
pub(super) struct LogicalLine {
    pub(super) text: Text,
    pub(super) heredocs: Vec<Heredoc>,
    /// With the here-documents and the lines that end them.
    pub(super) span: Span,
}

#[derive(Debug, Default)]
pub(super) struct Lexed {
    pub(super) escape: char,
    pub(super) directives: Vec<Directive>,
    pub(super) comments: Vec<Span>,
    pub(super) inner_comments: Vec<Span>,
    pub(super) blank_continuations: Vec<Span>,
    pub(super) lines: Vec<LogicalLine>,
    pub(super) errors: Vec<SyntaxError>,
    /// Where reading stopped because there is too much.
    pub(super) unread: Option<usize>,
}

const DIRECTIVES: [&str; 3] = ["escape", "syntax", "check"];

/// Longest line that BuildKit reads, in bytes without the line feed.
const MAX_LINE: usize = 64 * 1024 - 1;

/// A line without its end and without what is too much of it, and where the next one starts.
#[derive(Clone, Copy)]
struct Line {
    start: usize,
    end: usize,
    next: usize,
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    escape: char,
    recoveries: usize,
    /// The line that was last told to be too long; lines may be read twice.
    too_long: Option<usize>,
    lexed: Lexed,
}

pub(super) fn lex(text: &str) -> Lexed {
    let bom = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut lexer = Lexer { text, at: bom, escape: '\\', recoveries: 0, too_long: None, lexed: Lexed::default() };
    lexer.directives();
    while let Some(line) = lexer.next_line() {
        if lexer.lexed.lines.len() + lexer.lexed.comments.len() == MAX_PARTS {
            lexer.lexed.unread = Some(line.start);
            break;
        }
        match lexer.trimmed(line) {
            "" => {}
            content if content.starts_with('#') => {
                let comment = lexer.span_of(content);
                lexer.lexed.comments.push(comment);
            }
            _ => lexer.logical_line(line),
        }
    }
    lexer.lexed.escape = lexer.escape;
    lexer.lexed
}

impl<'a> Lexer<'a> {
    fn next_line(&mut self) -> Option<Line> {
        if self.at >= self.text.len() {
            return None;
        }
        let start = self.at;
        let stop = self.text[start..].find('\n').map_or(self.text.len(), |at| start + at);
        self.at = (stop + 1).min(self.text.len());
        let stop = if stop - start > MAX_LINE { self.cut(start, stop) } else { stop };
        let end = start + self.text[start..stop].trim_end_matches('\r').len();
        Some(Line { start, end, next: self.at })
    }

    /// Tells of a line that is too long, once; returns where what is read of it ends.
    fn cut(&mut self, start: usize, stop: usize) -> usize {
        let end = self.text.floor_char_boundary(start + MAX_LINE);
        if self.too_long.is_none_or(|told| told < start) {
            self.too_long = Some(start);
            self.error(Span::new(end, stop), SyntaxErrorKind::LineTooLong { most: MAX_LINE });
        }
        end
    }

    fn content(&self, line: Line) -> &'a str {
        &self.text[line.start..line.end]
    }

    fn trimmed(&self, line: Line) -> &'a str {
        self.content(line).trim()
    }

    fn span_of(&self, part: &str) -> Span {
        let start = part.as_ptr().addr() - self.text.as_ptr().addr();
        Span::new(start, start + part.len())
    }

    fn spanned(&self, part: &str) -> Spanned<String> {
        Spanned::new(part.to_owned(), self.span_of(part))
    }

    fn error(&mut self, span: Span, kind: SyntaxErrorKind) {
        self.lexed.errors.push(SyntaxError { span, kind });
    }

    /// Directives end at the first line that is none; anything unknown is a comment.
    fn directives(&mut self) {
        loop {
            let before = self.at;
            let directive = self.next_line().and_then(|line| read_directive(self.content(line)));
            let Some((name, value)) = directive else {
                self.at = before;
                return;
            };
            let name = self.spanned(name).map(|name| name.to_ascii_lowercase());
            let value = self.spanned(value);
            self.directive(Directive { name, value });
        }
    }

    fn directive(&mut self, directive: Directive) {
        if self.lexed.directives.iter().any(|other| *other.name == *directive.name) {
            let name = directive.name.value.clone();
            self.error(directive.name.span, SyntaxErrorKind::RepeatedDirective { name });
        }
        if *directive.name == "escape" {
            match directive.value.as_str() {
                "\\" => self.escape = '\\',
                "`" => self.escape = '`',
                value => {
                    let kind = SyntaxErrorKind::InvalidEscape { value: value.to_owned() };
                    self.error(directive.value.span, kind);
                }
            }
        }
        if *directive.name == "check" {
            self.check_options(&directive.value);
        }
        self.lexed.directives.push(directive);
    }

    /// `skip=A,B;error=true`, as BuildKit takes it.
    fn check_options(&mut self, value: &Spanned<String>) {
        let mut start = value.span.start;
        for option in value.split(';') {
            let valid = match option.split_once('=') {
                Some(("skip" | "experimental", _)) => true,
                Some(("error", switch)) => read_switch(switch).is_some(),
                _ => false,
            };
            if !valid {
                let kind = SyntaxErrorKind::InvalidCheckOption { option: option.chars().take(40).collect() };
                self.error(Span::new(start, start + option.len()), kind);
            }
            start += option.len() + 1;
        }
    }

    fn logical_line(&mut self, first: Line) {
        let mut text = Text::default();
        let mut continues = self.push_content(&mut text, first, self.content(first).trim_start());
        while continues {
            let Some(line) = self.next_line() else { break };
            let content = self.trimmed(line);
            if self.lexed.blank_continuations.len() + self.lexed.inner_comments.len() == MAX_PARTS {
                self.lexed.unread = Some(line.start);
                self.at = self.text.len();
                break;
            }
            if content.is_empty() {
                self.lexed.blank_continuations.push(Span::new(line.start, line.end));
            } else if content.starts_with('#') {
                let comment = self.span_of(content);
                self.lexed.inner_comments.push(comment);
            } else {
                continues = self.push_content(&mut text, line, self.content(line));
            }
        }
        let text = text.trimmed();
        if text.is_empty() {
            return;
        }
        let heredocs = if may_hold_heredocs(&text) { self.heredocs(&text) } else { Vec::new() };
        let end = heredocs.last().map(|(_, end)| *end);
        let span = text.whole();
        let span = Span::new(span.start, end.unwrap_or(span.end));
        let heredocs = heredocs.into_iter().map(|(heredoc, _)| heredoc).collect();
        self.lexed.lines.push(LogicalLine { text, heredocs, span });
    }

    /// Appends a line's content; tells whether the next line continues it.
    fn push_content(&self, text: &mut Text, line: Line, content: &str) -> bool {
        let start = line.end - content.len();
        let trimmed = content.trim_end_matches([' ', '\t']);
        let body = trimmed.strip_suffix(self.escape).filter(|body| !body.ends_with(self.escape));
        text.push(body.unwrap_or(content), start);
        body.is_some()
    }

    /// Reads the bodies that `text` announces; each comes with the end of its last line.
    fn heredocs(&mut self, text: &Text) -> Vec<(Heredoc, usize)> {
        let announced = heredoc::announced(text.as_str());
        announced.into_iter().map(|announced| self.heredoc(text, announced)).collect()
    }

    fn heredoc(&mut self, text: &Text, announced: Announced) -> (Heredoc, usize) {
        let Announced { name, marker, strip_tabs, expands } = announced;
        let marker = text.span(marker);
        let start = self.at;
        let (mut body_end, mut end) = (start, start);
        let mut ended = false;
        while !ended && let Some(line) = self.next_line() {
            let content = self.content(line);
            let content = if strip_tabs { content.trim_start_matches('\t') } else { content };
            ended = content == name;
            body_end = if ended { line.start } else { line.next };
            end = line.end;
        }
        if !ended {
            self.error(marker, SyntaxErrorKind::UnterminatedHeredoc { name: name.clone() });
            (body_end, end) = self.recover(start).unwrap_or((body_end, end));
        }
        let body = Span::new(start, body_end);
        (Heredoc { name, marker, body, strip_tabs, expands }, end.max(text.whole().end))
    }
}

/// How often a here-document without an end is given up in favour of the instructions after it: every time costs a
/// pass over the rest of the file.
const RECOVERIES: usize = 8;

impl Lexer<'_> {
    /// Goes on at the first line after `start` that begins with an instruction in upper case; returns the end of the
    /// lines passed over, with and without the last line break.
    fn recover(&mut self, start: usize) -> Option<(usize, usize)> {
        if self.recoveries == RECOVERIES {
            return None;
        }
        self.recoveries += 1;
        let after = std::mem::replace(&mut self.at, start);
        let mut end = start;
        while let Some(line) = self.next_line() {
            let word = self.content(line).split_whitespace().next().unwrap_or_default();
            if Keyword::named(word).is_some_and(|keyword| keyword.name() == word) {
                self.at = line.start;
                return Some((line.start, end));
            }
            end = line.end;
        }
        self.at = after;
        None
    }
}

/// As Go reads truth.
#[must_use]
pub fn read_switch(word: &str) -> Option<bool> {
    match word {
        "1" | "t" | "T" | "true" | "True" | "TRUE" => Some(true),
        "0" | "f" | "F" | "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// RUN, COPY and ADD, also after ONBUILD, unless their arguments are a JSON array.
fn may_hold_heredocs(text: &Text) -> bool {
    let line = text.as_str();
    if !line.contains("<<") {
        return false;
    }
    let mut words = line.split_whitespace().map(Keyword::named);
    let keyword = match words.next() {
        Some(Some(Keyword::OnBuild)) => words.next(),
        first => first,
    };
    keyword.flatten().is_some_and(Keyword::takes_heredocs) && !instruction::is_array(text)
}

/// `# name = value` with a known name, as `(name, value)`.
fn read_directive(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.strip_prefix('#')?.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    (DIRECTIVES.iter().any(|known| known.eq_ignore_ascii_case(name)) && !value.is_empty()).then_some((name, value))
}
