//! `image` of a migration: which repositories, which of their tags, and what they are called at the target.

use super::arguments;
use crate::diag::{Spanned, Wording, say};
use crate::image::{Digest, Repository, Tag};
use crate::migrate::{Age, Flatten, ImageRule, Newest, RepositoryPattern, TagFilter, TagPattern};
use crate::project::kdl::{Child, Cursor, Fault, Literal, Shape};

pub(super) static IMAGE: Shape = Shape::new("image", "image \"library/nginx\" tags=\">=1.25, <2\" as=\"nginx\"")
    .takes(&[arguments::REPOSITORY])
    .properties(&["tags", "as", "flatten"])
    .children(&[Child::once(&TAGS), Child::once(&EXCEPT), Child::once(&NEWEST), Child::once(&PLATFORMS)]);

static TAGS: Shape = Shape::new("tags", "tags \"1.26\" \"1.27\"").takes_many(&[arguments::PATTERN]);
static EXCEPT: Shape = Shape::new("except", "except \"*-debian-*\"").takes_many(&[arguments::PATTERN]);
static NEWEST: Shape = Shape::new("newest", "newest 3 by=\"created\"").takes(&[arguments::NUMBER]).properties(&["by"]);
pub(super) static PLATFORMS: Shape =
    Shape::new("platforms", "platforms \"linux/amd64\" \"linux/arm64\"").takes_many(&[arguments::PLATFORM]);

const TAGS_HELP: Wording = say!(
    "write a tag, a glob `1.*`, a version range `>=1.25, <2` or a regular expression `/^v[0-9]+$/`",
    "写标签、通配模式 `1.*`、版本范围 `>=1.25, <2` 或正则表达式 `/^v[0-9]+$/`"
);
const MOST_LEVELS: u32 = 32;

pub(super) fn read(cursor: Cursor) -> Option<ImageRule> {
    let Source { repositories, tag, digest } = source(cursor);
    let (rename, retag) = rename(cursor);
    let tags = tags(cursor);
    let platforms = cursor.child("platforms").map(platforms).unwrap_or_default();
    let flatten = flatten(cursor);
    let is_glob = matches!(repositories.as_deref(), Some(RepositoryPattern::Glob(_)));
    if let Some(span) = cursor.property_span("as") {
        if is_glob {
            let fault = Fault::new(
                "ambiguous-rename",
                say!("`as` gives every repository of a pattern the same name", "`as` 会让模式匹配的所有仓库同名"),
            );
            cursor.add(fault.on(span).help(say!(
                "name one repository, or use `flatten` to shorten the names",
                "只写一个仓库，或者用 `flatten` 缩短名字"
            )));
        } else if let Some(flattened) = cursor.property_span("flatten") {
            let fault = Fault::new(
                "useless",
                say!(
                    "`as` is the whole name already, so `flatten` does nothing",
                    "`as` 已经是完整的名字，`flatten` 不起作用"
                ),
            );
            cursor.add(fault.on(flattened).help(say!("remove one of them", "删除其中一个")));
        }
    }
    let one_tag = digest.is_some() || tags.literals().is_some_and(|literals| literals.len() == 1);
    if let Some(retag) = retag.as_ref().filter(|_| !one_tag) {
        let fault = Fault::new(
            "ambiguous-rename",
            say!("`as` gives every tag the name `{tag}`", "`as` 会让每个标签都叫 `{tag}`", tag = retag.value),
        );
        cursor.add(fault.on(retag.span).help(say!(
            "select one tag by its name, or leave the tag out of `as`",
            "按名字只选一个标签，或者在 `as` 里不写标签"
        )));
    }
    if digest.is_some() {
        digest_alone(cursor);
    }
    let retag = retag.or(tag);
    Some(ImageRule {
        repositories: repositories?,
        digest,
        tags,
        platforms,
        rename,
        retag,
        flatten,
        span: cursor.header(),
    })
}

/// What the first argument says: `repository`, or `repository[:tag]@digest`.
struct Source {
    repositories: Option<Spanned<RepositoryPattern>>,
    /// Only beside a digest.
    tag: Option<Spanned<Tag>>,
    digest: Option<Spanned<Digest>>,
}

fn source(cursor: Cursor) -> Source {
    let nothing = Source { repositories: None, tag: None, digest: None };
    let Some(text) = cursor.argument(0) else { return nothing };
    let Some((name, digest)) = text.split_once('@') else {
        return Source { repositories: repositories(cursor, text), ..nothing };
    };
    let part = |part| Spanned::new(part, text.span);
    let digest = cursor.parsed(
        part(digest),
        "bad-digest",
        say!(
            "write the whole digest: `@sha256:` and 64 hexadecimal digits",
            "写完整的摘要：`@sha256:` 加 64 位十六进制数"
        ),
    );
    let (name, tag) = match name.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => {
            (name, cursor.parsed(part(tag), "bad-image-name", say!("correct the tag", "修正标签")))
        }
        _ => (name, None),
    };
    if name.contains(['*', '?', '[', '{']) {
        let fault = Fault::new(
            "bad-image-name",
            say!(
                "a digest is one image of one repository, and this is a pattern",
                "摘要是一个仓库里的一个镜像，而这里是模式"
            ),
        );
        cursor.add(
            fault
                .on(text.span)
                .help(say!("name the repository, or select by `tags`", "写出仓库名，或者用 `tags` 选择")),
        );
        return nothing;
    }
    Source { repositories: repositories(cursor, part(name)), tag, digest }
}

