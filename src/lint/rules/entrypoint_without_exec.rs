//! Practice 9: `exec` in the script that a container starts with.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::start_script::Origin;
use super::super::start_text::shell_script;
use crate::dockerfile::shell::ShellReader;
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "entrypoint-without-exec",
    aliases: &[],
    practice: Some(9),
    level: Level::Warning,
    by_policy: false,
    summary: say!(
        "a program that the entrypoint script starts without `exec` gets no signals",
        "入口脚本不用 `exec` 启动的程序收不到信号"
    ),
    explanation: say!(
        "The shell stays process 1 and passes SIGTERM on to nobody: the program is killed after the grace period, in \
         the middle of what it does. `exec` puts the program in the shell's place. Every path through the script has \
         to end so; scripts that handle signals by `trap` are not reported. The script is found through WORKDIR and \
         COPY, in the build context or in a here-document.",
        "shell 仍是 1 号进程，不会把 SIGTERM 转给任何人：宽限期一过，程序在工作中途被强行终止。`exec` 让程序取代 \
         shell。脚本的每条路径都必须这样结束；用 `trap` 处理信号的脚本不报告。查找脚本时会经过 WORKDIR 和 COPY，在构\
         建上下文或 here-document 里寻找。"
    ),
    help: say!("start the last program of the script with `exec`", "用 `exec` 启动脚本的最后一个程序"),
    example: Example::new(
        "FROM alpine:3.20\n\
         COPY --chmod=755 <<EOF /start.sh\n\
         #!/bin/sh\n\
         /usr/bin/server --port 8080\n\
         EOF\n\
         ENTRYPOINT [\"/start.sh\"]\n",
        "FROM alpine:3.20\n\
         COPY --chmod=755 <<EOF /start.sh\n\
         #!/bin/sh\n\
         exec /usr/bin/server --port 8080\n\
         EOF\n\
         ENTRYPOINT [\"/start.sh\"]\n",
    ),
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    let Some((start, origin, text)) = shell_script(context) else { return };
    for ending in ShellReader::default().endings(&text.lines()) {
        let program = &ending.words[0];
        let span = program.span.join(ending.words.last().map_or(program.span, |word| word.span));
        let line = text.source.position(span.start).line;
        let written = text.source.slice(program.span);
        let message = say!(
            "the script runs `{written}` on line {line} without `exec`",
            "脚本在第 {line} 行运行 `{written}` 时没有用 `exec`",
            written,
            line
        );
        match origin {
            Origin::Inline { .. } => {
                sink.report(span, message).label(start.span, say!("the container starts with the script", "容器从这个脚本启动"))
            }
            _ => {
                let behind = text.source.text()[span.end..].trim_start();
                let label = if behind.starts_with('&') && !behind.starts_with("&&") {
                    say!("write `exec` in front of this, without `&` and `wait`", "在它前面写 `exec`，去掉 `&` 和 `wait`")
                } else {
                    say!("write `exec` in front of this", "在它前面写 `exec`")
                };
                sink.report(start.span, message).label_in(&text.source, span, label)
            }
        };
    }
}
