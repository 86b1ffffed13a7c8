//! What changes in a file, as a unified diff that `git apply` and `patch -p1` take.

use similar::TextDiff;

/// Unchanged lines around a change, where nothing speaks against them.
pub const AROUND: usize = 3;

/// Header and hunks, byte for byte, with `around` unchanged lines; none stands for a file that is not there, before or
/// after. The two sides of a file below the current folder are called `a/…` and `b/…`, as git does.
#[must_use]
pub fn unified(name: &str, before: Option<&str>, after: Option<&str>, around: usize) -> String {
    let name = name.replace(char::is_control, "?");
    let header = |side: &str, text: Option<&str>| match text {
        None => "/dev/null".to_owned(),
        Some(_) if name.starts_with('/') => name.clone(),
        Some(_) => format!("{side}/{name}"),
    };
    let diff = TextDiff::from_lines(before.unwrap_or_default(), after.unwrap_or_default());
    diff.unified_diff().context_radius(around).header(&header("a", before), &header("b", after)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_are_told_apart() {
        let diff = unified("c/d", Some("a\r\nb\r\nc"), Some("a\r\nB\r\nc"), AROUND);
        assert_eq!(diff, "--- a/c/d\n+++ b/c/d\n@@ -1,3 +1,3 @@\n a\r\n-b\r\n+B\r\n c\n\\ No newline at end of file\n");
        assert_eq!(unified("a\n", None, Some("b\n"), AROUND), "--- /dev/null\n+++ b/a?\n@@ -0,0 +1 @@\n+b\n");
        assert_eq!(unified("a", Some("b"), Some("b"), AROUND), "");
        assert_eq!(unified("/a", Some("b\n"), None, AROUND), "--- /a\n+++ /dev/null\n@@ -1 +0,0 @@\n-b\n");
    }
}
