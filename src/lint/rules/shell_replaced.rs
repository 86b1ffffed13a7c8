//! /bin/sh made a link to another shell.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "shell-replaced",
    aliases: &["DL4005"],
    practice: None,
    level: Level::Info,
    by_policy: false,
    summary: say!(
        "a link over /bin/sh changes the shell of every program in the image",
        "用链接替换 /bin/sh 会改变镜像里所有程序的 shell"
    ),
    explanation: say!(
        "Scripts of the system's packages are written for its own shell. SHELL changes the one that RUN uses, and \
         nothing else.",
        "系统软件包的脚本是为系统自己的 shell 写的。SHELL 只改变 RUN 使用的 shell，不影响其他。"
    ),
    help: say!(
        "write `SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]`",
        "改写为 `SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]`"
    ),
    example: Example::new(
        "FROM debian:12.5\n\
         RUN ln -sf /bin/bash /bin/sh\n",
        "FROM debian:12.5\n\
         SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\n",
    ),
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for (_, command) in context.run_commands().filter(|(_, command)| command.program() == "ln") {
        let replaced = command.operands().last().filter(|_| command.operands().count() > 1);
        if let Some(link) = replaced.filter(|word| matches!(word.text(), "/bin/sh" | "/usr/bin/sh")) {
            let message = say!(
                "`{path}` becomes another shell for the whole image",
                "`{path}` 在整个镜像里变成了另一个 shell",
                path = link.text()
            );
            sink.report(link.span, message).beyond_hadolint(link.text() != "/bin/sh");
        }
    }
}
