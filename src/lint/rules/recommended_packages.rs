//! Packages that nobody asked for.

use super::super::context::Context;
use super::super::data::recommends::need_no_more;
use super::super::example::Example;
use super::super::fix::option;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::packages::{Manager, PackageCommand, package_command, package_name};
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "recommended-packages",
    aliases: &["DL3015"],
    practice: None,
    level: Level::Off,
    by_policy: false,
    summary: say!(
        "apt-get installs recommended packages too, unless it is told not to",
        "不特别说明时，apt-get 也会安装推荐的软件包"
    ),
    explanation: say!(
        "Recommended packages make the image larger, and bring vulnerabilities of programs that nobody uses.",
        "推荐的软件包使镜像变大，还带来没有人使用的程序的漏洞。"
    ),
    help: say!("write `apt-get install --no-install-recommends`", "改写为 `apt-get install --no-install-recommends`"),
    example: Example::new(
        "FROM debian:12.5\n\
         RUN apt-get update && apt-get install -y curl\n",
        "FROM debian:12.5\n\
         RUN apt-get update && apt-get install -y --no-install-recommends curl\n",
    ),
    check,
};

fn is_told_not_to(command: &PackageCommand) -> bool {
    let setting = |word: &str| {
        let value = word.split_once("APT::Install-Recommends=").map(|(_, value)| value.trim_matches('"'));
        value.is_some_and(|value| matches!(value, "0" | "false" | "no" | "off"))
    };
    command.invocation.has_option("--no-install-recommends")
        || command.invocation.arguments().iter().any(|word| setting(word.text()))
}

fn check(context: &Context, sink: &mut Sink) {
    for (run, invocation) in context.run_commands() {
        let Some(command) = package_command(invocation) else { continue };
        if command.manager == Manager::Apt && command.installs() && !is_told_not_to(&command) {
            let message = say!(
                "`{command}` brings recommended packages too",
                "`{command}` 也会带来推荐的软件包",
                command = command.name()
            );
            let draft = sink.report(invocation.words[0].span.join(command.verb.span), message);
            // aptitude calls it otherwise.
            let known = matches!(invocation.program(), "apt-get" | "apt");
            let names: Vec<_> = command.operands.iter().map(|word| package_name(word.text())).collect();
            let fix = option(run, command.verb, "--no-install-recommends");
            draft.fix(fix.filter(|_| known && need_no_more(&names)));
        }
    }
}
