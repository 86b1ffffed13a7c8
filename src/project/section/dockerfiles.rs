//! `dockerfiles`: which Dockerfiles are linted, by which policy, and what a failure blocks.

use std::path::PathBuf;

use globset::{Glob, GlobBuilder};

use super::{Names, arguments, image, overrides};
use crate::diag::{Spanned, say};
use crate::lint::hadolint::Says;
use crate::lint::policy::{
    DockerfileSet, Gates, LabelFormat, LabelPolicy, Level, Policy, PragmaPolicy, Profile, RequiredLabel, ShellCheck,
};
use crate::project::kdl::{Child, Cursor, Fault, Shape};

pub(super) static DOCKERFILES: Shape = Shape::new("dockerfiles", "dockerfiles \"**/Dockerfile\" { profile \"swr\"; }")
    .takes_many(&[arguments::PATTERN])
    .children(&[
        Child::many(&EXCLUDE),
        Child::once(&HADOLINT_CONFIG),
        Child::once(&BASELINE),
        Child::once(&PROFILE),
        Child::once(&FAIL_ON),
        Child::many(&overrides::DENY),
        Child::many(&overrides::WARN),
        Child::many(&overrides::INFO),
        Child::many(&overrides::ALLOW),
        Child::many(&BASE_IMAGES),
        Child::once(&LABELS),
        Child::once(&PRAGMAS),
        Child::once(&SHELLCHECK),
        Child::once(&ONLINE),
        Child::once(&image::PLATFORMS),
        Child::once(&FIX),
        Child::once(&GATES),
    ]);

static EXCLUDE: Shape = Shape::new("exclude", "exclude \"third-party/**\"").takes_many(&[arguments::PATTERN]);
static HADOLINT_CONFIG: Shape =
    Shape::new("hadolint-config", "hadolint-config \".hadolint.yaml\"").takes(&[arguments::PATH]);
static BASELINE: Shape = Shape::new("baseline", "baseline \"swr-baseline.json\"").takes(&[arguments::PATH]);
static PRAGMAS: Shape = Shape::new("pragmas", "pragmas \"need-reason\"").takes(&[arguments::WORD]);
static PROFILE: Shape = Shape::new("profile", "profile \"swr\"").takes(&[arguments::NAME]);
static FAIL_ON: Shape = Shape::new("fail-on", "fail-on \"error\"").takes(&[arguments::LEVEL]);
static BASE_IMAGES: Shape =
    Shape::new("base-images", "base-images \"node:*-alpine*\"").takes_many(&[arguments::PATTERN]);
static LABELS: Shape = Shape::new("labels", "labels { require \"org.opencontainers.image.source\" format=\"url\"; }")
    .children(&[Child::many(&REQUIRE), Child::many(&FORBID), Child::once(&FORBID_OTHERS)]);
static REQUIRE: Shape = Shape::new("require", "require \"org.opencontainers.image.source\" format=\"url\"")
    .takes(&[arguments::LABEL])
    .properties(&["format"]);
static FORBID: Shape =
    Shape::new("forbid", "forbid \"maintainer\" \"com.example.internal.*\"").takes_many(&[arguments::LABEL]);
static FORBID_OTHERS: Shape = Shape::new("forbid-others", "forbid-others true").takes(&[arguments::TRUE_OR_FALSE]);
static SHELLCHECK: Shape = Shape::new("shellcheck", "shellcheck \"auto\"").takes(&[arguments::MODE]);
static ONLINE: Shape = Shape::new("online", "online true").takes(&[arguments::TRUE_OR_FALSE]);
static FIX: Shape = Shape::new("fix", "fix \"safe\"").takes(&[arguments::MODE]);
static GATES: Shape = Shape::new("gates", "gates \"all\"").takes_many(&[arguments::GATED]);

pub(super) fn read(cursor: Cursor, names: &Names) -> DockerfileSet {
    let excludes = cursor.children("exclude").flat_map(|child| globs(child, 0)).collect();
    DockerfileSet {
        patterns: globs(cursor, 0),
        excludes,
        policy: policy(cursor),
        fixes: cursor.child("fix").is_some_and(fixes),
        hadolint: path(cursor, "hadolint-config"),
        baseline: path(cursor, "baseline"),
        says: Says {
            profile: cursor.child("profile").is_some(),
            fail_on: cursor.child("fail-on").is_some(),
            pragmas: cursor.child("pragmas").is_some(),
            labels: cursor.child("labels").is_some(),
        },
        gates: cursor.child("gates").map(|child| gates(child, names)).unwrap_or_default(),
    }
}

