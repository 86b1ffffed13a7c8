//! Archives that are copied to be unpacked.

use std::collections::HashMap;

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::paths::{is_archive, is_compressed};
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

/// Whether tar extracts; to hadolint its options begin with a dash.
fn is_tar(context: &Context, command: &Invocation) -> bool {
    let extracts = |word: &str| matches!(word, "--extract" | "--get") || !word.starts_with("--") && word.contains('x');
    command.program() == "tar"
        && command.arguments().iter().enumerate().any(|(index, word)| {
            (index == 0 && !context.as_hadolint() || word.is_option()) && extracts(word.text())
        })
}

/// How a command unpacks a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unpacking {
    Archive,
    /// What it makes of a compressed archive is an archive still.
    Compression,
}

fn unpacking(context: &Context, command: &Invocation) -> Option<Unpacking> {
    match command.program() {
        "gunzip" | "bunzip2" | "unlzma" | "unxz" | "uncompress" | "zcat" => Some(Unpacking::Compression),
        "unzip" | "zgz" => Some(Unpacking::Archive),
        _ => is_tar(context, command).then_some(Unpacking::Archive),
    }
}

/// Whether ADD unpacks a file of this name: of one that is compressed and no archive it makes nothing, which hadolint
/// does not tell apart.
fn is_added(context: &Context, name: &str, unpacking: Unpacking) -> bool {
    is_archive(name) || (unpacking == Unpacking::Archive || context.as_hadolint()) && is_compressed(name)
}

fn target(source: &str, destination: &str) -> String {
    let directory = destination.ends_with('/') || matches!(destination, "." | "./");
    let name = file_name(source);
    if directory { format!("{}/{name}", destination.trim_end_matches('/')) } else { destination.to_owned() }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn normal(path: &str) -> &str {
    path.strip_prefix("./").unwrap_or(path)
}

fn check(context: &Context, sink: &mut Sink) {
    // Paths that are unpacked in a stage, with the last place where they are; to hadolint files of one name are the same.
    let mut unpacked: HashMap<(usize, &str), (Span, Unpacking)> = HashMap::new();
    for (run, command) in context.run_commands() {
        let Some(unpacking) = unpacking(context, command) else { continue };
        let Some(stage) = context.index_of(run).and_then(|index| context.stage_of(index)) else { continue };
        for path in command.operands() {
            let found = (path.span, unpacking);
            if context.as_hadolint() {
                unpacked.insert((stage, file_name(path.text())), found);
                continue;
            }
            unpacked.insert((stage, normal(path.text())), found);
            if let Some(parent) = context.dockerfile.ancestry(stage).nth(1) {
                unpacked.insert((parent, normal(path.text())), found);
            }
        }
    }
    for (index, copy) in context.every(Keyword::Copy).filter(|(_, copy)| copy.flag("from").is_none()) {
        let Some(stage) = context.stage_of(index) else { continue };
        let Some((destination, sources)) = copy.words().split_last() else { continue };
        for source in sources {
            let target = target(source.text(), destination.text());
            let named = if is_archive(&target) || is_compressed(&target) { &target } else { source.text() };
            let name = if context.as_hadolint() { file_name(named) } else { normal(&target) };
            let found = unpacked.get(&(stage, name));
            if found.is_some_and(|(place, kind)| *place > copy.span && is_added(context, source.text(), *kind)) {
                let message = say!("`{file}` is copied and then unpacked", "`{file}` 先被复制，再被解压", file = source.text());
                sink.report(source.span(), message);
            }
        }
    }
}
