//! Practice 10: COPY and ADD of what the build context does not hold.

use super::super::context::Context;
use super::super::data::context_files::is_built;
use super::super::example::Example;
use super::super::needs::context_sources;
use super::super::paths::{below_context, has_extension, is_archive};
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::diag::say;
use crate::dockerfile::Keyword;

pub(super) static RULE: Rule = Rule {
    name: "missing-source",
    aliases: &[],
    practice: Some(10),
    level: Level::Warning,
    by_policy: false,
    summary: say!("COPY and ADD find only what lies in the build context", "COPY 和 ADD 只找得到构建上下文里的文件"),
    explanation: say!(
        "The build stops at a path that is not there. A `.dockerignore` beside the Dockerfile says that this folder is the \
         context; without one the context may be any folder, and nothing is said. What git ignores and what builds make \
         may be put there before the image is built. A path that begins with `../` never leaves the context: the classic \
         builder refuses it, and BuildKit looks for it in the context itself.",
        "路径不存在时构建就此停止。Dockerfile 旁边的 `.dockerignore` 表明这个目录就是上下文；没有它，上下文可能是任何目录，\
         因此不报告。git 忽略的文件和构建生成的文件可能在构建镜像之前才放进来。以 `../` 开头的路径出不了上下文：经典构建\
         器会拒绝它，BuildKit 则在上下文里查找。"
    ),
    help: say!("correct the path, or put the file into the build context", "改正路径，或者把文件放进构建上下文"),
    example: Example::new(
        "FROM alpine:3.20\n\
         COPY run.sh app.conf /app/\n",
        "FROM alpine:3.20\n\
         COPY run.sh etc/app.conf /app/\n",
    )
    .bad_beside(&[(".dockerignore", ".git\n"), ("run.sh", "\n"), ("etc/app.conf", "\n")])
    .good_beside(&[(".dockerignore", ".git\n"), ("run.sh", "\n"), ("etc/app.conf", "\n")]),
    check,
};

/// What a pipeline downloads or builds in front of the image.
fn may_come_later(path: &str) -> bool {
    const MADE: [&str; 13] =
        ["apk", "bin", "deb", "exe", "gz", "img", "iso", "jar", "rpm", "so", "war", "whl", "zip"];
    is_archive(path) || has_extension(path, &MADE) || path.split('/').any(is_built)
}

fn check(context: &Context, sink: &mut Sink) {
    let copies = context.every(Keyword::Copy).chain(context.every(Keyword::Add)).filter(|(_, copy)| !copy.on_build);
    for (word, path) in copies.flat_map(|(_, copy)| context_sources(copy)) {
        if path.starts_with("../") {
            let message = say!("`{path}` leads out of the build context", "`{path}` 超出了构建上下文", path);
            sink.report(word.span(), message).help(say!(
                "name the folder above as the context, with `--file` for the Dockerfile, and correct the path",
                "把上级目录作为构建上下文，用 `--file` 指定 Dockerfile，并改正路径"
            ));
        } else if let Some(inside) = below_context(path)
            && context.build.absent.contains(&inside)
            && !may_come_later(&inside)
        {
            let message = say!("`{path}` is not in the build context", "构建上下文里没有 `{path}`", path);
            sink.report(word.span(), message);
        }
    }
}
