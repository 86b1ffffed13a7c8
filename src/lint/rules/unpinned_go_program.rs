//! Go programs without a version.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::shell::ShellWord;
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "unpinned-go-program",
    aliases: &["DL3062"],
    practice: None,
    level: Level::Info,
    by_policy: false,
    summary: say!(
        "a Go program without a version is another one with every build",
        "不写版本的 Go 程序，每次构建都可能不同"
    ),
    explanation: say!(
        "Without a version `go install` takes whatever is newest, or what a go.mod that happens to be there says. \
         Paths of the module itself are not meant.",
        "不写版本时，`go install` 取最新的版本，或者取恰好存在的 go.mod 里写的版本。模块自己的路径不在此列。"
    ),
    help: say!("write `go install path@version`", "改写为 `go install path@version`"),
    example: Example::new(
        "FROM golang:1.22\n\
         RUN go install example.com/tools/gen@latest\n",
        "FROM golang:1.22\n\
         RUN go install example.com/tools/gen@v1.4.2\n",
    ),
    check,
};

/// Whether it is a path on some server, without a version.
fn is_unpinned(word: &ShellWord) -> bool {
    let (path, version) = word.text().split_once('@').unwrap_or((word.text(), "latest"));
    let server = path.split_once('/').is_some_and(|(server, _)| server.contains('.') && !server.starts_with('.'));
    !word.dynamic && server && matches!(version, "latest" | "none")
}

fn check(context: &Context, sink: &mut Sink) {
    for (_, command) in context.run_commands().filter(|(_, command)| command.program() == "go") {
        // `go -C DIR install …`
        let changes = command.arguments().first().is_some_and(|word| word.text() == "-C");
        let mut operands = command.operands().skip(usize::from(changes));
        let verb = operands.next().map(ShellWord::text);
        let packages = match verb {
            Some("install" | "get") => usize::MAX,
            Some("run") => 1,
            _ => continue,
        };
        for package in operands.take(packages).filter(|word| is_unpinned(word)) {
            sink.report(package.span, say!("`{package}` names no version", "`{package}` 没有写明版本", package = package.text()));
        }
    }
}
