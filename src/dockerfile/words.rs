//! Splitting arguments into words where quotes and escapes hold blanks together.

use std::ops::Range;

/// How words end and quotes work: BuildKit does it in two ways.
#[derive(Clone, Copy, Debug)]
pub(super) struct Splitter {
    pub(super) escape: char,
    /// Whether blanks inside `${…}` and behind `<<` belong to the word.
    pub(super) shell: bool,
}

/// Words and, when the last quote is open, where it starts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) ranges: Vec<Range<usize>>,
    pub(super) open_quote: Option<usize>,
}

impl Splitter {
    /// As `name=value` pairs are split.
    pub(super) const fn pairs(escape: char) -> Self {
        Self { escape, shell: false }
    }

    /// As a line is searched for here-documents: like a shell.
    pub(super) const fn shell() -> Self {
        Self { escape: '\\', shell: true }
    }

    pub(super) fn split(self, text: &str) -> Words {
        self.split_up_to(text, usize::MAX)
    }

    /// The first words, `most` at most; whether a quote stays open is told of them alone.
    pub(super) fn split_up_to(self, text: &str, most: usize) -> Words {
        let mut ranges = Vec::new();
        let (mut start, mut quote, mut depth) = (None, None, 0_usize);
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            if start.is_none() && c.is_whitespace() {
                continue;
            }
            if ranges.len() == most {
                return Words { ranges, open_quote: None };
            }
            let started = *start.get_or_insert(at);
            if c == self.escape && !matches!(quote, Some((_, '\''))) {
                chars.next();
                continue;
            }
            match quote {
                Some((_, open)) if open == c => quote = None,
                None if c == '"' || c == '\'' => quote = Some((at, c)),
                None if self.shell && c == '$' && matches!(chars.peek(), Some((_, '{'))) => depth += 1,
                None if self.shell && c == '<' && chars.next_if(|(_, next)| *next == '<').is_some() => {
                    while chars.next_if(|(_, next)| next.is_whitespace()).is_some() {}
                }
                None if depth > 0 && c == '}' => depth -= 1,
                None if depth == 0 && c.is_whitespace() => {
                    ranges.push(started..at);
                    start = None;
                }
                _ => {}
            }
        }
        ranges.extend(start.map(|start| start..text.len()));
        Words { ranges, open_quote: quote.map(|(at, _)| at) }
    }
}

/// Whether text with quotes and escapes is a single word of `name=value` pairs.
#[must_use]
pub fn is_one_word(text: &str, escape: char) -> bool {
    let words = Splitter::pairs(escape).split(text);
    words.open_quote.is_none() && words.ranges.len() == 1 && words.ranges[0] == (0..text.len())
}

/// What parts a keyword and words: other Unicode blanks belong to words.
pub(super) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\u{b}' | '\u{c}')
}

/// Words as blanks alone divide them.
pub(super) fn split_blanks(text: &str) -> impl Iterator<Item = Range<usize>> {
    let offset = move |word: &str| word.as_ptr().addr() - text.as_ptr().addr();
    let words = text.split(is_blank).filter(|word| !word.is_empty());
    words.map(move |word| offset(word)..offset(word) + word.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(splitter: Splitter, text: &str) -> Vec<&str> {
        splitter.split(text).ranges.into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn quotes_and_escapes_hold_blanks_together() {
        assert_eq!(words(Splitter::pairs('\\'), r#"a="b c" d=e\ f  g='h i'"#), [r#"a="b c""#, r"d=e\ f", "g='h i'"]);
        assert_eq!(words(Splitter::shell(), "a ${b:-c d} 'e\\' f"), ["a", "${b:-c d}", "'e\\'", "f"]);
        assert_eq!(words(Splitter::shell(), "a << b c <<< d <<- e"), ["a", "<< b", "c", "<<<", "d", "<<-", "e"]);
        assert_eq!(words(Splitter::pairs('\\'), "a='b\\' c"), ["a='b\\'", "c"]);
        assert_eq!(split_blanks(" a  bc ").collect::<Vec<_>>(), [1..2, 4..6]);
        assert_eq!(Splitter::shell().split_up_to("a 'b c' 'd", 2).ranges, [0..1, 2..7]);
    }

    #[test]
    fn an_open_quote_is_reported() {
        assert_eq!(Splitter::shell().split("a 'b").open_quote, Some(2));
        assert_eq!(Splitter::shell().split("a 'b'").open_quote, None);
    }
}
