//! What changes in a file, as a unified diff that `patch` and `git apply -p0` take.

use similar::TextDiff;

/// Unchanged lines around a change, where nothing speaks against them.
pub const AROUND: usize = 3;

/// Header and hunks, byte for byte, with `around` unchanged lines; none stands for a file that is not there, before or
/// after.
#[must_use]
pub fn unified(name: &str, before: Option<&str>, after: Option<&str>, around: usize) -> String {
    let name = name.replace(char::is_control, "?");
    let header = |text: Option<&str>| if text.is_some() { name.as_str() } else { "/dev/null" };
    let diff = TextDiff::from_lines(before.unwrap_or_default(), after.unwrap_or_default());
    diff.unified_diff().context_radius(around).header(header(before), header(after)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_are_told_apart() {
        let diff = unified("a/b", Some("a\r\nb\r\nc"), Some("a\r\nB\r\nc"), AROUND);
        assert_eq!(diff, "--- a/b\n+++ a/b\n@@ -1,3 +1,3 @@\n a\r\n-b\r\n+B\r\n c\n\\ No newline at end of file\n");
        assert_eq!(unified("a\n", None, Some("b\n"), AROUND), "--- /dev/null\n+++ a?\n@@ -0,0 +1 @@\n+b\n");
        assert_eq!(unified("a", Some("b"), Some("b"), AROUND), "");
        assert_eq!(unified("a", Some("b\n"), None, AROUND), "--- a\n+++ /dev/null\n@@ -1 +0,0 @@\n-b\n");
    }
}
