//! `$NAME` and `${NAME:-word}` as BuildKit expands them in instructions.

use std::ops::Range;

/// Longest value that is followed; more is a bomb (`A=$B$B`, `B=$C$C`, …), not a value.
const MAX_VALUE: usize = 16 * 1024;

/// What a word says once its variables are filled in.
#[derive(Debug, Default)]
pub(super) struct Expansion {
    /// `None` when it depends on something that only the build knows.
    pub(super) value: Option<String>,
    /// Every variable in it.
    pub(super) uses: Vec<Use>,
    pub(super) fault: Option<Fault>,
}

/// A variable where it is used.
#[derive(Debug)]
pub(super) struct Use {
    pub(super) name: String,
    /// Of the name.
    pub(super) range: Range<usize>,
    /// It says itself what holds when the variable is not set.
    pub(super) guarded: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Quote { at: usize, quote: char },
    Brace { at: usize },
}

/// What is known about a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable<'v> {
    Value(&'v str),
    /// Declared, but its value is known to the build alone.
    Unknown,
    /// Declared, and the build gives it no value: empty, and in want of a default.
    Unset,
    Undefined,
}

/// `${NAME` and what follows it, while its word is read.
struct Frame {
    start: usize,
    name: String,
    name_range: Range<usize>,
    operator: Operator,
    outer: String,
    outer_known: bool,
    outer_quote: Option<(usize, char)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operator {
    /// `-` and `:-`
    Default { or_empty: bool },
    /// `+` and `:+`
    Alternative { or_empty: bool },
    /// `?` and `:?`
    Required,
    /// `#`, `%`, `/` and their doubles: the value is left open.
    Pattern,
}

struct Expander<'a, F> {
    raw: &'a str,
    at: usize,
    escape: char,
    lookup: F,
    out: String,
    known: bool,
    quote: Option<(usize, char)>,
    frames: Vec<Frame>,
    uses: Vec<Use>,
}

pub(super) fn expand<'v>(raw: &str, escape: char, lookup: impl Fn(&str) -> Variable<'v>) -> Expansion {
    let mut expander = Expander {
        raw,
        at: 0,
        escape,
        lookup,
        out: String::new(),
        known: true,
        quote: None,
        frames: Vec::new(),
        uses: Vec::new(),
    };
    expander.run();
    let fault = match (expander.quote, expander.frames.first()) {
        (_, Some(frame)) => Some(Fault::Brace { at: frame.start }),
        (Some((at, quote)), None) => Some(Fault::Quote { at, quote }),
        (None, None) => None,
    };
    let value = (expander.known && fault.is_none()).then_some(expander.out);
    Expansion { value, uses: expander.uses, fault }
}

