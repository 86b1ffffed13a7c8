//! Practice 1: one process in a container.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::start_text::shell_script;
use crate::dockerfile::Keyword;
use crate::dockerfile::shell::{Invocation, ShellReader, ShellWord};
use crate::diag::{Wording, say};

pub(super) static RULE: Rule = Rule {
    name: "many-processes",
    aliases: &[],
    practice: Some(1),
    level: Level::Warning,
    by_policy: false,
    summary: say!(
        "a container runs one program: its end is the container's end",
        "一个容器运行一个程序：程序结束，容器也就结束"
    ),
    explanation: say!(
        "With several programs in one container nothing notices when one of them dies, logs are mixed, signals reach \
         only one of them, and none can be scaled or updated alone.",
        "一个容器里有多个程序时，其中一个死掉没有人察觉，日志混在一起，信号只到达其中一个，也无法单独扩缩或升级。"
    ),
    help: say!(
        "start one program, and give each of the others an image of its own",
        "只启动一个程序，其余的各用自己的镜像"
    ),
    example: Example::new(
        "FROM debian:12.5\n\
         CMD service nginx start && exec php-fpm -F\n",
        "FROM debian:12.5\n\
         CMD [\"php-fpm\", \"-F\"]\n",
    ),
    check,
};

/// Programs whose task is to start others.
#[rustfmt::skip] // as a block of words
const SUPERVISORS: [&str; 10] = [
    "supervisord", "s6-svscan", "runsvdir", "runsvdir-start", "circusd", "monit", "systemd", "systemctl", "forego",
    "honcho",
];

fn supervises(invocation: &Invocation) -> bool {
    let (program, path) = (invocation.program(), invocation.words[0].text());
    SUPERVISORS.contains(&program) || (program == "init" && path.starts_with('/') && path != "/init")
}

fn starts_service(invocation: &Invocation) -> bool {
    let (program, path) = (invocation.program(), invocation.words[0].text());
    (program == "service" && invocation.operands().nth(1).is_some_and(|verb| verb.text() == "start"))
        || (path.starts_with("/etc/init.d/") && invocation.operands().any(|verb| verb.text() == "start"))
}

/// What is wrong with a command that starts others.
fn said_of(invocation: &Invocation) -> Option<(&Invocation, Wording)> {
    if supervises(invocation) {
        let message = say!(
            "`{program}` starts several programs in one container",
            "`{program}` 在一个容器里启动多个程序",
            program = invocation.program()
        );
        return Some((invocation, message));
    }
    starts_service(invocation).then(|| {
        let words: Vec<_> = invocation.words.iter().map(ShellWord::text).collect();
        let message = say!(
            "`{command}` starts a program beside the container's own",
            "`{command}` 在容器自己的程序之外又启动一个程序",
            command = words.join(" ")
        );
        (invocation, message)
    })
}

/// The script that the container starts with; what it sends to the background may be its own preparation.
fn check_script(context: &Context, sink: &mut Sink) {
    let Some((start, _, text)) = shell_script(context) else { return };
    let script = ShellReader::default().read(&text.lines());
    for (invocation, message) in script.invocations.iter().filter_map(said_of) {
        let line = text.source.position(invocation.span.start).line;
        let message = say!("the script's line {line}: {message}", "脚本第 {line} 行：{message}", line, message);
        sink.report(start.span, message).label_in(&text.source, invocation.span, say!("here", "在这里"));
    }
}

fn check(context: &Context, sink: &mut Sink) {
    for (instruction, script) in context.scripts() {
        if !matches!(*instruction.keyword, Keyword::Cmd | Keyword::Entrypoint) {
            continue;
        }
        if let Some(first) = script.background.first() {
            let draft = sink.report(*first, say!("`&` starts a second program in the container", "`&` 在容器里启动第二个程序"));
            for other in &script.background[1..] {
                draft.label(*other, say!("and another one", "又一个"));
            }
        }
        for (invocation, message) in script.invocations.iter().filter_map(said_of) {
            sink.report(invocation.span, message);
        }
    }
    check_script(context, sink);
}
