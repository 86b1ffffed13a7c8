//! The globs of `dockerfiles` sections: which files they name.

use globset::{Glob, GlobMatcher, GlobSet, GlobSetBuilder};

use crate::diag::{Diagnostic, Spanned, say};
use crate::lint::Notice;
use crate::lint::policy::DockerfileSet;
use crate::project::Project;

/// The compiled globs of one section.
pub(super) struct Matchers {
    patterns: Vec<GlobMatcher>,
    excludes: GlobSet,
}

impl Matchers {
    pub(super) fn new(section: &DockerfileSet) -> Self {
        let compile = |glob: &Spanned<Glob>| glob.compile_matcher();
        let mut excludes = GlobSetBuilder::new();
        for glob in &section.excludes {
            excludes.add(glob.value.clone());
        }
        // Each glob was compiled alone when the project file was read; a set of them cannot fail for another reason
        // than its size, and then nothing is excluded: more is checked, not less.
        let excludes = excludes.build().unwrap_or_else(|_| GlobSet::empty());
        Self { patterns: section.patterns.iter().map(compile).collect(), excludes }
    }

    /// Indexes of the patterns that name the file; `None` when none does or it is excluded.
    pub(super) fn matching(&self, path: &str) -> Option<impl Iterator<Item = usize>> {
        if self.excludes.is_match(path) {
            return None;
        }
        let matching = |pattern: &usize| self.patterns[*pattern].is_match(path);
        let found: Vec<_> = (0..self.patterns.len()).filter(matching).collect();
        (!found.is_empty()).then(|| found.into_iter())
    }

    /// Whether a pattern names the file and an exclude takes it out again.
    pub(super) fn excludes(&self, path: &str) -> bool {
        self.excludes.is_match(path) && self.patterns.iter().any(|pattern| pattern.is_match(path))
    }
}

/// Patterns that are of no use.
pub(super) fn unmatched_patterns(
    project: &Project,
    section: &DockerfileSet,
    is_used: impl Fn(usize) -> bool,
) -> impl Iterator<Item = Diagnostic> {
    let idle = section.patterns.iter().enumerate().filter(move |(index, _)| !is_used(*index));
    idle.map(move |(_, pattern)| {
        let message = say!("`{pattern}` matches no file", "`{pattern}` 没有匹配任何文件", pattern = pattern.glob());
        let help = say!(
            "correct the pattern or delete it; files that git ignores are not looked at",
            "改正或删除这个模式；git 忽略的文件不会查看"
        );
        Diagnostic::warning(Notice::UnusedPattern.name(), message)
            .at(&project.source, pattern.span, say!("no such Dockerfile", "没有这样的 Dockerfile"))
            .with_help(help)
    })
}
