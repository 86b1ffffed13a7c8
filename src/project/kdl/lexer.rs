//! KDL 1 as tokens with spans. Strict where knuffel panics or points at the wrong place, so that what passes here can
//! be handed to it; knows no sections.

use std::sync::LazyLock;

use regex::Regex;

use super::misfit::Misfit;
use crate::diag::Span;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Newline,
    Semicolon,
    Open,
    Close,
    TypeOpen,
    TypeClose,
    Equals,
    /// `/-`
    Slashdash,
    /// A bare identifier or keyword.
    Word,
    Number,
    /// `"…"` or `r"…"`, quotes included.
    Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub kind: Kind,
    pub span: Span,
}

pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

/// knuffel's parser recurses per nested comment and aborts the process when the stack ends.
const MAX_COMMENT_DEPTH: usize = 16;

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|c| !wanted(c)).unwrap_or(rest.len());
    }

    fn skip_line(&mut self) {
        self.take_while(|c| !is_newline(c));
    }

    /// Skips blanks, comments and continued line ends.
    /// What does not end is told with its start.
    fn skip_space(&mut self) -> Result<(), (Misfit, usize)> {
        loop {
            self.take_while(is_blank);
            let start = self.at;
            let rest = self.rest();
            if rest.starts_with("//") {
                self.skip_line();
            } else if rest.starts_with("/*") {
                self.block_comment().map_err(|misfit| (misfit, start))?;
            } else if rest.starts_with('\\') {
                self.continuation().map_err(|misfit| (misfit, start))?;
            } else {
                return Ok(());
            }
        }
    }

    /// A comment that does not end is taken for its opening, so that what is behind it can still be looked at.
    fn block_comment(&mut self) -> Result<(), Misfit> {
        let opening = self.at + 2;
        let comment = self.whole_block_comment();
        if comment.is_err() {
            self.at = opening;
        }
        comment
    }

    fn whole_block_comment(&mut self) -> Result<(), Misfit> {
        let mut depth = 0;
        loop {
            let rest = self.rest();
            if rest.starts_with("/*") {
                depth += 1;
                self.at += 2;
            } else if rest.starts_with("*/") {
                depth -= 1;
                self.at += 2;
            } else {
                let Some(next) = rest.chars().next() else { return Err(Misfit::UnclosedComment) };
                self.at += next.len_utf8();
            }
            match depth {
                0 => return Ok(()),
                depth if depth > MAX_COMMENT_DEPTH => return Err(Misfit::DeepComment),
                _ => {}
            }
        }
    }

    /// `\`, blanks, perhaps a comment, then the end of the line.
    fn continuation(&mut self) -> Result<(), Misfit> {
        self.at += 1;
        let behind = self.at;
        self.take_while(is_blank);
        while self.rest().starts_with("/*") {
            self.block_comment()?;
            self.take_while(is_blank);
        }
        if self.rest().starts_with("//") {
            self.skip_line();
        }
        if self.rest().starts_with(is_newline) {
            self.newline();
            return Ok(());
        }
        self.at = behind;
        Err(Misfit::Continuation)
    }

    fn newline(&mut self) {
        let rest = self.rest();
        let len = if rest.starts_with("\r\n") { 2 } else { rest.chars().next().map_or(0, char::len_utf8) };
        self.at += len;
    }

    fn token(&mut self, first: char) -> Result<Kind, Misfit> {
        let punctuation = match first {
            ';' => Some(Kind::Semicolon),
            '{' => Some(Kind::Open),
            '}' => Some(Kind::Close),
            '(' => Some(Kind::TypeOpen),
            ')' => Some(Kind::TypeClose),
            '=' => Some(Kind::Equals),
            _ => None,
        };
        if let Some(kind) = punctuation {
            self.at += 1;
            return Ok(kind);
        }
        if is_newline(first) {
            self.newline();
            return Ok(Kind::Newline);
        }
        if self.rest().starts_with("/-") {
            self.at += 2;
            return Ok(Kind::Slashdash);
        }
        if first == '"' {
            return self.text();
        }
        if let Some(hashes) = raw_text_opening(self.rest()) {
            return self.raw_text(hashes);
        }
        if is_identifier(first) || first == '!' {
            return self.word(first);
        }
        self.at += first.len_utf8();
        Err(Misfit::Character)
    }

    /// KDL lets a string run over lines; here it may not, so that a forgotten quote is found where it is missing.
    fn text(&mut self) -> Result<Kind, Misfit> {
        let mut escapes = Ok(());
        self.at += 1;
        loop {
            let rest = self.rest();
            match rest.chars().next() {
                Some('"') => {
                    self.at += 1;
                    return escapes.map(|()| Kind::Text);
                }
                Some('\\') => {
                    let escape = escape_len(rest);
                    if escape.is_none() {
                        escapes = Err(Misfit::Escape);
                    }
                    self.at += escape.unwrap_or(1);
                }
                Some(c) if !is_newline(c) => self.at += c.len_utf8(),
                _ => return Err(Misfit::UnclosedText),
            }
        }
    }

    fn raw_text(&mut self, hashes: usize) -> Result<Kind, Misfit> {
        let closing = format!("\"{}", "#".repeat(hashes));
        let body = self.at + hashes + 2;
        self.skip_line();
        let len = self.text[body..self.at].find(&closing).ok_or(Misfit::UnclosedRawText)?;
        self.at = body + len + closing.len();
        Ok(Kind::Text)
    }

    fn word(&mut self, first: char) -> Result<Kind, Misfit> {
        static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"^[+-]?(0b[01][01_]*|0o[0-7][0-7_]*|0x[0-9a-fA-F][0-9a-fA-F_]*|[0-9][0-9_]*(\.[0-9][0-9_]*)?([eE][+-]?[0-9_]*)?)$")
                .expect("the pattern is valid")
        });
        let start = self.at;
        self.at += first.len_utf8();
        self.take_while(is_identifier);
        let word = &self.text[start..self.at];
        if !word.trim_start_matches(['+', '-']).starts_with(|c: char| c.is_ascii_digit()) {
            return Ok(Kind::Word);
        }
        if NUMBER.is_match(word) { Ok(Kind::Number) } else { Err(Misfit::Number) }
    }
}

