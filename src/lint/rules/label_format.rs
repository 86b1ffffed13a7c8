//! Practice 15: values of labels in the format that the policy asks for.

use super::super::context::Context;
use super::super::policy::{LabelFormat, Level};
use super::super::rule::{Rule, Sink};
use crate::dockerfile::{Keyword, Pair};

pub(super) static RULE: Rule = Rule {
    name: "label-format",
    aliases: &["DL3051", "DL3052", "DL3053", "DL3054", "DL3055", "DL3056", "DL3058"],
    practice: Some(15),
    level: Level::Error,
    by_policy: true,
    summary: "the policy asks for a format that the label's value does not have",
    explanation: "Tools read labels: a source that is no URL or a version that is no semantic version is worth \
                  nothing to them. A value that only the build knows is not judged.",
    help: "correct the value",
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

const fn wanted(format: LabelFormat) -> (&'static str, &'static [&'static str]) {
    match format {
        LabelFormat::Text => ("a text", &["DL3051"]),
        LabelFormat::Url => ("a URL", &["DL3052"]),
        LabelFormat::Rfc3339 => ("a time as RFC 3339 writes it, like 2027-01-31T08:00:00Z", &["DL3053"]),
        LabelFormat::Spdx => ("an SPDX licence expression, like Apache-2.0", &["DL3054"]),
        LabelFormat::Hash => ("a git commit, 7 to 64 hexadecimal digits", &["DL3055"]),
        LabelFormat::Semver => ("a semantic version, like 1.4.2", &["DL3056"]),
        LabelFormat::Email => ("an e-mail address", &["DL3058"]),
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
            let fault = match required.format {
                LabelFormat::Text => "is empty".to_owned(),
                _ => format!("is not {what}"),
            };
            let draft = sink.report(word.span(), format!("the label `{}` {fault}", required.name.value));
            draft.aliases(aliases).help(format!("write {what}"));
        }
    }
}
