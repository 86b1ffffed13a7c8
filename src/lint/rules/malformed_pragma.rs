//! Comments of our own that allow nothing.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::pragma::PragmaFaultKind;
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "malformed-pragma",
    aliases: &[],
    practice: None,
    level: Level::Warning,
    by_policy: false,
    summary: say!(
        "a `# swrctl` comment that cannot be followed allows nothing",
        "无法执行的 `# swrctl` 注释不会放行任何问题"
    ),
    explanation: say!(
        "A comment that turns a rule off names rules that exist, says why, and has not run out. Otherwise it is not \
         followed.",
        "关闭规则的注释要写出存在的规则、说明原因，并且没有过期。否则不会生效。"
    ),
    help: say!(
        "write `# swrctl allow=RULE reason=TEXT` right above an instruction",
        "紧挨在指令上方写 `# swrctl allow=RULE reason=TEXT`"
    ),
    example: Example::new(
        "FROM alpine:3.20\n\
         # swrctl allow=sudo\n\
         RUN sudo apk add --no-cache curl\n",
        "FROM alpine:3.20\n\
         # swrctl allow=sudo reason=the script is shared with machines\n\
         RUN sudo apk add --no-cache curl\n",
    ),
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for fault in &context.pragmas.faults {
        let draft = sink.report(fault.span, fault.kind.message());
        match &fault.kind {
            PragmaFaultKind::UnknownRule { meant: Some(meant), .. } => draft.help(say!("write `{meant}`", "改写为 `{meant}`", meant)),
            PragmaFaultKind::NoReason => draft.help(say!(
                "add `reason=` and why the finding is acceptable",
                "加上 `reason=`，写明为什么可以接受这个问题"
            )),
            PragmaFaultKind::WithinInstruction => draft.help(say!(
                "write it right above the instruction",
                "写在指令的正上方"
            )),
            PragmaFaultKind::NoEquals => draft.help(say!("write `# hadolint ignore=RULE`", "改写为 `# hadolint ignore=RULE`")),
            PragmaFaultKind::BadDate { .. } => {
                draft.help(say!("write the day like `until=2027-01-31`", "日期写成 `until=2027-01-31` 的样子"))
            },
            PragmaFaultKind::Expired { .. } => {
                draft.help(say!("fix the finding, or give the comment a new day", "修复这个问题，或者给注释一个新的日期"))
            },
            _ => draft,
        };
    }
}
