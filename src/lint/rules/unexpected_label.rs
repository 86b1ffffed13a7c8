//! Practice 15: labels beyond those that the policy names.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::{LabelPolicy, Level};
use super::super::rule::{Rule, Sink};
use super::label_format::labels;
use crate::diag::{did_you_mean, say};

pub(super) static RULE: Rule = Rule {
    name: "unexpected-label",
    aliases: &["DL3050"],
    practice: Some(15),
    level: Level::Error,
    by_policy: true,
    summary: say!("the policy forbids this label", "策略禁止这个 LABEL"),
    explanation: say!(
        "`forbid` names labels that no image may have. With `forbid-others` the list of required labels is complete: \
         another label is a misspelt or a private one.",
        "`forbid` 列出任何镜像都不能有的 LABEL。写了 `forbid-others` 之后，必需的 LABEL 列表就是完整的：其他 LABEL 不是\
         拼写错误，就是私人用途。"
    ),
    help: say!(
        "delete the label, or add it to `labels` of the project file",
        "删除这个 LABEL，或者把它加入项目文件的 `labels`"
    ),
    example: Example::new(
        "FROM alpine:3.20\n\
         LABEL org.opencontainers.image.sources=\"https://git.example.com/portal\"\n",
        "FROM alpine:3.20\n\
         LABEL org.opencontainers.image.source=\"https://git.example.com/portal\"\n",
    )
    .under("labels { require \"org.opencontainers.image.source\"; forbid-others true; }"),
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    let LabelPolicy { required, forbidden, forbid_others } = &context.policy.labels;
    if forbidden.is_empty() && !forbid_others {
        return;
    }
    let forbidden: Vec<_> = forbidden.iter().map(|glob| glob.compile_matcher()).collect();
    for pair in labels(context) {
        let name = pair.name.text();
        if forbidden.iter().any(|glob| glob.is_match(name)) {
            let draft = sink.report(pair.name.span(), say!("the policy forbids the label `{name}`", "策略禁止 LABEL `{name}`", name));
            draft.help(say!("delete the label", "删除这个 LABEL"));
            continue;
        }
        if !forbid_others || required.iter().any(|required| required.name.value == name) {
            continue;
        }
        let meant = did_you_mean(name, required.iter().map(|required| required.name.value.as_str()));
        let message =
            say!("the label `{name}` is not one that the policy names", "LABEL `{name}` 不在策略列出的范围内", name);
        let draft = sink.report(pair.name.span(), message);
        if let Some(meant) = meant {
            draft.help(say!("write `{meant}`", "改写为 `{meant}`", meant));
        }
    }
}
