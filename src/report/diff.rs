//! What changes in a file, as a unified diff that `patch` and `git apply -p0` take.

use std::fmt::Write as _;

use similar::TextDiff;

use super::diagnostic::Style;
use super::escape;

/// Unchanged lines around a change.
const CONTEXT: usize = 3;

/// Header and hunks, byte for byte; `before` is none for a file that is to be created.
#[must_use]
pub fn unified(name: &str, before: Option<&str>, after: &str) -> String {
    let old = if before.is_some() { name } else { "/dev/null" };
    let diff = TextDiff::from_lines(before.unwrap_or_default(), after);
    diff.unified_diff().context_radius(CONTEXT).header(&escape::line(old), &escape::line(name)).to_string()
}

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

    const PLAIN: Style = Style { color: false, unicode: true, width: 80 };

    #[test]
    fn line_ends_are_told_apart() {
        let diff = unified("a/b", Some("a\r\nb\r\nc"), "a\r\nB\r\nc");
        assert_eq!(diff, "--- a/b\n+++ a/b\n@@ -1,3 +1,3 @@\n a\r\n-b\r\n+B\r\n c\n\\ No newline at end of file\n");
        assert_eq!(unified("a", None, "b\n"), "--- /dev/null\n+++ a\n@@ -0,0 +1 @@\n+b\n");
        assert_eq!(unified("a", Some("b"), "b"), "");
    }

    #[test]
    fn a_terminal_gets_no_controls_but_colours() {
        let diff = unified("a\n\u{1b}", Some("\u{1b}[31m\n"), "\tb\u{202e}\n");
        let plain = shown(&diff, &PLAIN);
        assert_eq!(plain, "--- a \\u{1b}\n+++ a \\u{1b}\n@@ -1 +1 @@\n-\\u{1b}[31m\n+\tb\\u{202e}\n");
        let colored = shown(&diff, &Style { color: true, ..PLAIN });
        assert!(colored.ends_with("\u{1b}[32m+\tb\\u{202e}\u{1b}[0m\n"), "{colored:?}");
    }
}
