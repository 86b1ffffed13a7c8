//! Two programs for downloads.

use std::collections::{BTreeSet, HashMap};

use super::super::context::Context;
use super::super::example::Example;
use super::super::hadolint::sight::is_called_by_name;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;
use crate::dockerfile::shell::Invocation;
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "wget-and-curl",
    aliases: &["DL4001"],
    practice: None,
    level: Level::Off,
    by_policy: false,
    summary: say!("wget and curl do the same: an image needs one of them", "wget 和 curl 作用相同：镜像只需要一个"),
    explanation: say!(
        "Two programs make the image larger and mean two sets of vulnerabilities.",
        "两个程序使镜像变大，也带来两份漏洞。"
    ),
    help: say!("use one of them in a stage", "一个阶段只使用其中一个"),
    example: Example::new(
        "FROM debian:12.5\n\
         RUN curl -fsSLO https://example.com/a\n\
         RUN wget -q https://example.com/b\n",
        "FROM debian:12.5\n\
         RUN curl -fsSLO https://example.com/a\n\
         RUN curl -fsSLO https://example.com/b\n",
    ),
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    let mut used: HashMap<Option<usize>, BTreeSet<&str>> = HashMap::new();
    for (index, _) in context.every(Keyword::Run) {
        let used = used.entry(context.stage_of(index)).or_default();
        let commands = &context.script(index).invocations;
        let seen = |command: &Invocation| !context.as_hadolint() || is_called_by_name(command);
        let downloads = commands.iter().filter(|command| matches!(command.program(), "wget" | "curl") && seen(command));
        let mut second = downloads.filter(|command| {
            used.insert(command.program());
            used.len() > 1
        });
        if let Some(command) = second.next() {
            sink.report(command.words[0].span, say!("this stage uses both wget and curl", "这个阶段既用 wget 又用 curl"));
        }
    }
}
