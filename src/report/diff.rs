//! Diffs of files as people see them.

use std::fmt::Write as _;

use super::diagnostic::Style;
use super::escape;

/// A diff for a terminal: nothing in it can drive it, and it has colours where they are wanted.
#[must_use]
pub fn shown(diff: &str, style: &Style) -> String {
    let mut text = String::with_capacity(diff.len() * 2);
    for line in diff.lines() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let mut safe = String::with_capacity(line.len());
        for char in line.chars() {
            match char {
                '\t' => safe.push(char),
                _ => escape::push(&mut safe, char),
            }
        }
        let _ = match color(line).filter(|_| style.color) {
            Some(color) => writeln!(text, "\u{1b}[{color}m{safe}\u{1b}[0m"),
            None => writeln!(text, "{safe}"),
        };
    }
    text
}

/// As git colours them.
fn color(line: &str) -> Option<u8> {
    const BOLD: u8 = 1;
    match line {
        _ if line.starts_with("--- ") || line.starts_with("+++ ") => Some(BOLD),
        _ if line.starts_with("@@") => Some(36),
        _ if line.starts_with('-') => Some(31),
        _ if line.starts_with('+') => Some(32),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Lang;

    const PLAIN: Style = Style { color: false, unicode: true, width: 80, lang: Lang::En };

    #[test]
    fn a_terminal_gets_no_controls_but_colours() {
        let diff = "--- a\n+++ a\n@@ -1 +1 @@\n-\u{1b}[31m\r\n+\tb\u{202e}\n";
        let plain = shown(diff, &PLAIN);
        assert_eq!(plain, "--- a\n+++ a\n@@ -1 +1 @@\n-\\u{1b}[31m\n+\tb\\u{202e}\n");
        let colored = shown(diff, &Style { color: true, ..PLAIN });
        assert!(colored.ends_with("\u{1b}[32m+\tb\\u{202e}\u{1b}[0m\n"), "{colored:?}");
    }
}
