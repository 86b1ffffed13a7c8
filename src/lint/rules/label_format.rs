//! Practice 15: values of labels in the format that the policy asks for.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::{LabelFormat, Level};
use super::super::rule::{Rule, Sink};
use crate::dockerfile::{Keyword, Pair};
use crate::diag::{Wording, say};

pub(super) static RULE: Rule = Rule {
    name: "label-format",
    aliases: &["DL3051", "DL3052", "DL3053", "DL3054", "DL3055", "DL3056", "DL3058"],
    practice: Some(15),
    level: Level::Error,
    by_policy: true,
    summary: say!(
        "the policy asks for a format that the label's value does not have",
        "策略要求的格式与 LABEL 的值不符"
    ),
    explanation: say!(
        "Tools read labels: a source that is no URL or a version that is no semantic version is worth nothing to them. \
         A value that only the build knows is not judged.",
        "工具会读取 LABEL：来源不是 URL、版本不是语义化版本，对它们就毫无用处。只有构建才知道的值不作判断。"
    ),
    help: say!("correct the value", "改正这个值"),
    example: Example::new(
        "FROM alpine:3.20\n\
         LABEL org.opencontainers.image.version=\"latest\"\n",
        "FROM alpine:3.20\n\
         LABEL org.opencontainers.image.version=\"1.4.2\"\n",
    )
    .under("labels { require \"org.opencontainers.image.version\" format=\"semver\"; }"),
    check,
};

/// The labels of the final image; a label set twice appears twice.
pub(super) fn labels<'a>(context: &Context<'a>) -> Vec<&'a Pair> {
    let instructions = context.shipped().filter(|(_, instruction)| instruction.is(Keyword::Label));
    instructions.flat_map(|(_, instruction)| instruction.pairs()).collect()
}

fn is_valid(format: LabelFormat, value: &str) -> bool {
    match format {
        LabelFormat::Text => !value.trim().is_empty(),
        LabelFormat::Url => url::Url::parse(value).is_ok_and(|url| url.has_host()),
        LabelFormat::Semver => semver::Version::parse(value).is_ok(),
        LabelFormat::Hash => (7..=64).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_hexdigit()),
        LabelFormat::Rfc3339 => is_rfc3339(value),
        LabelFormat::Spdx => is_spdx(value),
        LabelFormat::Email => is_email(value),
    }
}

/// A date and a time with an offset; jiff alone would also take a time zone in brackets.
fn is_rfc3339(value: &str) -> bool {
    let parted = value.get(10..11).is_some_and(|part| matches!(part, "T" | "t" | " "));
    parted && !value.contains('[') && value.parse::<jiff::Timestamp>().is_ok()
}

/// The shape of an SPDX licence expression; the list of licences grows and is not held here.
fn is_spdx(value: &str) -> bool {
    let mut depth = 0_i32;
    let mut wants_licence = true;
    let spaced = value.replace('(', " ( ").replace(')', " ) ");
    for word in spaced.split_whitespace() {
        match word {
            "(" if wants_licence => depth += 1,
            ")" if !wants_licence && depth > 0 => depth -= 1,
            "AND" | "OR" | "WITH" if !wants_licence => wants_licence = true,
            _ if wants_licence && is_licence(word) => wants_licence = false,
            _ => return false,
        }
    }
    depth == 0 && !wants_licence
}

fn is_licence(word: &str) -> bool {
    !matches!(word, "AND" | "OR" | "WITH" | "and" | "or" | "with")
        && word.trim_end_matches('+').bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.:".contains(&byte))
        && word.starts_with(|c: char| c.is_ascii_alphanumeric())
}

fn is_email(value: &str) -> bool {
    let Some((user, host)) = value.rsplit_once('@') else { return false };
    let stray = |c: char| c.is_whitespace() || "@<>".contains(c);
    let plain = |text: &str| !text.is_empty() && !text.contains(stray);
    plain(user) && plain(host) && host.contains('.') && !host.starts_with('.') && !host.ends_with('.')
}

const fn wanted(format: LabelFormat) -> (Wording, &'static [&'static str]) {
    match format {
        LabelFormat::Text => (say!("a text", "文本"), &["DL3051"]),
        LabelFormat::Url => (say!("a URL", "一个 URL"), &["DL3052"]),
        LabelFormat::Rfc3339 => (
            say!("a time as RFC 3339 writes it, like `2027-01-31T08:00:00Z`", "RFC 3339 时间，例如 `2027-01-31T08:00:00Z`"),
            &["DL3053"],
        ),
        LabelFormat::Spdx => {
            (say!("an SPDX licence expression, like Apache-2.0", "SPDX 许可证表达式，例如 Apache-2.0"), &["DL3054"])
        }
        LabelFormat::Hash => {
            (say!("a git commit, 7 to 64 hexadecimal digits", "一个 git 提交，7 到 64 位十六进制数字"), &["DL3055"])
        }
        LabelFormat::Semver => (say!("a semantic version, like 1.4.2", "语义化版本，例如 1.4.2"), &["DL3056"]),
        LabelFormat::Email => (say!("an e-mail address", "电子邮件地址"), &["DL3058"]),
    }
}

fn check(context: &Context, sink: &mut Sink) {
    let labels = labels(context);
    for required in &context.policy.labels.required {
        let pairs = labels.iter().filter(|pair| pair.name.text() == required.name.value);
        for word in pairs.filter_map(|pair| pair.value.as_ref()) {
            if word.value.as_deref().is_none_or(|value| is_valid(required.format, value)) {
                continue;
            }
            let (what, aliases) = wanted(required.format);
            let name = &required.name.value;
            let message = match required.format {
                LabelFormat::Text => say!("the label `{name}` is empty", "LABEL `{name}` 是空的", name),
                _ => say!("the label `{name}` is not {what}", "LABEL `{name}` 的格式应为：{what}", name, what),
            };
            let help = say!("write {what}", "写成：{what}", what);
            sink.report(word.span(), message).aliases(aliases).help(help);
        }
    }
}
