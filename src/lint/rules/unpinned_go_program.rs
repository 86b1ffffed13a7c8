//! Go programs without a version.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::shell::ShellWord;

pub(super) static RULE: Rule = Rule {
    name: "unpinned-go-program",
    aliases: &["DL3062"],
    practice: None,
    level: Level::Info,
    by_policy: false,
    summary: "a Go program without a version is another one with every build",
    explanation: "Without a version `go install` takes whatever is newest, or what a go.mod that happens to be there \
                  says. Paths of the module itself are not meant.",
    help: "write `go install path@version`",
    check,
};

/// Whether it is a path on some server, without a version.
fn is_unpinned(word: &ShellWord) -> bool {
    let (path, version) = word.text().split_once('@').unwrap_or((word.text(), ""));
    let server = path.split_once('/').is_some_and(|(server, _)| server.contains('.') && !server.starts_with('.'));
    !word.dynamic && server && matches!(version, "" | "latest")
}

fn check(context: &Context, sink: &mut Sink) {
    for (_, command) in context.run_commands().filter(|(_, command)| command.program() == "go") {
        let mut operands = command.operands();
        let verb = operands.next().map(ShellWord::text);
        let packages = match verb {
            Some("install" | "get") => usize::MAX,
            Some("run") => 1,
            _ => continue,
        };
        for package in operands.take(packages).filter(|word| is_unpinned(word)) {
            sink.report(package.span, format!("`{}` names no version", package.text()));
        }
    }
}
