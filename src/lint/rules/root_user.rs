//! Images that end as root.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::{Instruction, Keyword};
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "root-user",
    aliases: &["DL3002"],
    practice: None,
    level: Level::Info,
    by_policy: false,
    summary: say!(
        "the last USER is root, so that the container runs as root",
        "最后一条 USER 是 root，容器以 root 身份运行"
    ),
    explanation: say!(
        "Whoever breaks out of a process that runs as root is root on the node, unless user namespaces keep them \
         apart. A stage that is not part of the image may do as it likes.",
        "从以 root 运行的进程里逃逸出来的人，在节点上也是 root，除非用户命名空间把两者隔开。不属于最终镜像的阶段不受限\
         制。"
    ),
    help: say!(
        "switch to another user after the last step that needs root",
        "在最后一个需要 root 的步骤之后切换到其他用户"
    ),
    example: Example::new(
        "FROM alpine:3.20\n\
         USER root\n\
         CMD [\"app\"]\n",
        "FROM alpine:3.20\n\
         USER 10001\n\
         CMD [\"app\"]\n",
    ),
    check,
};

fn is_root(user: &str) -> bool {
    matches!(user.split(':').next(), Some("root" | "0"))
}

/// The last USER of the final image; hadolint judges every stage by itself.
fn last_users<'a>(context: &Context<'a>) -> Vec<&'a Instruction> {
    let dockerfile = context.dockerfile;
    if context.as_hadolint() {
        let stages = (0..dockerfile.stages.len()).filter(|index| dockerfile.stages[*index].from.is_some());
        let last = |stage| dockerfile.stage_instructions(stage).iter().rfind(|line| line.is(Keyword::User));
        stages.filter_map(last).collect()
    } else {
        let users = context.shipped().map(|(_, instruction)| instruction).filter(|line| line.is(Keyword::User));
        users.last().into_iter().collect()
    }
}

fn check(context: &Context, sink: &mut Sink) {
    let users = last_users(context).into_iter().filter_map(|user| user.words().first());
    for word in users.filter(|word| is_root(word.text())) {
        let message = say!("the image runs as `{user}`", "镜像以 `{user}` 身份运行", user = word.text());
        sink.report(word.span(), message).beyond_hadolint(word.raw.as_str() != word.text());
    }
}
