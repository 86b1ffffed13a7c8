//! Images that the policy does not allow as a base.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::latest_tag::copied_images;
use crate::dockerfile::{Base, Dockerfile, Stage};
use crate::image::{Reference, Tag};
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "base-image-not-allowed",
    aliases: &["DL3026"],
    practice: Some(6),
    level: Level::Error,
    by_policy: true,
    summary: say!(
        "the policy names the images that may be built on, and this is none of them",
        "策略列出了可以用作基础镜像的镜像，这个不在其中"
    ),
    explanation: say!(
        "Bases that were agreed on are scanned, mirrored and kept up to date. The patterns are held against the name \
         as written and against its full form, both with and without the tag.",
        "约定好的基础镜像有人扫描、同步和更新。匹配时既用写出的名字，也用完整的名字，带标签和不带标签各比一次。"
    ),
    help: say!(
        "build on an allowed image, or add it to `base-images` of the project file",
        "改用允许的镜像，或者把它加入项目文件的 `base-images`"
    ),
    example: Example::new(
        "FROM corp.example/mirror/node:20.11\n",
        "FROM debian:12.5\n",
    )
    .under("base-images \"docker.io/library/debian\""),
    check,
};

/// The spellings of an image that a pattern may mean.
fn spellings(image: &str) -> Vec<String> {
    let without_digest = image.split('@').next().unwrap_or(image);
    let Ok(reference) = image.parse::<Reference>() else { return vec![image.to_owned()] };
    let full = format!("{}/{}", reference.registry, reference.repository);
    let mut short = vec![full.clone()];
    if reference.registry.is_docker_hub() {
        let repository = reference.repository.as_str();
        short.push(repository.to_owned());
        short.extend(repository.strip_prefix("library/").map(str::to_owned));
    }
    let tag = reference.tag.as_ref().map_or("latest", Tag::as_str);
    let tagged: Vec<_> = short.iter().map(|name| format!("{name}:{tag}")).collect();
    short.into_iter().chain(tagged).chain([without_digest.to_owned()]).collect()
}

/// What a variable may stand for: a name, several parts of one, a registry, a tag.
const SAMPLES: [&str; 6] = ["q0q", "q0q/q0q", "q0q.example", "q0q.example/q0q", "q0q:q0q", "q0q.example/q0q:q0q"];

/// Whether a base is allowed whatever the build fills in: `debian:$TAG` is Debian.
fn is_always_allowed(dockerfile: &Dockerfile, stage: &Stage, is_allowed: impl Fn(&str) -> bool) -> bool {
    let images = SAMPLES.iter().filter_map(|sample| dockerfile.base_where(stage, sample));
    let mut images = images.filter(|image| image.parse::<Reference>().is_ok()).peekable();
    images.peek().is_some() && images.all(|image| is_allowed(&image))
}

fn check(context: &Context, sink: &mut Sink) {
    let patterns = &context.policy.base_images;
    if patterns.is_empty() {
        return;
    }
    let allowed: Vec<_> = patterns.iter().map(|pattern| pattern.compile_matcher()).collect();
    let is_allowed = |image: &str| {
        let spellings = spellings(image);
        allowed.iter().any(|pattern| spellings.iter().any(|name| pattern.is_match(name)))
    };
    for (span, image) in copied_images(context).iter().filter(|(_, image)| !is_allowed(image)) {
        sink.report(*span, say!(
            "`{image}` is no allowed image to take files from",
            "不允许从镜像 `{image}` 取文件",
            image
        ));
    }
    for stage in &context.dockerfile.stages {
        let Some(word) = context.dockerfile.image_of(stage) else { continue };
        match &stage.base {
            Base::Stage(_) | Base::Scratch => {}
            Base::Open if is_always_allowed(context.dockerfile, stage, is_allowed) => {}
            Base::Open => {
                let message = say!(
                    "`{base}` has no default, so that it cannot be checked",
                    "`{base}` 没有默认值，无法检查",
                    base = word.raw.as_str()
                );
                let help = say!("give the ARG a default that names an allowed image", "给 ARG 一个默认值，写明允许的镜像");
                sink.report(word.span(), message).help(help);
            }
            Base::Image(image) => {
                if !is_allowed(image) {
                    let message = say!("`{image}` is no allowed base image", "`{image}` 不是允许的基础镜像", image);
                    sink.report(word.span(), message);
                }
            }
        }
    }
}
