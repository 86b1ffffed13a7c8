//! COPY of everything another image has.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "filesystem-copied",
    aliases: &["DL3067"],
    practice: None,
    level: Level::Off,
    by_policy: false,
    summary: say!(
        "a copy of `/` takes everything of the other image along, needed or not",
        "复制 `/` 会带走另一个镜像的全部内容，无论是否需要"
    ),
    explanation: say!(
        "The files of two systems get mixed, and secrets and tools of a build stage end up in the image. On an empty \
         image it is a way to make one layer of many.",
        "两个系统的文件混在一起，构建阶段的机密和工具也进了镜像。复制到空镜像则是把许多层压成一层的办法。"
    ),
    help: say!("copy the files that are needed", "只复制需要的文件"),
    example: Example::new(
        "FROM debian:12.5 AS build\n\
         FROM alpine:3.20\n\
         COPY --from=build / /\n",
        "FROM debian:12.5 AS build\n\
         FROM alpine:3.20\n\
         COPY --from=build /usr/bin/app /usr/bin/\n",
    ),
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for (_, copy) in context.every(Keyword::Copy).filter(|(_, copy)| copy.flag("from").is_some()) {
        let Some((destination, sources)) = copy.words().split_last() else { continue };
        if destination.text() == "/"
            && let Some(source) = sources.iter().find(|source| source.text() == "/")
        {
            sink.report(source.span(), say!("everything in another image is copied", "复制了另一个镜像的全部内容"));
        }
    }
}