fn path(cursor: Cursor, name: &'static str) -> Option<Spanned<PathBuf>> {
    Some(cursor.child(name)?.argument(0)?.map(PathBuf::from))
}

fn fixes(cursor: Cursor) -> bool {
    let words = [("none", false), ("safe", true)];
    cursor
        .argument(0)
        .and_then(|text| cursor.word(text, &say!("fix", "修复方式"), &words))
        .is_some_and(|word| word.value)
}

fn policy(cursor: Cursor) -> Policy {
    let profiles = [
        ("swr", Profile::Swr),
        ("hadolint", Profile::Hadolint),
        ("buildkit", Profile::Buildkit),
        ("all", Profile::All),
        ("none", Profile::None),
    ];
    let levels =
        [("error", Level::Error), ("warning", Level::Warning), ("warn", Level::Warning), ("info", Level::Info)];
    let profile =
        cursor.child("profile").and_then(|child| child.word(child.argument(0)?, &say!("profile", "配置集"), &profiles));
    let fail_on =
        cursor.child("fail-on").and_then(|child| child.word(child.argument(0)?, &say!("level", "级别"), &levels));
    let modes = [("auto", ShellCheck::Auto), ("require", ShellCheck::Require), ("off", ShellCheck::Off)];
    let shellcheck =
        cursor.child("shellcheck").and_then(|child| child.word(child.argument(0)?, &say!("mode", "模式"), &modes));
    let treatments = [
        ("allowed", PragmaPolicy::Allowed),
        ("need-reason", PragmaPolicy::NeedReason),
        ("forbidden", PragmaPolicy::Forbidden),
        ("ignored", PragmaPolicy::Ignored),
    ];
    let pragmas =
        cursor.child("pragmas").and_then(|child| child.word(child.argument(0)?, &say!("word", "取值"), &treatments));
    let platforms = cursor.child("platforms").map(image::platforms).unwrap_or_default();
    let default = Policy::default();
    Policy {
        profile: profile.map_or(default.profile, |profile| profile.value),
        fail_on: fail_on.map_or(default.fail_on, |level| level.value),
        overrides: overrides::read_all(cursor),
        base_images: cursor.children("base-images").flat_map(image_globs).collect(),
        labels: cursor.child("labels").map(labels).unwrap_or_default(),
        shellcheck: shellcheck.map_or(default.shellcheck, |mode| mode.value),
        pragmas: pragmas.map_or(default.pragmas, |pragmas| pragmas.value),
        online: cursor.child("online").and_then(|child| child.flag(child.value(0)?)).unwrap_or(default.online),
        platforms: platforms.into_iter().map(|platform| platform.value).collect(),
        baseline: None,
    }
}

fn gates(cursor: Cursor, names: &Names) -> Gates {
    let texts = cursor.arguments(0);
    let whole = |word: &str| texts.iter().find(|text| text.value == word).copied();
    if let Some(word) = whole("all").or(whole("none")) {
        if texts.len() > 1 {
            let fault =
                Fault::new("contradiction", say!("`{word}` stands alone", "`{word}` 只能单独使用", word = word.value))
                    .on(word.span);
            cursor.add(fault.help(say!("keep it, or name registries only", "保留它，或者只写镜像仓库的名字")));
        }
        return if word.value == "all" { Gates::All } else { Gates::Nothing };
    }
    Gates::Targets(texts.into_iter().filter_map(|text| names.registry(cursor, text)).collect())
}

/// The arguments from `first` on as patterns of paths below the project file's directory.
fn globs(cursor: Cursor, first: usize) -> Vec<Spanned<Glob>> {
    cursor.arguments(first).into_iter().filter_map(|text| path_glob(cursor, text)).collect()
}

