//! Practice 17: a pattern of the ignore file that matches nothing.

use super::super::context::Context;
use super::super::data::context_files::is_usual;
use super::super::example::Example;
use super::super::ignore_file::{IgnoreFile, Pattern};
use super::super::needs::context_sources;
use super::super::paths::{is_remote, is_whole_context};
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::tree::Tree;
use crate::diag::{Span, say};
use crate::dockerfile::{Instruction, Keyword, Word};

pub(super) static RULE: Rule = Rule {
    name: "unused-ignore-pattern",
    aliases: &[],
    practice: Some(17),
    level: Level::Info,
    by_policy: false,
    summary: say!("a pattern of .dockerignore that matches nothing protects nothing", ".dockerignore 里什么都不匹配的模式起不到保护作用"),
    explanation: say!(
        "It is misspelt, out of date, or written as for git: to Docker `*.pem` means the top of the context alone, and \
         `**/*.pem` every folder. Reported is a pattern whose name lies in some folder below, and one that names a plain \
         path that is not there. What git ignores, hidden files, and what builds and editors make may come and go: \
         nothing is said of them, nor of patterns with wildcards that wait for a file.",
        "它可能拼错、过时，或者按 git 的规则书写：对 Docker 来说，`*.pem` 只指上下文顶层，`**/*.pem` 才指每个目录。报告\
         的是名字出现在某个下级目录的模式，以及指向不存在的普通路径的模式。git 忽略的、隐藏的、构建和编辑器生成的文件\
         时有时无，不报告；带通配符、等待某个文件出现的模式也不报告。"
    ),
    help: say!("correct the pattern, or delete it", "改正这个模式，或者删除它"),
    example: Example::new(
        "FROM alpine:3.20\n\
         COPY . /app\n",
        "FROM alpine:3.20\n\
         COPY . /app\n",
    )
    .bad_beside(&[(".dockerignore", "*.csv\n"), ("reports/january.csv", "\n")])
    .good_beside(&[(".dockerignore", "**/*.csv\n"), ("reports/january.csv", "\n")]),
    check,
};

/// More of them tell nobody more.
const MOST: usize = 8;

/// Most patterns that are held against the whole context.
const MOST_PATTERNS: usize = 200;

/// A pattern without effect, and what it would match in every folder.
struct Idle<'p> {
    pattern: &'p Pattern,
    deeper: Option<&'p str>,
}

fn idle<'p>(ignored: &IgnoreFile, pattern: &'p Pattern, tree: &'p Tree) -> Option<Idle<'p>> {
    let text = pattern.text.as_str();
    let literal = !text.split('/').next().unwrap_or(text).contains(['*', '?', '[', '\\']);
    let name = text.trim_end_matches("/**").trim_end_matches("/*");
    let named = literal && !name.contains(['*', '?', '[', '\\']);
    if text.starts_with("**") || (named && tree.may_hold(name)) || tree.paths().any(|path| pattern.covers(path)) {
        return None;
    }
    if !text.contains('/') && !pattern.takes_back {
        let everywhere = IgnoreFile::parse(&format!("**/{text}"));
        let deeper = tree.paths().find(|path| everywhere.covers(path) && !ignored.covers(path));
        if deeper.is_some() {
            return Some(Idle { pattern, deeper });
        }
    }
    let comes_and_goes = is_usual(name) || tree.is_kept_from_git(name);
    (named && !comes_and_goes).then_some(Idle { pattern, deeper: None })
}

/// Where the Dockerfile first takes something from the context.
fn first_copy(copy: &Instruction) -> Option<Span> {
    let sources = copy.words().split_last().filter(|_| copy.flag("from").is_none() && !copy.on_build)?.1;
    let whole = sources.iter().find(|word| is_whole_context(word.text())).map(Word::span);
    let plain = || context_sources(copy).next().map(|(word, _)| word.span());
    let glob = || sources.iter().find(|word| !is_remote(word.text()) && word.text().contains('*')).map(Word::span);
    whole.or_else(plain).or_else(glob)
}

fn check(context: &Context, sink: &mut Sink) {
    let (Some(ignored), Some(file)) = (context.ignored(), &*context.build.ignore_file) else { return };
    // One for a Dockerfile alone may stand beside it, and the context be a folder above.
    let is_of_context = file.name().rsplit('/').next() == Some(".dockerignore");
    let mut copies = context.every(Keyword::Copy).chain(context.every(Keyword::Add));
    let place = copies.find_map(|(_, copy)| first_copy(copy)).filter(|_| is_of_context);
    let Some(place) = place else { return };
    let tree = &context.build.tree;
    if !tree.is_complete() {
        return;
    }
    let patterns = ignored.patterns().iter().take(MOST_PATTERNS);
    let idle: Vec<_> = patterns.filter_map(|pattern| idle(ignored, pattern, tree)).take(MOST).collect();
    let names = idle.iter().map(|idle| format!("`{}`", file.slice(idle.pattern.span))).collect::<Vec<_>>().join(", ");
    let Some(first) = idle.first() else { return };
    let message = say!("{names} in {file} matches nothing", "{file} 里的 {names} 什么都不匹配", names, file = file.name());
    let draft = sink.report(place, message);
    if let Some((path, pattern)) = idle.iter().find_map(|idle| Some((idle.deeper?, &idle.pattern.text))) {
        draft.help(say!(
            "write `**/{pattern}`, which matches `{path}` and its like in every folder",
            "改写为 `**/{pattern}`，它匹配每个目录里的 `{path}` 这类文件",
            pattern,
            path
        ));
    }
    for idle in std::iter::once(first).chain(&idle[1..]) {
        draft.label_in(file, idle.pattern.span, say!("matches nothing", "什么都不匹配"));
    }
}
