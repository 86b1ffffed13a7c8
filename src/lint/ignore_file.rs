//! `.dockerignore`: which paths never reach the builder. Patterns as Docker documents them: relative to the context,
//! `**` spans directories, `!` takes back, the last match decides, a match covers everything below.

use globset::{GlobBuilder, GlobMatcher};

use crate::diag::Span;

#[derive(Debug)]
pub(super) struct IgnoreFile {
    patterns: Vec<Pattern>,
}

#[derive(Debug)]
pub(super) struct Pattern {
    /// Without `!`, `./` and slashes at the ends.
    pub(super) text: String,
    /// Where it stands in the file.
    pub(super) span: Span,
    matcher: GlobMatcher,
    pub(super) takes_back: bool,
}

impl IgnoreFile {
    /// Lines that are no valid pattern are left out: Docker refuses the file, that is not this rule's business.
    pub(super) fn parse(text: &str) -> Self {
        let start = text.len() - text.trim_start_matches('\u{feff}').len();
        let mut at = start;
        let lines = text[start..].split_inclusive('\n').map(|line| {
            at += line.len();
            (at - line.len(), line)
        });
        let lines = lines.filter(|(_, line)| !line.starts_with('#'));
        Self { patterns: lines.filter_map(|(at, line)| Pattern::parse(at, line)).collect() }
    }

    pub(super) fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    /// Whether `path`, relative to the context, is left out with everything below it.
    pub(super) fn covers(&self, path: &str) -> bool {
        let path = cleaned(path);
        let decision = self.patterns.iter().rposition(|pattern| pattern.covers(&path));
        let Some(decision) = decision.filter(|index| !self.patterns[*index].takes_back) else { return false };
        // Something below may have been taken back since.
        !self.patterns[decision + 1..].iter().any(|later| later.takes_back && later.may_match_below(&path))
    }
}

impl Pattern {
    /// `at` is where the line begins.
    fn parse(at: usize, line: &str) -> Option<Self> {
        let indent = line.len() - line.trim_start().len();
        let line = line.trim();
        let span = Span::new(at + indent, at + indent + line.len());
        let (takes_back, line) = match line.strip_prefix('!') {
            Some(rest) => (true, rest.trim()),
            None => (false, line),
        };
        let text = cleaned(line);
        if text.is_empty() {
            return None;
        }
        // Braces are ordinary characters to Docker.
        let glob = text.replace('{', "[{]").replace('}', "[}]");
        let glob = GlobBuilder::new(&glob).literal_separator(true).backslash_escape(true).build().ok()?;
        Some(Self { matcher: glob.compile_matcher(), text, span, takes_back })
    }

    /// Matches the path or a directory above it.
    pub(super) fn covers(&self, path: &str) -> bool {
        let parents = path.match_indices('/').map(|(at, _)| &path[..at]);
        parents.chain([path]).any(|path| self.matcher.is_match(path))
    }

    fn may_match_below(&self, path: &str) -> bool {
        let literal = self.text.split(['*', '?', '[', '\\']).next().unwrap_or_default();
        path.is_empty()
            || literal.starts_with(&format!("{path}/"))
            || (literal != self.text && path.starts_with(literal.trim_end_matches('/')))
    }
}

/// Without `./`, slashes at the ends and `.` components.
fn cleaned(path: &str) -> String {
    let components = path.split('/').filter(|component| !component.is_empty() && *component != ".");
    components.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covered(file: &str, path: &str) -> bool {
        IgnoreFile::parse(file).covers(path)
    }

    #[test]
    fn the_last_match_decides() {
        assert!(covered("*.md\n!README.md\n", "a.md"));
        assert!(!covered("*.md\n!README.md\n", "README.md"));
        assert!(covered("!README.md\n*.md\n", "README.md"));
    }

    #[test]
    fn a_match_covers_everything_below() {
        assert!(covered("/build/\n", "build/a/b"));
        assert!(covered("**/node_modules\n", "a/node_modules/b"));
        assert!(covered("**/node_modules\n", "node_modules"));
        assert!(!covered("*.md\n", "docs/a.md"));
        assert!(!covered("# build\n\n", "build"));
    }

    #[test]
    fn a_directory_with_something_taken_back_is_not_left_out() {
        assert!(!covered("*\n!src/main\n", "src"));
        assert!(!covered("*\n!**/*.go\n", "src"));
        assert!(covered("*\n!src/main\n", "other"));
        for whole in [".", "./", ""] {
            assert!(!covered("*\n!src\n", whole) && !covered("**\n!src/**\n", whole) && covered("*\n", whole));
        }
    }
}