/// A pattern of paths: `*` stays within a directory, `**` crosses them.
pub(super) fn path_glob(cursor: Cursor, text: Spanned<&str>) -> Option<Spanned<Glob>> {
    let relative = text.strip_prefix("./").unwrap_or(text.value);
    if relative.starts_with('/') || relative.split('/').any(|part| part == "..") || relative.contains('\\') {
        let fault = Fault::new(
            "bad-pattern",
            say!("a pattern that leaves the project file's directory", "模式超出了项目文件所在的目录"),
        )
        .on(text.span);
        cursor.add(fault.help(say!(
            "write it relative to the project file's directory, with `/` between names",
            "相对于项目文件所在目录来写，用 `/` 分隔"
        )));
        return None;
    }
    glob(cursor, Spanned::new(relative, text.span))
}

fn image_globs(cursor: Cursor) -> Vec<Spanned<Glob>> {
    cursor.arguments(0).into_iter().filter_map(|text| glob(cursor, text)).collect()
}

fn glob(cursor: Cursor, text: Spanned<&str>) -> Option<Spanned<Glob>> {
    let problem = match GlobBuilder::new(text.value).literal_separator(true).build() {
        _ if text.is_empty() => say!("the pattern is empty", "模式是空的"),
        Ok(glob) => return Some(Spanned::new(glob, text.span)),
        Err(error) => say!("bad pattern: {reason}", "模式有误：{reason}", reason = error.kind()),
    };
    let help = say!(
        "`*` stands for part of a name, `**` for any directories, `{a,b}` for either",
        "`*` 代表名字的一部分，`**` 代表任意目录，`{a,b}` 代表其中之一"
    );
    cursor.add(Fault::new("bad-pattern", problem).on(text.span).help(help));
    None
}

fn labels(cursor: Cursor) -> LabelPolicy {
    let mut required: Vec<RequiredLabel> = Vec::new();
    for child in cursor.children("require") {
        let Some(label) = require(child) else { continue };
        if let Some(first) = required.iter().find(|first| *first.name == *label.name) {
            let fault = Fault::new(
                "duplicate-node",
                say!("label `{label}` is required twice", "标签 `{label}` 要求了两次", label = *label.name),
            );
            cursor.add(
                fault
                    .at(label.name.span, say!("again", "又一次"))
                    .at(first.name.span, say!("first here", "第一次在这里"))
                    .help(say!("keep one of them", "只保留一个")),
            );
        }
        required.push(label);
    }
    let forbidden =
        cursor.children("forbid").flat_map(|child| child.arguments(0).into_iter().map(move |text| (child, text)));
    let forbidden: Vec<_> = forbidden.filter_map(|(cursor, text)| glob(cursor, text)).collect();
    for glob in &forbidden {
        let matcher = glob.compile_matcher();
        if let Some(label) = required.iter().find(|label| matcher.is_match(&*label.name.value)) {
            let fault = Fault::new(
                "contradiction",
                say!("label `{name}` is required and forbidden", "标签 `{name}` 既要求又禁止", name = *label.name),
            );
            let fault = fault
                .at(glob.span, say!("forbidden here", "这里禁止"))
                .at(label.name.span, say!("required here", "这里要求"));
            cursor.add(fault.help(say!("keep one of them", "只保留一个")));
        }
    }
    let forbid_others = cursor.child("forbid-others").and_then(|child| child.flag(child.value(0)?));
    LabelPolicy { required, forbidden, forbid_others: forbid_others.unwrap_or(false) }
}

fn require(cursor: Cursor) -> Option<RequiredLabel> {
    let formats = [
        ("text", LabelFormat::Text),
        ("url", LabelFormat::Url),
        ("semver", LabelFormat::Semver),
        ("hash", LabelFormat::Hash),
        ("rfc3339", LabelFormat::Rfc3339),
        ("spdx", LabelFormat::Spdx),
        ("email", LabelFormat::Email),
    ];
    let format = cursor.text_of("format").map(|text| cursor.word(text, &say!("format", "格式"), &formats));
    let name = cursor.argument(0)?;
    if name.is_empty() || name.contains(char::is_whitespace) {
        let fault = Fault::new("bad-name", say!("not the name of a label", "不是标签名")).on(name.span);
        cursor.add(fault.help(say!(
            "write it as in `org.opencontainers.image.source`",
            "写法如 `org.opencontainers.image.source`"
        )));
        return None;
    }
    let format = format.map_or(Some(LabelFormat::Text), |format| format.map(|format| format.value))?;
    Some(RequiredLabel { name: name.map(str::to_owned), format })
}
