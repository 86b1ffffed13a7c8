//! Practice 17: no ignore file where the whole context is copied.

use super::super::context::Context;
use super::super::example::Example;
use super::super::fix::first_ignore_file;
use super::super::paths::is_whole_context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::{Keyword, Word};
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "missing-dockerignore",
    aliases: &[],
    practice: Some(17),
    level: Level::Warning,
    by_policy: false,
    summary: say!(
        "without .dockerignore everything beside the Dockerfile reaches the image",
        "没有 .dockerignore 时，Dockerfile 旁边的一切都会进入镜像"
    ),
    explanation: say!(
        "Version control, dependencies installed on the host, logs and keys make the image large, break the cache with \
         every commit, and may be secret. Dockerfiles that copy chosen files only need no ignore file.",
        "版本库、宿主机上安装的依赖、日志和密钥会使镜像变大，每次提交都使缓存失效，还可能是机密。只复制选定文件的 \
         Dockerfile 不需要忽略文件。"
    ),
    help: say!(
        "add a .dockerignore with at least `.git` and what the build does not need",
        "添加 .dockerignore，至少写上 `.git` 和构建不需要的内容"
    ),
    example: Example::new(
        "FROM node:20.11-alpine\n\
         COPY . /app\n",
        "FROM node:20.11-alpine\n\
         COPY . /app\n",
    )
    .good_beside(&[(".dockerignore", ".git\nnode_modules\n")]),
    check,
};

/// The sources of COPY and ADD that mean the whole build context; ONBUILD copies that of another image.
pub(super) fn whole_context_copies<'a>(context: &Context<'a>) -> Vec<&'a Word> {
    let copies = context.every(Keyword::Copy).chain(context.every(Keyword::Add));
    let local = copies.filter(|(_, copy)| !copy.on_build && copy.flag("from").is_none());
    let sources = local.filter_map(|(_, copy)| copy.words().split_last()).flat_map(|(_, sources)| sources);
    sources.filter(|word| is_whole_context(word.text())).collect()
}

fn check(context: &Context, sink: &mut Sink) {
    if context.ignored().is_none()
        && let Some(word) = whole_context_copies(context).first()
    {
        let message = say!("this copies the whole build context, and there is no .dockerignore", "这会复制整个构建上下文，而 .dockerignore 不存在");
        sink.report(word.span(), message).fix(first_ignore_file(context, RULE.name));
    }
}
