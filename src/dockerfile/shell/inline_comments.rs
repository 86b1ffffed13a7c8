//! `` `# text` ``: how people comment the words of a long command.
//!
//! A shell reads a substitution that runs nothing; the grammar takes a comment that goes on to the end of the line, past
//! the backtick, and with it the rest of the command.

use std::borrow::Cow;

/// The text with as many blanks in place of each such comment.
pub(super) fn blanked(text: &str) -> Cow<'_, str> {
    if !(text.contains('`') && text.contains('#')) {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut blanked = String::with_capacity(text.len());
    let (mut copied, mut at) = (0, 0);
    let mut quote = None;
    while let Some(byte) = bytes.get(at) {
        match (byte, quote) {
            (b'\\', None | Some(b'"')) => at += 1,
            (b'\'' | b'"', None) => quote = Some(*byte),
            (byte, Some(open)) if *byte == open => quote = None,
            (b'`', None | Some(b'"')) => {
                let Some(end) = closing(bytes, at + 1) else { break };
                let inner = &text[at + 1..end];
                if inner.trim_start().starts_with('#') && !inner.contains('\n') {
                    blanked.push_str(&text[copied..at]);
                    blanked.extend(std::iter::repeat_n(' ', end + 1 - at));
                    copied = end + 1;
                }
                at = end;
            }
            (b'#', None) if starts_word(bytes, at) => at += text[at..].find('\n').unwrap_or(text.len() - at),
            _ => {}
        }
        at += 1;
    }
    blanked.push_str(&text[copied..]);
    Cow::Owned(blanked)
}

/// The first backtick that no backslash escapes.
fn closing(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match bytes.get(at)? {
            b'\\' => at += 2,
            b'`' => return Some(at),
            _ => at += 1,
        }
    }
}

fn starts_word(bytes: &[u8], at: usize) -> bool {
    at == 0 || matches!(bytes[at - 1], b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'(')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_comments_become_blanks() {
        for (text, expected) in [
            ("a `#b` c", "a      c"),
            ("a ` # \u{e9}` c", "a         c"),
            ("\"`# a`\"", "\"     \""),
            ("a `b` # `c", "a `b` # `c"),
            ("a `b` `# c`", "a `b`      "),
            ("'`# a`'", "'`# a`'"),
            ("\\`# a`", "\\`# a`"),
            ("a # it's `# b`\n`# c`", "a # it's `# b`\n     "),
            ("`# a\nb`", "`# a\nb`"),
            ("`# a", "`# a"),
            ("$# `a`", "$# `a`"),
            ("`# a \\` b` c", "           c"),
        ] {
            assert_eq!(blanked(text), expected, "{text}");
            assert_eq!(blanked(text).len(), text.len());
        }
    }
}
