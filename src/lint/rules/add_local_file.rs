//! Practice 10: COPY before ADD.

use super::super::context::Context;
use super::super::example::Example;
use super::super::fix::{Fix, like};
use super::super::paths::{below_context, is_archive, is_compressed, is_remote};
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::{Instruction, Keyword, Word};
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "add-local-file",
    aliases: &["DL3020"],
    practice: Some(10),
    level: Level::Warning,
    by_policy: false,
    summary: say!(
        "ADD of plain files does what COPY does, and hides that it might do more",
        "对普通文件使用 ADD 与 COPY 效果相同，却让人看不出它可能做得更多"
    ),
    explanation: say!(
        "ADD also unpacks archives and fetches URLs. Where neither is meant, COPY says so, and a file that happens to \
         be an archive is not unpacked by surprise.",
        "ADD 还会解压归档、下载 URL。不需要这两种行为时，COPY 把意图写得更清楚，恰好是归档的文件也不会被意外解压。"
    ),
    help: say!("write COPY", "改写为 COPY"),
    example: Example::new(
        "FROM node:20.11-alpine\n\
         ADD server.js /app/\n",
        "FROM node:20.11-alpine\n\
         COPY server.js /app/\n",
    ),
    check,
};

/// ADD unpacks what is an archive by its content, whatever its name: what might be one is left alone, and so are flags
/// that COPY does not have, and what a variable names: another build may name an archive.
fn copied(context: &Context, add: &Instruction, sources: &[&str]) -> Option<Fix> {
    const SUSPICIOUS: [&str; 8] = ["tar", "tgz", "rootfs", "archive", "bundle", "backup", ".gz", ".xz"];
    const ARCHIVES: [&str; 9] = ["apk", "box", "bz2", "crate", "gem", "img", "lz4", "tzst", "zst"];
    let plain = |path: &&str| {
        let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        let any = name.contains(['*', '?', '[']) && (extension.is_empty() || extension.contains(['*', '?', '[']));
        let named = SUSPICIOUS.iter().any(|part| name.contains(part)) || ARCHIVES.contains(&extension);
        !any && !named && !below_context(path).is_some_and(|path| context.build.archives.contains(&path))
    };
    let fixed = add.words().split_last().is_some_and(|(_, sources)| {
        sources.iter().all(|source| !source.raw.as_str().contains('$'))
    });
    let known = add.flags.iter().all(|flag| Keyword::Copy.flags().contains(&flag.name.as_str()));
    let keyword = like(context.dockerfile.source.slice(add.keyword.span), Keyword::Copy);
    (known && fixed && sources.iter().all(plain)).then(|| Fix::replace(add.keyword.span, keyword))
}

fn check(context: &Context, sink: &mut Sink) {
    for (_, add) in context.every(Keyword::Add) {
        let Some((_, sources)) = add.words().split_last() else { continue };
        // What is compressed may be an archive all the same: ADD goes by the content.
        let inside = |path: &str| below_context(path).is_some_and(|path| context.build.archives.contains(&path));
        let packed = |path: &str| is_archive(path) || is_compressed(path) || !context.as_hadolint() && inside(path);
        let plain = |path: &str| !is_remote(path) && !packed(path) && !path.starts_with("<<");
        // Nobody can tell what a variable holds; hadolint takes it for a file's name.
        let open = |word: &'_ Word| context.as_hadolint() && word.value.is_none();
        let value = |word| if open(word) { Some(word.raw.as_str()) } else { word.value.as_deref() };
        let sources: Option<Vec<&str>> = sources.iter().map(value).collect();
        if let Some(sources) = sources.filter(|sources| sources.iter().all(|path| plain(path))) {
            let message = say!(
                "ADD of `{files}` does what COPY does",
                "用 ADD 复制 `{files}` 与 COPY 效果相同",
                files = sources.join(" ")
            );
            sink.report(add.keyword.span, message).fix(copied(context, add, &sources));
        }
    }
}
