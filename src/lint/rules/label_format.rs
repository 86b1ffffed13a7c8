//! Practice 15: values of labels in the format that the policy asks for.

use super::super::context::Context;
use super::super::example::Example;
use super::super::label_value::{Misfit, misfit};
use super::super::policy::{LabelFormat, Level, RequiredLabel};
use super::super::rule::{Rule, Sink};
use crate::dockerfile::{Keyword, Pair};
use crate::diag::say;

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

/// The labels of the final image, to hadolint those of all stages; a label set twice appears twice.
pub(super) fn labels<'a>(context: &Context<'a>) -> Vec<&'a Pair> {
    let every = context.every(Keyword::Label).filter(|(index, label)| {
        !label.on_build && (context.is_shipped(*index) || context.as_hadolint())
    });
    every.flat_map(|(_, instruction)| instruction.pairs()).collect()
}

/// What hadolint calls it: an empty value is that, and not in the format either.
const fn aliases(format: LabelFormat, is_empty: bool) -> &'static [&'static str] {
    match (format, is_empty) {
        (LabelFormat::Text, _) => &["DL3051"],
        (LabelFormat::Url, true) => &["DL3051", "DL3052"],
        (LabelFormat::Url, false) => &["DL3052"],
        (LabelFormat::Rfc3339, true) => &["DL3051", "DL3053"],
        (LabelFormat::Rfc3339, false) => &["DL3053"],
        (LabelFormat::Spdx, true) => &["DL3051", "DL3054"],
        (LabelFormat::Spdx, false) => &["DL3054"],
        (LabelFormat::Hash, true) => &["DL3051", "DL3055"],
        (LabelFormat::Hash, false) => &["DL3055"],
        (LabelFormat::Semver, true) => &["DL3051", "DL3056"],
        (LabelFormat::Semver, false) => &["DL3056"],
        (LabelFormat::Email, true) => &["DL3051", "DL3058"],
        (LabelFormat::Email, false) => &["DL3058"],
    }
}

fn check(context: &Context, sink: &mut Sink) {
    let labels = labels(context);
    for RequiredLabel { name, format } in &context.policy.labels.required {
        let pairs = labels.iter().filter(|pair| pair.name.text() == name.value);
        for word in pairs.filter_map(|pair| pair.value.as_ref()) {
            // What only the build knows is not judged.
            let Some(value) = word.value.as_deref() else { continue };
            let Some(Misfit { wanted, help }) = misfit(*format, value) else { continue };
            let is_empty = value.trim().is_empty();
            let message = if is_empty {
                say!("the label `{name}` is empty", "LABEL `{name}` 是空的", name = name.value)
            } else {
                say!("the label `{name}` is not {wanted}", "LABEL `{name}` 的格式应为：{wanted}", name = name.value, wanted)
            };
            let help = help.filter(|_| !is_empty).unwrap_or_else(|| say!("write {wanted}", "写成：{wanted}", wanted));
            sink.report(word.span(), message).aliases(aliases(*format, is_empty)).help(help);
        }
    }
}