impl<'v, F: Fn(&str) -> Variable<'v>> Expander<'_, F> {
    fn run(&mut self) {
        while let Some(c) = self.raw[self.at..].chars().next() {
            let start = self.at;
            self.at += c.len_utf8();
            match (c, self.quote.map(|(_, quote)| quote)) {
                (_, Some('\'')) if c != '\'' => self.out.push(c),
                ('\'' | '"', None) => self.quote = Some((start, c)),
                (_, Some(quote)) if quote == c => self.quote = None,
                (_, quote) if c == self.escape => self.escaped(quote),
                ('$', _) => self.dollar(start),
                ('}', None) if !self.frames.is_empty() => self.close(),
                _ => self.out.push(c),
            }
            if self.out.len() > MAX_VALUE {
                self.known = false;
                self.out.clear();
            }
        }
    }

    fn escaped(&mut self, quote: Option<char>) {
        match self.raw[self.at..].chars().next() {
            Some(c) => {
                // Inside double quotes the escape character stays unless it escapes something.
                if quote.is_some() && !(c == '"' || c == '$' || c == self.escape) {
                    self.out.push(self.escape);
                }
                self.out.push(c);
                self.at += c.len_utf8();
            }
            None => self.out.push(self.escape),
        }
    }

    fn dollar(&mut self, start: usize) {
        let braced = self.raw[self.at..].starts_with('{');
        if braced {
            self.at += 1;
        }
        let name_range = self.name();
        let name = self.raw[name_range.clone()].to_owned();
        if !braced {
            if name.is_empty() {
                self.out.push('$');
            } else {
                self.fill(name, name_range);
            }
            return;
        }
        if self.raw[self.at..].starts_with('}') {
            self.at += 1;
            self.fill(name, name_range);
            return;
        }
        let operator = self.operator();
        self.frames.push(Frame {
            start,
            name,
            name_range,
            operator,
            outer: std::mem::take(&mut self.out),
            outer_known: std::mem::replace(&mut self.known, true),
            outer_quote: self.quote.take(),
        });
    }

    fn name(&mut self) -> Range<usize> {
        let rest = &self.raw[self.at..];
        let len = match rest.bytes().next() {
            Some(b'0'..=b'9') => rest.bytes().take_while(u8::is_ascii_digit).count(),
            Some(b'@' | b'*' | b'#' | b'?' | b'!' | b'-' | b'$') => 1,
            _ => rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count(),
        };
        self.at += len;
        self.at - len..self.at
    }

    fn operator(&mut self) -> Operator {
        let rest = &self.raw[self.at..];
        let or_empty = rest.starts_with(':');
        let sign = rest.trim_start_matches(':').bytes().next();
        self.at += usize::from(or_empty) + usize::from(matches!(sign, Some(b'-' | b'+' | b'?')));
        match sign {
            Some(b'-') => Operator::Default { or_empty },
            Some(b'+') => Operator::Alternative { or_empty },
            Some(b'?') => Operator::Required,
            _ => Operator::Pattern,
        }
    }

    fn fill(&mut self, name: String, range: Range<usize>) {
        match (self.lookup)(&name) {
            Variable::Value(value) if self.known => self.out.push_str(value),
            Variable::Value(_) | Variable::Unset => {}
            Variable::Unknown | Variable::Undefined => self.known = false,
        }
        self.uses.push(Use { name, range, guarded: false });
    }

    fn close(&mut self) {
        let Some(frame) = self.frames.pop() else { return };
        let word = std::mem::replace(&mut self.out, frame.outer);
        let word = std::mem::replace(&mut self.known, frame.outer_known).then_some(word);
        self.quote = frame.outer_quote;
        let value = (self.lookup)(&frame.name);
        let filled = match frame.operator {
            Operator::Default { or_empty } => match value {
                Variable::Value(value) if !(or_empty && value.is_empty()) => Some(value.to_owned()),
                Variable::Value(_) | Variable::Unset | Variable::Undefined => word,
                Variable::Unknown => None,
            },
            Operator::Alternative { or_empty } => match value {
                Variable::Value(value) if !(or_empty && value.is_empty()) => word,
                Variable::Value(_) | Variable::Unset | Variable::Undefined => Some(String::new()),
                Variable::Unknown => None,
            },
            Operator::Required => match value {
                Variable::Value(value) => Some(value.to_owned()),
                _ => None,
            },
            Operator::Pattern => None,
        };
        let guarded = matches!(frame.operator, Operator::Default { .. } | Operator::Alternative { .. });
        self.uses.push(Use { name: frame.name, range: frame.name_range, guarded });
        match filled {
            Some(filled) => self.out.push_str(&filled),
            None => self.known = false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(raw: &str) -> Option<String> {
        let bomb = "x".repeat(MAX_VALUE + 1);
        let lookup = |name: &str| match name {
            "A" => Variable::Value("a"),
            "EMPTY" => Variable::Value(""),
            "BOMB" => Variable::Value(&bomb),
            "ASKED" => Variable::Unknown,
            "UNSET" => Variable::Unset,
            _ => Variable::Undefined,
        };
        expand(raw, '\\', lookup).value
    }

    #[test]
    fn variables_are_filled_in() {
        for (raw, expected) in [
            ("x$A/${A}", "xa/a"),
            ("'$A'\"$A\"\\$A", "$Aa$A"),
            ("${EMPTY:-b}${EMPTY-b}", "b"),
            ("${NONE:-${NONE:-${A}}}", "a"),
            ("${A:+b}${EMPTY:+c}${NONE+c}", "b"),
            ("${A:-'}'}$", "a$"),
            ("\\$$'$$'", "$$$$"),
            ("$UNSET${UNSET}${UNSET-a}${UNSET:-b}${UNSET+c}", "ab"),
            ("\"\\w\\\"\"", "\\w\""),
        ] {
            assert_eq!(value(raw).as_deref(), Some(expected), "{raw}");
        }
    }

    #[test]
    fn what_the_build_alone_knows_stays_open() {
        for raw in ["$ASKED", "$$", "${ASKED:-b}", "$NONE", "${A%x}", "$BOMB", "${A", "\"a"] {
            assert_eq!(value(raw), None, "{raw}");
        }
    }

    #[test]
    fn nesting_costs_no_stack() {
        let deep = "${N:-".repeat(200_000) + "x" + &"}".repeat(200_000);
        assert_eq!(value(&deep).as_deref(), Some("x"));
    }
}
