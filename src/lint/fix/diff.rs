//! What changes in a file, as a unified diff that `patch` and `git apply -p0` take.

use similar::TextDiff;

/// Unchanged lines around a change.
const CONTEXT: usize = 3;

/// Header and hunks, byte for byte; `before` is none for a file that is to be created.
#[must_use]
pub fn unified(name: &str, before: Option<&str>, after: &str) -> String {
    let name = name.replace(char::is_control, "?");
    let old = if before.is_some() { name.as_str() } else { "/dev/null" };
    let diff = TextDiff::from_lines(before.unwrap_or_default(), after);
    diff.unified_diff().context_radius(CONTEXT).header(old, &name).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_are_told_apart() {
        let diff = unified("a/b", Some("a\r\nb\r\nc"), "a\r\nB\r\nc");
        assert_eq!(diff, "--- a/b\n+++ a/b\n@@ -1,3 +1,3 @@\n a\r\n-b\r\n+B\r\n c\n\\ No newline at end of file\n");
        assert_eq!(unified("a\n", None, "b\n"), "--- /dev/null\n+++ a?\n@@ -0,0 +1 @@\n+b\n");
        assert_eq!(unified("a", Some("b"), "b"), "");
    }
}
