//! Makes text of unknown origin safe to print: nothing in it can move the cursor, colour or reorder what is shown.

use std::borrow::Cow;
use std::fmt::Write as _;

/// One line: control characters appear as escapes, line ends as blanks.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    escaped(text, |char| if matches!(char, '\n' | '\r' | '\t') { Some(' ') } else { None })
}

/// Several lines: control characters appear as escapes, line ends stay.
#[must_use]
pub fn lines(text: &str) -> Cow<'_, str> {
    escaped(text, |char| (char == '\n').then_some(char))
}

/// With blanks up to `width` columns; Chinese characters take two.
pub(super) fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(textwrap::core::display_width(text))))
}

fn escaped(text: &str, instead: impl Fn(char) -> Option<char>) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for char in text.chars() {
        match instead(char) {
            Some(other) => safe.push(other),
            None => push(&mut safe, char),
        }
    }
    Cow::Owned(safe)
}

/// Appends `char` so that it is harmless.
pub(super) fn push(to: &mut String, char: char) {
    if is_unsafe(char) {
        // Writing to a string never fails.
        let _ = write!(to, "{}", char.escape_default());
    } else {
        to.push(char);
    }
}

/// Controls, and format characters that are invisible or change the order of what follows (Unicode's bidi class).
fn is_unsafe(char: char) -> bool {
    char.is_control()
        || matches!(char,
            '\u{061c}' | '\u{180e}' | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_the_terminal_but_text() {
        assert_eq!(line("plain äö 👩‍🔧"), "plain äö 👩‍🔧");
        assert_eq!(line("a\x1b[31m\r\nb\u{202e}"), "a\\u{1b}[31m  b\\u{202e}");
        assert_eq!(lines("a\r\nb\u{9b}"), "a\\r\nb\\u{9b}");
    }
}
