//! Practice 4: the tag `latest`.

use std::collections::HashSet;

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::diag::{Span, say};
use crate::dockerfile::{Base, Dockerfile, Instruction, Keyword, Word};
use crate::image::Reference;

pub(super) static RULE: Rule = Rule {
    name: "latest-tag",
    aliases: &["DL3007"],
    practice: Some(4),
    level: Level::Warning,
    by_policy: false,
    summary: say!("the tag `latest` is another image every few weeks", "标签 `latest` 每隔几周就指向另一个镜像"),
    explanation: say!(
        "`latest` moves with every release of the image, so a build that worked yesterday may break today, and nobody \
         can tell which version is running.",
        "`latest` 随镜像的每次发布移动，昨天还能成功的构建今天可能失败，也没有人说得清运行的是哪个版本。"
    ),
    help: say!(
        "write the tag of a version, like `name:1.27`, or a digest",
        "写明版本标签，例如 `name:1.27`，或者写摘要"
    ),
    example: Example::new(
        "FROM nginx:latest\n",
        "FROM nginx:1.27\n",
    ),
    check,
};

/// Every image that the build names: in FROM, `COPY --from` and `RUN --mount=from=`.
pub(super) fn images(context: &Context) -> Vec<(Span, String)> {
    let dockerfile = context.dockerfile;
    let mut images = Vec::new();
    for stage in &dockerfile.stages {
        if let (Base::Image(name), Some(word)) = (&stage.base, dockerfile.image_of(stage)) {
            // hadolint fills in no variables.
            let raw = word.raw.as_str();
            if context.as_hadolint() && raw.contains('$') && !raw.ends_with(":latest") {
                continue;
            }
            images.push((word.span(), name.clone()));
        }
    }
    images.extend(copied_images(context));
    images
}

/// Images that files are taken from: in `COPY --from` and `RUN --mount=from=`.
pub(super) fn copied_images(context: &Context) -> Vec<(Span, String)> {
    let image = |(span, value): (Span, Option<String>)| Some((span, context.image_of(value.as_deref())?.to_owned()));
    taken_from(context.dockerfile).into_iter().filter_map(image).collect()
}

/// What files are taken from, stages and images, by name where it is known.
pub(in super::super) fn taken_from(dockerfile: &Dockerfile) -> Vec<(Span, Option<String>)> {
    let every = |keyword| dockerfile.instructions.iter().filter(move |line| *line.keyword == keyword);
    let copies = every(Keyword::Copy).filter_map(|copy| copy.flag("from"));
    let copies = copies.map(|word| (word.span(), word.value.clone()));
    copies.chain(every(Keyword::Run).flat_map(mounted)).collect()
}

/// What the mounts of a RUN are taken from, by name where it is known.
pub(super) fn mounted(run: &Instruction) -> impl Iterator<Item = (Span, Option<String>)> {
    run.flags_named("mount").filter_map(|flag| flag.value.as_ref()).filter_map(mounted_image)
}

/// The `from=` of a mount.
fn mounted_image(mount: &Word) -> Option<(Span, Option<String>)> {
    const FROM: &str = "from=";
    let raw = mount.raw.as_str();
    let option = raw.match_indices(FROM).find(|(at, _)| *at == 0 || raw[..*at].ends_with(','))?.0;
    let end = raw[option..].find(',').map_or(raw.len(), |len| option + len);
    let value = mount.text().split(',').find_map(|option| option.strip_prefix(FROM))?;
    Some((mount.raw.span(option + FROM.len()..end), (!value.contains('$')).then(|| value.to_owned())))
}

/// Images of FROM whose tag is known and nothing else, like `$IMAGE:latest`.
fn open_latest<'a>(context: &Context<'a>) -> impl Iterator<Item = (Span, String)> + 'a {
    let dockerfile = context.dockerfile;
    let open = dockerfile.stages.iter().filter(|stage| stage.base == Base::Open);
    let named = open.filter_map(|stage| dockerfile.image_of(stage));
    let latest = named.filter(|word| word.raw.as_str().ends_with(":latest"));
    latest.map(|word| (word.span(), word.raw.as_str().to_owned()))
}

fn is_latest(name: &str) -> bool {
    let reference: Result<Reference, _> = name.parse();
    matches!(reference, Ok(Reference { tag: Some(tag), digest: None, .. }) if tag.as_str() == "latest")
}

fn check(context: &Context, sink: &mut Sink) {
    let known = images(context).into_iter().filter(|(_, name)| is_latest(name));
    let copied: HashSet<_> = copied_images(context).into_iter().map(|(span, _)| span).collect();
    for (span, name) in known.chain(open_latest(context)) {
        let message = say!("`{name}` is another image with every release", "`{name}` 每次发布都会变成另一个镜像", name);
        // hadolint knows no other images than those of FROM.
        sink.report(span, message).beyond_hadolint(copied.contains(&span));
    }
}
