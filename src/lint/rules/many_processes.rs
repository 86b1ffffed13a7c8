//! Practice 1: one process in a container.

use super::super::context::Context;
use super::super::data::daemons::DAEMONS;
use super::super::data::servers::SERVERS;
use super::super::example::Example;
use super::super::packages::matches;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::start_text::shell_script;
use crate::dockerfile::shell::{Invocation, Script, ShellReader, ShellWord};
use crate::dockerfile::{Keyword, Text};
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

/// Whether a command leaves the foreground.
fn is_daemon(invocation: &Invocation) -> bool {
    let says = |words: &[&str]| invocation.arguments().iter().any(|word| words.contains(&word.text()));
    DAEMONS.iter().any(|daemon| {
        matches(daemon.program, invocation.program())
            && (daemon.told.is_empty() || says(daemon.told))
            && !says(daemon.unless)
            && !invocation.arguments().iter().any(|word| word.dynamic)
    })
}

/// Programs that went to the background before the one that the container is for; none where something stops them again.
/// `parted` says whether two commands are of different paths through the script.
fn left_behind(script: &Script, parted: impl Fn(&Invocation, &Invocation) -> bool) -> Vec<(&Invocation, Wording)> {
    const STOPS: [&str; 5] = ["kill", "killall", "mysqladmin", "pkill", "redis-cli"];
    let commands = &script.invocations;
    let stops = |command: &Invocation| {
        let text = |word: &ShellWord| matches!(word.text(), "stop" | "quit" | "shutdown" | "-s");
        STOPS.contains(&command.program()) || command.arguments().iter().any(text)
    };
    if commands.iter().any(stops) {
        return Vec::new();
    }
    let daemons = commands.iter().enumerate().filter(|(at, command)| {
        let follows = commands[at + 1..].iter().any(|next| !PREPARING.contains(&next.program()));
        let sent = script.background.iter().any(|sign| {
            sign.start >= command.span.end && commands.get(at + 1).is_none_or(|next| sign.end <= next.span.start)
        });
        follows && !sent && is_daemon(command) && !parted(command, &commands[at + 1])
    });
    daemons
        .map(|(_, command)| {
            let message = say!(
                "`{program}` goes to the background, beside the container's own program",
                "`{program}` 转入后台，与容器自己的程序并存",
                program = command.program()
            );
            (command, message)
        })
        .collect()
}

/// Commands that end by themselves.
const PREPARING: [&str; 12] =
    ["cat", "chmod", "chown", "cp", "echo", "ln", "mkdir", "mv", "printf", "rm", "set", "touch"];

/// Servers and the container's own arguments that a script sends to the background, where it goes on with something
/// else; other programs there may be its preparation.
fn sent_to_background<'s>(script: &'s Script, text: &Text) -> Vec<(&'s Invocation, Wording)> {
    let stops = |command: &Invocation| matches!(command.program(), "kill" | "pkill" | "killall" | "mysqladmin" | "trap");
    if script.invocations.iter().any(stops) {
        return Vec::new();
    }
    let sent = script.background.iter().filter_map(|sign| {
        let command = script.invocations.iter().rfind(|command| command.span.end <= sign.start)?;
        let between = text.as_str().get(text.offset_of(command.span.end)..text.offset_of(sign.start))?;
        // `( … ) &`, `done &`: a loop of its own.
        let alone = !between.contains([')', '}', ';', '\n']) && !between.contains("done") && !between.contains("fi");
        alone.then_some(command)
    });
    let sent: Vec<_> = sent.collect();
    let is_sent = |command: &Invocation| sent.iter().any(|other| other.span == command.span);
    // What the shell does next decides: it waits, or runs something else.
    let next = |command: &Invocation| {
        let mut behind = script.invocations.iter().filter(|other| other.span.start > command.span.end);
        behind.find(|other| !is_sent(other) && !PREPARING.contains(&other.program()))
    };
    let own = |command: &Invocation| matches!(command.words[0].text(), "$@" | "$*");
    let server = |command: &Invocation| SERVERS.iter().any(|server| server.programs.contains(&command.program()));
    let counts = |command: &&Invocation| match next(command).map(Invocation::program) {
        None | Some("exit") => false,
        Some("wait") => sent.len() > 1,
        Some(_) => own(command) || server(command),
    };
    let sent = sent.iter().copied().filter(counts);
    sent.map(|command| {
        let message = say!(
            "`{command}` is sent to the background, beside another program",
            "`{command}` 被放到后台，与另一个程序并存",
            command = command.words[0].text()
        );
        (command, message)
    })
    .collect()
}

/// `/init` of s6-overlay: it supervises.
fn is_s6(context: &Context, invocation: &Invocation) -> bool {
    invocation.words[0].text() == "/init" && context.dockerfile.source.text().contains("s6-overlay")
}

/// The script that the container starts with.
fn check_script(context: &Context, sink: &mut Sink) {
    let Some((start, _, text)) = shell_script(context) else { return };
    let lines = text.lines();
    let script = ShellReader::default().read(&lines);
    let mut said: Vec<_> = script.invocations.iter().filter_map(said_of).collect();
    let parted = |one: &Invocation, next: &Invocation| {
        let between = lines.as_str().get(lines.offset_of(one.span.end)..lines.offset_of(next.span.start));
        let words = between.unwrap_or(";;").split_whitespace();
        words.into_iter().any(|word| matches!(word, ";;" | "else" | "elif" | "esac" | "fi" | "}") || word.ends_with(";;"))
    };
    let stays = context.dockerfile.source.text().contains("daemon off") || lines.as_str().contains("daemon off");
    let left = left_behind(&script, parted).into_iter();
    said.extend(left.filter(|(command, _)| !(stays && command.program() == "nginx")));
    said.extend(sent_to_background(&script, &lines));
    said.sort_by_key(|(invocation, _)| invocation.span);
    for (invocation, message) in said {
        let line = text.source.position(invocation.span.start).line;
        let message = say!("the script's line {line}: {message}", "脚本第 {line} 行：{message}", line, message);
        sink.report(start.span, message).label_in(&text.source, invocation.span, say!("here", "在这里"));
    }
}

fn check(context: &Context, sink: &mut Sink) {
    // `nginx` alone stays in the foreground where its settings say so.
    let stays = context.dockerfile.source.text().contains("daemon off");
    for (instruction, script) in context.scripts() {
        if !matches!(*instruction.keyword, Keyword::Cmd | Keyword::Entrypoint) {
            continue;
        }
        if let Some(first) = script.background.first() {
            let draft = sink.report(*first, say!("`&` starts a second program in the container", "`&` 在容器里启动第二个程序"));
            for other in &script.background[1..] {
                draft.label(*other, say!("and another one", "又一个"));
            }
        } else {
            let settled = |command: &Invocation| stays && command.program() == "nginx";
            for (invocation, message) in left_behind(script, |_, _| false).into_iter().filter(|(command, _)| !settled(command)) {
                sink.report(invocation.span, message);
            }
        }
        for (invocation, message) in script.invocations.iter().filter_map(said_of) {
            sink.report(invocation.span, message);
        }
        if let Some(init) = script.invocations.iter().find(|command| is_s6(context, command)) {
            let message = say!("`/init` of s6 starts several programs in one container", "s6 的 `/init` 在一个容器里启动多个程序");
            sink.report(init.span, message);
        }
    }
    check_script(context, sink);
}
