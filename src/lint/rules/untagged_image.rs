//! Practice 4: images without a tag.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::latest_tag::images;
use super::unknown_stage::near_stage;
use crate::diag::{Span, say};
use crate::dockerfile::Keyword;
use crate::image::Reference;

pub(super) static RULE: Rule = Rule {
    name: "untagged-image",
    aliases: &["DL3006"],
    practice: Some(4),
    level: Level::Warning,
    by_policy: false,
    summary: say!(
        "an image without a tag is `latest`: another one every few weeks",
        "不写标签的镜像就是 `latest`：每隔几周就是另一个镜像"
    ),
    explanation: say!(
        "Without a tag the newest image is taken, so a build that worked yesterday may break today, and nobody can \
         tell which version is running. A digest says it even more precisely than a tag.",
        "不写标签就会取最新的镜像，昨天还能成功的构建今天可能失败，也没有人说得清运行的是哪个版本。摘要比标签更精确。"
    ),
    help: say!(
        "write the tag of a version, like `name:1.27`, or a digest",
        "写明版本标签，例如 `name:1.27`，或者写摘要"
    ),
    example: Example::new(
        "FROM nginx\n",
        "FROM nginx:1.27\n",
    ),
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    let instructions = &context.dockerfile.instructions;
    let is_in = |span: Span, keyword: Keyword| {
        let after = instructions.partition_point(|instruction| instruction.span.start <= span.start);
        after.checked_sub(1).is_some_and(|index| *instructions[index].keyword == keyword)
    };
    for (span, name) in images(context) {
        if let Ok(Reference { tag: None, digest: None, .. }) = name.parse() {
            let message = say!("`{name}` names no tag and so means `latest`", "`{name}` 没有写标签，也就是 `latest`", name);
            let draft = sink.report(span, message);
            // hadolint knows no other images than those of FROM, and takes the port of a short host for a tag.
            let port = name.split_once('/').is_some_and(|(host, _)| host.contains(':') && !host.contains('.'));
            draft.beyond_hadolint(!is_in(span, Keyword::From) || port);
            if is_in(span, Keyword::Copy) {
                if let Some(near) = near_stage(context, &name) {
                    draft.help(say!(
                        "did you mean the stage `{near}`? Otherwise write the tag of the image",
                        "是不是想写阶段 `{near}`？否则写出镜像的标签",
                        near
                    ));
                }
                // hadolint takes the name for a stage that is missing.
                draft.aliases(if context.as_buildkit() { &["DL3006"] } else { &["DL3006", "DL3022"] });
            }
        }
    }
}
