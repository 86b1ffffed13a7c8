//! What ShellCheck finds in shell text.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::shellcheck::ShellFindingKind;
use crate::diag::{Wording, say};

pub(super) static RULE: Rule = Rule {
    name: "shellcheck",
    aliases: &[],
    practice: None,
    level: Level::Error,
    by_policy: false,
    summary: say!("the program ShellCheck finds a fault in shell text", "程序 ShellCheck 在 shell 文本里发现了问题"),
    explanation: say!(
        "Shell text of RUN, CMD, ENTRYPOINT and HEALTHCHECK, and here-documents are given to the program `shellcheck` \
         where it is installed, with the stage's shell and with its variables set; in the profile `all` the \
         entrypoint script too. The finding has the level that ShellCheck gives it, and the \
         code as its second name: `allow \"SC2086\"`, `# hadolint ignore=SC2086`. SC1090, SC1091 and SC2187 are left \
         out, for they say nothing about a Dockerfile.",
        "RUN、CMD、ENTRYPOINT 和 HEALTHCHECK 的 shell 文本、here-document，会交给已安装的程序 `shellcheck`，使用该阶段\
         的 shell，并设好它的变量；在 `all` 配置集中还包括入口脚本。问题的级别由 ShellCheck 给出，\
         代码是它的第二个名字：`allow \"SC2086\"`、`# hadolint ignore=SC2086`。SC1090、SC1091 和 SC2187 不报告，因为\
         它们对 Dockerfile 没有意义。"
    ),
    help: say!("read what ShellCheck's wiki says about the code", "阅读 ShellCheck 的 wiki 对该代码的说明"),
    example: Example::new(
        "FROM debian:12.5\n\
         ENV TARGET=/srv\n\
         RUN cp -r /etc/skel $TARGET\n",
        "FROM debian:12.5\n\
         ENV TARGET=/srv\n\
         RUN cp -r /etc/skel \"$TARGET\"\n",
    ),
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for finding in &context.build.shell {
        let draft = match &finding.kind {
            ShellFindingKind::Comment { code, level, message } => {
                let draft = sink.report(finding.span, Wording::same(message));
                draft.aliases(code.aliases()).weighed(*level).help(say!("see {page}", "参见 {page}", page = code.wiki()))
            }
            ShellFindingKind::Unchecked { reason, help } => {
                let draft = sink.report(
                    finding.span,
                    say!("ShellCheck says nothing about this: {reason}", "ShellCheck 没有检查这里：{reason}", reason),
                );
                draft.weighed(Level::Error).help(help.clone())
            }
        };
        if let Some((source, span)) = &finding.elsewhere {
            draft.label_in(source, *span, say!("here", "在这里"));
        }
    }
}