fn repositories(cursor: Cursor, text: Spanned<&str>) -> Option<Spanned<RepositoryPattern>> {
    let help = match text.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') && !text.contains('*') => {
            let (name, tag) = (name.escape_debug(), tag.escape_debug());
            say!(
                "write the tag apart: `image \"{name}\" tags=\"{tag}\"`",
                "标签要分开写：`image \"{name}\" tags=\"{tag}\"`",
                name,
                tag
            )
        }
        _ => say!(
            "write the repository without its registry, or a pattern as `bitnami/*` or `**`",
            "写不带镜像仓库主机的仓库名，或者 `bitnami/*`、`**` 这样的模式"
        ),
    };
    cursor.parsed(text, "bad-image-name", help)
}

/// `as`: a repository, and perhaps a tag.
fn rename(cursor: Cursor) -> (Option<Spanned<Repository>>, Option<Spanned<Tag>>) {
    const HELP: Wording = say!(
        "write the repository's name at the target without organization, and perhaps a tag: `nginx:1.25`",
        "写目标上的仓库名，不带组织，可以带标签：`nginx:1.25`"
    );
    let Some(text) = cursor.text_of("as") else { return (None, None) };
    let part = |part| Spanned::new(part, text.span);
    match text.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => {
            (cursor.parsed(part(name), "bad-image-name", HELP), cursor.parsed(part(tag), "bad-image-name", HELP))
        }
        _ => (cursor.parsed(text, "bad-image-name", HELP), None),
    }
}

/// What chooses among tags means nothing beside a digest.
fn digest_alone(cursor: Cursor) {
    let properties = cursor.property_span("tags").map(|span| ("tags", span));
    let children = ["tags", "except", "newest"].into_iter();
    let children = children.filter_map(|name| Some((name, cursor.child(name)?.header())));
    for (name, span) in properties.into_iter().chain(children) {
        let fault = Fault::new(
            "useless",
            say!(
                "a digest is one image already, so `{name}` does nothing",
                "摘要已经确定一个镜像，`{name}` 不起作用",
                name
            ),
        );
        cursor.add(
            fault
                .on(span)
                .help(say!("remove it, or name the repository without its digest", "删除它，或者写不带摘要的仓库名")),
        );
    }
}

fn tags(cursor: Cursor) -> TagFilter {
    let child = cursor.child("tags");
    if let (Some(child), Some(span)) = (child, cursor.property_span("tags")) {
        let fault = Fault::new(
            "duplicate-property",
            say!("`tags` is written as property and as node", "`tags` 既写成了属性又写成了节点"),
        );
        let fault = fault.at(child.header(), say!("again", "又一次")).at(span, say!("first here", "第一次在这里"));
        cursor.add(fault.help(say!("keep one of them", "只保留一个")));
    }
    let in_line = cursor.text_of("tags").and_then(|text| cursor.parsed::<TagPattern>(text, "bad-pattern", TAGS_HELP));
    TagFilter {
        include: in_line.into_iter().chain(child.map(patterns).unwrap_or_default()).collect(),
        except: cursor.child("except").map(patterns).unwrap_or_default(),
        newest: cursor.child("newest").and_then(newest),
    }
}

fn patterns(cursor: Cursor) -> Vec<Spanned<TagPattern>> {
    let texts = cursor.arguments(0).into_iter();
    texts.filter_map(|text| cursor.parsed(text, "bad-pattern", TAGS_HELP)).collect()
}

fn newest(cursor: Cursor) -> Option<Newest> {
    const MOST: u32 = 100_000;
    const AGES: [(&str, Age); 2] = [("version", Age::Version), ("created", Age::Created)];
    let count = cursor.number(cursor.value(0)?, 1..=MOST)?;
    let by = match cursor.text_of("by") {
        Some(text) => cursor.word(text, &say!("order", "排序方式"), &AGES)?.value,
        None => Age::Version,
    };
    Some(Newest { count: usize::try_from(count).ok()?, by })
}

pub(super) fn platforms(cursor: Cursor) -> Vec<Spanned<crate::image::Platform>> {
    let texts = cursor.arguments(0).into_iter();
    texts
        .filter_map(|text| {
            cursor.parsed(text, "bad-platform", say!("write it as in `linux/amd64`", "写法如 `linux/amd64`"))
        })
        .collect()
}

fn flatten(cursor: Cursor) -> Flatten {
    let Some(value) = cursor.property("flatten") else { return Flatten::Nothing };
    // Harbor writes -1.
    let is_all = match &value.value {
        Literal::Text(text) => text == "all",
        Literal::Integer(number) => *number == Some(-1),
        _ => false,
    };
    if is_all {
        return Flatten::All;
    }
    if let Literal::Text(_) = &value.value {
        let fault =
            Fault::new("unknown-value", say!("`flatten` is a number of levels or `all`", "`flatten` 是层数或 `all`"))
                .on(value.span);
        cursor.add(fault.help(say!("write `flatten=1` or `flatten=\"all\"`", "写 `flatten=1` 或 `flatten=\"all\"`")));
        return Flatten::Nothing;
    }
    cursor.number(value, 0..=MOST_LEVELS).map_or(Flatten::Nothing, |levels| match levels {
        0 => Flatten::Nothing,
        levels => Flatten::Levels(levels),
    })
}
