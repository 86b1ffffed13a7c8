//! Practice 7: an image that does not say what it runs.

use super::super::context::Context;
use super::super::example::Example;
use super::super::images::{Kind, kind};
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "missing-command",
    aliases: &[],
    practice: Some(7),
    level: Level::Warning,
    by_policy: false,
    summary: say!(
        "an image with neither CMD nor ENTRYPOINT runs what its base does: a shell, or nothing",
        "既没有 CMD 也没有 ENTRYPOINT 的镜像运行基础镜像的命令：一个 shell，或者什么也没有"
    ),
    explanation: say!(
        "Bases of operating systems and languages start a shell or an interpreter. An image that holds a service says \
         how it is started. Bases that nothing is known about are left alone: theirs may be the right one.",
        "操作系统和编程语言的基础镜像启动的是 shell 或解释器。装着服务的镜像应当写明怎样启动。不了解的基础镜像不作判\
         断：它们的命令也许正合适。"
    ),
    help: say!("add a CMD with the program that the image is for", "加上 CMD，写明这个镜像要运行的程序"),
    example: Example::new(
        "FROM node:20.11-alpine\n\
         COPY server.js /app/\n",
        "FROM node:20.11-alpine\n\
         COPY server.js /app/\n\
         CMD [\"node\", \"/app/server.js\"]\n",
    ),
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    // ONBUILD says it for the images that are built on this one.
    let mut starts = context.every(Keyword::Cmd).chain(context.every(Keyword::Entrypoint));
    let runs = starts.any(|(index, _)| context.is_shipped(index));
    let Some(from) = context.final_from().filter(|_| !runs) else { return };
    let message = match kind(context.final_base()) {
        Kind::Unknown => return,
        Kind::Scratch => say!(
            "the image has neither CMD nor ENTRYPOINT and so cannot be started",
            "镜像既没有 CMD 也没有 ENTRYPOINT，因此无法启动"
        ),
        Kind::System => say!(
            "the image has neither CMD nor ENTRYPOINT and so starts a shell",
            "镜像既没有 CMD 也没有 ENTRYPOINT，因此启动的是 shell"
        ),
        Kind::Language => say!(
            "the image has neither CMD nor ENTRYPOINT and so starts an interpreter",
            "镜像既没有 CMD 也没有 ENTRYPOINT，因此启动的是解释器"
        ),
    };
    let draft = sink.report(from.span, message);
    if kind(context.final_base()) == Kind::Scratch {
        // It may be meant to be copied from, or exported.
        draft.soften(Level::Info);
    }
}
