//! Comments that the policy does not let turn rules off.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::{Level, PragmaPolicy};
use super::super::rule::{Rule, Sink};
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "pragma-not-allowed",
    aliases: &[],
    practice: None,
    level: Level::Error,
    by_policy: true,
    summary: say!("the policy does not let this comment turn rules off", "策略不允许用这条注释关闭规则"),
    explanation: say!(
        "With `pragmas \"need-reason\"` a comment says why, with `pragmas \"forbidden\"` exceptions stand in the project \
         file alone, where they are reviewed. The comment is not followed.",
        "设置 `pragmas \"need-reason\"` 时注释必须写明理由；设置 `pragmas \"forbidden\"` 时例外只能写在项目文件里，在那里\
         接受评审。这条注释不起作用。"
    ),
    help: say!(
        "delete it, and allow the rule in the project file where that is acceptable",
        "删除它；可以接受时，在项目文件里放行这条规则"
    ),
    example: Example::new(
        "# hadolint ignore=DL3006\n\
         FROM alpine\n",
        "# hadolint ignore=DL3006 # a trial\n\
         FROM alpine\n",
    )
    .under("pragmas \"need-reason\""),
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    let needs_reason = context.policy.pragmas == PragmaPolicy::NeedReason;
    for comment in &context.pragmas.refused {
        if needs_reason {
            let draft = sink.report(*comment, say!("the comment turns rules off without a reason", "注释关闭了规则，却没有写理由"));
            draft.help(say!(
                "write `# swrctl allow=RULE reason=TEXT`, or the reason behind a `#`: `ignore=RULE # TEXT`",
                "改写为 `# swrctl allow=RULE reason=TEXT`，或者把理由写在 `#` 之后：`ignore=RULE # TEXT`"
            ));
        } else {
            sink.report(*comment, say!("the policy forbids comments that turn rules off", "策略禁止用注释关闭规则"));
        }
    }
}
