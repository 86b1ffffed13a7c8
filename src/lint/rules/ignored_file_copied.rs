//! Practice 17: COPY of what .dockerignore leaves out.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::paths::is_remote;
use crate::dockerfile::Keyword;
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "ignored-file-copied",
    aliases: &["CopyIgnoredFile"],
    practice: Some(17),
    level: Level::Error,
    by_policy: false,
    summary: say!("COPY names a file that never reaches the builder", "COPY 的文件根本不会发送给构建器"),
    explanation: say!(
        "The build stops with \"not found\" although the file is there: the ignore file keeps it from the builder.",
        "文件明明在，构建却以“not found”停止：忽略文件没有把它交给构建器。"
    ),
    help: say!(
        "take the file back with a `!` pattern at the end of .dockerignore, or delete the COPY",
        "在 .dockerignore 末尾用 `!` 模式恢复这个文件，或者删除这条 COPY"
    ),
    example: Example::new(
        "FROM alpine:3.20\n\
         COPY dist/app /usr/bin/\n",
        "FROM alpine:3.20\n\
         COPY dist/app /usr/bin/\n",
    )
    .bad_beside(&[(".dockerignore", "dist\n"), ("dist/app", "\n")])
    .good_beside(&[(".dockerignore", "dist\n!dist/app\n"), ("dist/app", "\n")]),
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    let (Some(ignored), Some(file)) = (context.ignored(), &*context.build.ignore_file) else { return };
    let copies = context.every(Keyword::Copy).chain(context.every(Keyword::Add));
    for (_, copy) in copies.filter(|(_, copy)| copy.flag("from").is_none()) {
        let Some((_, sources)) = copy.words().split_last() else { continue };
        for word in sources {
            let Some(path) = word.value.as_deref() else { continue };
            let plain = !is_remote(path) && !path.starts_with("<<") && !path.contains(['*', '?', '[', '\\']);
            if plain && !path.split('/').any(|part| part == "..") && ignored.covers(path) {
                let message = say!("`{path}` is left out by {file}", "`{path}` 被 {file} 排除", path, file = file.name());
                sink.report(word.span(), message);
            }
        }
    }
}
