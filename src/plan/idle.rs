//! What rules find less of than they ask for: patterns that match nothing, and tags that `newest` cannot place.

use crate::diag::{Diagnostic, Wording, say};
use crate::image::{Repository, Tag};
use crate::migrate::{ImageRule, Migration};
use crate::project::Project;

const MATCHES_NOTHING: Wording = say!("matches nothing", "没有匹配");

pub(super) fn no_repository(project: &Project, migration: &Migration, rule: &ImageRule) -> Diagnostic {
    let message = say!(
        "no repository of `{registry}` matches `{pattern}`",
        "`{registry}` 里没有仓库匹配 `{pattern}`",
        registry = *migration.source,
        pattern = *rule.repositories
    );
    Diagnostic::warning("nothing-matched", message)
        .at(&project.source, rule.repositories.span, MATCHES_NOTHING)
        .with_help(say!("correct the pattern, or remove the line", "修正这个模式，或者删除这一行"))
}

/// Patterns of tags that match none of those that were `seen`.
pub(super) fn patterns(project: &Project, rule: &ImageRule, seen: &[Tag]) -> Vec<Diagnostic> {
    let idle = rule.tags.unmatched(seen).into_iter().map(|pattern| {
        let message = say!(
            "no tag of `{repositories}` matches `{pattern}`",
            "`{repositories}` 没有标签匹配 `{pattern}`",
            repositories = *rule.repositories,
            pattern = **pattern
        );
        Diagnostic::warning("nothing-matched", message)
            .at(&project.source, pattern.span, MATCHES_NOTHING)
            .with_help(say!("correct the pattern, or remove it", "修正这个模式，或者删除它"))
    });
    idle.collect()
}

/// Tags that are shown of those that were left out.
const SHOWN: usize = 3;

/// Fewer of the newest than are asked for, while there are tags that may be among them.
pub(super) fn too_few(project: &Project, rule: &ImageRule, repository: &Repository, undecided: &[&Tag]) -> Diagnostic {
    let message = say!(
        "`newest` finds fewer tags of {repository} than it asks for, and leaves out {tags}: their place among the versions is \
         not known",
        "`newest` 在 {repository} 里找到的标签比要求的少，并且略过了 {tags}：无法确定它们在版本中的先后",
        repository,
        tags = some_of(undecided)
    );
    Diagnostic::warning("undecided-tags", message)
        .at(&project.source, rule.span, say!("of this line", "属于这一行"))
        .with_help(say!(
            "narrow `tags` to those of one kind, or order them by time: `newest … by=\"created\"`",
            "用 `tags` 只选同一类标签，或者按时间排序：`newest … by=\"created\"`"
        ))
}

/// `a`, `b`, `c` and 2 more.
pub(super) fn some_of(tags: &[&Tag]) -> Wording {
    Wording::first_of(tags.iter().map(|tag| format!("`{tag}`")), SHOWN)
}
