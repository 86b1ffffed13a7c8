//! Practice 6: the full variant of an image that comes smaller as well.

use super::super::context::Context;
use super::super::example::Example;
use super::super::data::programs::Variant;
use super::super::data::runtimes::SMALLER;
use super::super::images::{official_tag, variant};
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Base;
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "large-base",
    aliases: &[],
    practice: Some(6),
    level: Level::Info,
    by_policy: false,
    summary: say!(
        "the full images of languages hold compilers and libraries that programs seldom need",
        "编程语言的完整镜像带有程序很少用到的编译器和库"
    ),
    explanation: say!(
        "They are three to ten times larger than their `-slim` and `-alpine` variants, which makes every pull slower \
         and every scan longer. Where something needs a compiler, build in a stage of the full image and copy the \
         result. Only the image that is shipped is looked at.",
        "它们比 `-slim` 和 `-alpine` 变体大三到十倍，每次拉取更慢，每次扫描更久。需要编译器时，在使用完整镜像的阶段里\
         构建，再把结果复制出来。只检查最终发布的镜像。"
    ),
    help: say!("take the `-slim` or `-alpine` variant of the same version", "换用同一版本的 `-slim` 或 `-alpine` 变体"),
    example: Example::new(
        "FROM python:3.12\n\
         COPY app.py /app/\n",
        "FROM python:3.12-slim\n\
         COPY app.py /app/\n",
    ),
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    let Some(last) = context.dockerfile.final_stage() else { return };
    let Some(root) = context.dockerfile.ancestry(last).last() else { return };
    let stage = &context.dockerfile.stages[root];
    let Base::Image(image) = &stage.base else { return };
    let Some((name, tag)) = official_tag(image) else { return };
    let smaller = SMALLER.iter().find(|(known, _)| *known == name);
    if let Some((_, suffix)) = smaller
        && variant(&tag) == Variant::Plain
        && let Some(word) = context.dockerfile.image_of(stage)
    {
        let base = if tag == "latest" { format!("`{name}:…{suffix}`") } else { format!("`{name}:{tag}{suffix}`") };
        let message = say!(
            "`{name}` is the full image: compilers, libraries and all",
            "`{name}` 是完整镜像：带有编译器和各种库",
            name
        );
        let draft = sink.report(word.span(), message);
        // Tags that name a distribution or a flavour cannot be extended blindly.
        let plain = tag.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') || tag == "latest";
        if plain {
            draft.help(say!(
                "take {base}, or build in this stage and ship another",
                "换用 {base}，或者在这个阶段构建、发布另一个阶段",
                base
            ));
        }
    }
}