impl Iterator for Lexer<'_> {
    type Item = (Result<Kind, Misfit>, Span);

    fn next(&mut self) -> Option<Self::Item> {
        if let Err((misfit, start)) = self.skip_space() {
            return Some((Err(misfit), Span::new(start, self.at)));
        }
        let start = self.at;
        let first = self.rest().chars().next()?;
        let token = self.token(first);
        Some((token, Span::new(start, self.at)))
    }
}

/// Number of `#` when `text` starts a raw string.
fn raw_text_opening(text: &str) -> Option<usize> {
    let after = text.strip_prefix('r')?;
    let unhashed = after.trim_start_matches('#');
    unhashed.starts_with('"').then(|| after.len() - unhashed.len())
}

/// Length of the escape that `text` starts with, when it is one.
fn escape_len(text: &str) -> Option<usize> {
    let escaped = &text[1..];
    if escaped.starts_with(['"', '\\', '/', 'b', 'f', 'n', 'r', 't']) {
        return Some(2);
    }
    let (hex, _) = escaped.strip_prefix("u{")?.split_once('}')?;
    let is_hex = (1..=6).contains(&hex.len()) && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    let code = is_hex.then(|| u32::from_str_radix(hex, 16).ok()).flatten()?;
    char::from_u32(code).map(|_| hex.len() + 4)
}

fn is_newline(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_blank(c: char) -> bool {
    matches!(
        c,
        '\t' | ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' | '\u{feff}'
    )
}

fn is_identifier(c: char) -> bool {
    let is_punctuation =
        matches!(c, '\\' | '/' | '(' | ')' | '{' | '}' | '<' | '>' | ';' | '[' | ']' | '=' | ',' | '"');
    // knuffel takes a byte order mark for a blank before a word and for a letter in one.
    c == '\u{feff}' || (c > '!' && !is_punctuation && !is_newline(c) && !is_blank(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Result<Kind, Misfit>> {
        Lexer::new(text).map(|(kind, _)| kind).collect()
    }

    #[test]
    fn tokens_of_every_kind() {
        use Kind::{Close, Equals, Newline, Number, Open, Semicolon, Slashdash, Text, Word};
        let tokens = kinds("a-b r#\"x\"y\"# /* c /* d */ */ k=-1_0 \\ // on\n /-\"s\\\"\" { b; } // end\n");
        let expected = [Word, Text, Word, Equals, Number, Slashdash, Text, Open, Word, Semicolon, Close, Newline];
        assert_eq!(tokens, expected.map(Ok));
    }

    #[test]
    fn misfits_are_told_apart() {
        let first = |text: &str| kinds(text).into_iter().find_map(Result::err);
        assert_eq!(first("a \"b\nc\""), Some(Misfit::UnclosedText));
        assert_eq!(first("a r#\"b\""), Some(Misfit::UnclosedRawText));
        assert_eq!(first("a /* b"), Some(Misfit::UnclosedComment));
        assert_eq!(first(r#"a "\d""#), Some(Misfit::Escape));
        assert_eq!(first(r#"a "\u{110000}""#), Some(Misfit::Escape));
        assert_eq!(first("a \\ b"), Some(Misfit::Continuation));
        assert_eq!(first("a 15s"), Some(Misfit::Number));
        assert_eq!(first("a [b]"), Some(Misfit::Character));
        assert_eq!(first(&"/*".repeat(100_000)), Some(Misfit::DeepComment));
    }
}
