//! Images that end as root.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;
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

fn check(context: &Context, sink: &mut Sink) {
    let users = context.shipped().filter(|(_, instruction)| instruction.is(Keyword::User));
    let last = users.last().and_then(|(_, user)| user.words().first());
    if let Some(word) = last
        && is_root(word.text())
    {
        sink.report(word.span(), say!("the image runs as `{user}`", "镜像以 `{user}` 身份运行", user = word.text()));
    }
}
