//! Archives that are copied to be unpacked.

use std::collections::HashMap;

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::paths::is_archive;
use crate::dockerfile::shell::Invocation;
use crate::diag::{Span, say};
use crate::dockerfile::Keyword;

pub(super) static RULE: Rule = Rule {
    name: "archive-copied",
    aliases: &["DL3010"],
    practice: None,
    level: Level::Info,
    by_policy: false,
    summary: say!(
        "ADD unpacks a tar archive, without leaving it in a layer",
        "ADD 会解压 tar 归档，而不把归档留在层里"
    ),
    explanation: say!(
        "COPY keeps the archive in its layer for good, also when a later RUN deletes it. ADD unpacks local tar \
         archives, compressed or not.",
        "COPY 把归档永远留在自己的层里，后面的 RUN 删除它也没有用。ADD 会解压本地的 tar 归档，无论是否压缩。"
    ),
    help: say!(
        "write `ADD archive directory/` and leave the tar command out",
        "改写为 `ADD archive directory/`，并去掉 tar 命令"
    ),
    example: Example::new(
        "FROM debian:12.5\n\
         COPY site.tar.gz /srv/\n\
         RUN tar -xzf /srv/site.tar.gz -C /srv\n",
        "FROM debian:12.5\n\
         ADD site.tar.gz /srv/\n",
    ),
    check,
};

fn unpacks(command: &Invocation) -> bool {
    let extracts = |word: &str| matches!(word, "--extract" | "--get") || !word.starts_with("--") && word.contains('x');
    command.program() == "tar"
        && command.arguments().iter().enumerate().any(|(index, word)| {
            (index == 0 || word.is_option()) && extracts(word.text())
        })
}

fn target(source: &str, destination: &str) -> String {
    let directory = destination.ends_with('/') || matches!(destination, "." | "./");
    let name = source.rsplit('/').next().unwrap_or(source);
    if directory { format!("{}/{name}", destination.trim_end_matches('/')) } else { destination.to_owned() }
}

fn normal(path: &str) -> &str {
    path.strip_prefix("./").unwrap_or(path)
}

fn check(context: &Context, sink: &mut Sink) {
    // Paths that are unpacked, with the last place where they are.
    let unpacking = context.run_commands().filter(|(_, command)| unpacks(command));
    let operands = unpacking.flat_map(|(_, command)| command.operands());
    let unpacked: HashMap<&str, Span> = operands.map(|word| (normal(word.text()), word.span)).collect();
    for (_, copy) in context.every(Keyword::Copy).filter(|(_, copy)| copy.flag("from").is_none()) {
        let Some((destination, sources)) = copy.words().split_last() else { continue };
        for source in sources.iter().filter(|word| is_archive(word.text())) {
            let target = target(source.text(), destination.text());
            if unpacked.get(normal(&target)).is_some_and(|place| *place > copy.span) {
                sink.report(source.span(), say!("`{file}` is copied and then unpacked", "`{file}` 先被复制，再被解压", file = source.text()));
            }
        }
    }
}
