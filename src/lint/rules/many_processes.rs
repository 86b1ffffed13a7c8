//! Practice 1: one process in a container.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::start_text::shell_script;
use crate::dockerfile::Keyword;
use crate::dockerfile::shell::{Invocation, ShellReader, ShellWord};

pub(super) static RULE: Rule = Rule {
    name: "many-processes",
    aliases: &[],
    practice: Some(1),
    level: Level::Warning,
    by_policy: false,
    summary: "a container runs one program: its end is the container's end",
    explanation: "With several programs in one container nothing notices when one of them dies, logs are mixed, \
                  signals reach only one of them, and none can be scaled or updated alone.",
    help: "start one program, and give each of the others an image of its own",
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
fn said_of(invocation: &Invocation) -> Option<(&Invocation, String)> {
    if supervises(invocation) {
        return Some((invocation, format!("`{}` starts several programs in one container", invocation.program())));
    }
    let words: Vec<_> = invocation.words.iter().map(ShellWord::text).collect();
    let message = || format!("`{}` starts a program beside the container's own", words.join(" "));
    starts_service(invocation).then(|| (invocation, message()))
}

/// The script that the container starts with; what it sends to the background may be its own preparation.
fn check_script(context: &Context, sink: &mut Sink) {
    let Some((start, _, text)) = shell_script(context) else { return };
    let script = ShellReader::default().read(&text.lines());
    for (invocation, message) in script.invocations.iter().filter_map(said_of) {
        let line = text.source.position(invocation.span.start).line;
        let draft = sink.report(start.span, format!("the script's line {line}: {message}"));
        draft.label_in(&text.source, invocation.span, "here");
    }
}

fn check(context: &Context, sink: &mut Sink) {
    for (instruction, script) in context.scripts() {
        if !matches!(*instruction.keyword, Keyword::Cmd | Keyword::Entrypoint) {
            continue;
        }
        if let Some(first) = script.background.first() {
            let draft = sink.report(*first, "`&` starts a second program in the container");
            for other in &script.background[1..] {
                draft.label(*other, "and another one");
            }
        }
        for (invocation, message) in script.invocations.iter().filter_map(said_of) {
            sink.report(invocation.span, message);
        }
    }
    check_script(context, sink);
}
