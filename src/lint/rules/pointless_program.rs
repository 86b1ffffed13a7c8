//! Programs that have nothing to do in a container.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "pointless-program",
    aliases: &["DL3001"],
    practice: None,
    level: Level::Off,
    by_policy: false,
    summary: say!("a program that has nothing to do while an image is built", "构建镜像时用不上的程序"),
    explanation: say!(
        "A build has no terminal, no services and no mounts of its own: what these programs start or change is gone \
         with the RUN.",
        "构建没有终端，没有服务，也没有自己的挂载：这些程序启动或改变的东西在 RUN 结束时就没有了。"
    ),
    help: say!("leave the command out, or do it where the container runs", "去掉这个命令，或者在容器运行的地方执行"),
    example: Example::new(
        "FROM debian:12.5\n\
         RUN service nginx start\n",
        "FROM debian:12.5\n\
         CMD [\"nginx\", \"-g\", \"daemon off;\"]\n",
    ),
    check,
};

const PROGRAMS: [&str; 10] =
    ["free", "ifconfig", "kill", "mount", "ps", "service", "shutdown", "ssh", "top", "vim"];

fn check(context: &Context, sink: &mut Sink) {
    for (_, command) in context.run_commands() {
        let program = command.words[0].text();
        if PROGRAMS.contains(&program) {
            let message = say!("`{program}` has nothing to do in a build", "`{program}` 在构建中用不上", program);
            // hadolint documents ifconfig and does not report it.
            sink.report(command.words[0].span, message).beyond_hadolint(program == "ifconfig");
        }
    }
}
