//! Practice 3: package lists refreshed in one RUN, packages installed in another.

use super::super::context::Context;
use super::super::example::Example;
use super::super::fix::is_bystander;
use super::super::packages::{Manager, package_command};
use super::super::paths::is_within;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::work::builds;
use crate::diag::{Span, say};
use crate::dockerfile::Keyword;
use crate::dockerfile::shell::{Invocation, Script, ShellWord};

pub(super) static RULE: Rule = Rule {
    name: "split-update-install",
    aliases: &[],
    practice: Some(3),
    level: Level::Warning,
    by_policy: false,
    summary: say!(
        "package lists of a cached layer grow old, and what is installed from them is old or gone",
        "缓存层里的软件包列表会变旧，从中安装的软件包也会过时甚至消失"
    ),
    explanation: say!(
        "The RUN with `update` is taken from the cache for as long as its text stays the same. A package added to the \
         RUN with `install` then comes from lists of the day on which the first was built: an old version, or a \
         download that fails because the repository has moved on.",
        "只要文本不变，带 `update` 的 RUN 就一直取自缓存。以后在带 `install` 的 RUN 里增加的软件包，来自第一次构建那天\
         的列表：不是旧版本，就是因为软件源已经更新而下载失败。"
    ),
    help: say!("write `update` and `install` in one RUN", "把 `update` 和 `install` 写在同一条 RUN 里"),
    example: Example::new(
        "FROM debian:12.5\n\
         RUN apt-get update\n\
         RUN apt-get install -y curl\n",
        "FROM debian:12.5\n\
         RUN apt-get update && apt-get install -y curl\n",
    ),
    check,
};

/// A refresh that later RUNs rely on.
#[derive(Clone, Copy, Debug)]
struct Refresh {
    manager: Manager,
    place: Span,
    /// The same RUN deletes what it fetched.
    deleted: bool,
}

/// Whether a command may fetch lists by itself: a script, or a program that runs the package manager.
fn may_refresh(invocation: &Invocation) -> bool {
    package_command(invocation).is_none() && !is_bystander(invocation) && !builds(invocation)
}

fn deletes_lists(script: &Script) -> bool {
    let lists = |word: &ShellWord| is_within(word.text(), "/var/lib/apt/lists");
    script.invocations.iter().any(|command| command.program() == "rm" && command.operands().any(lists))
}

fn check(context: &Context, sink: &mut Sink) {
    let dockerfile = context.dockerfile;
    let mut known: Vec<Option<Refresh>> = Vec::with_capacity(dockerfile.stages.len());
    for (index, stage) in dockerfile.stages.iter().enumerate() {
        let mut before = dockerfile.ancestry(index).nth(1).and_then(|parent| known[parent]);
        for at in stage.instructions.clone() {
            if !dockerfile.instructions[at].is(Keyword::Run) {
                continue;
            }
            let mut here: Option<Refresh> = None;
            let script = context.script(at);
            for invocation in &script.invocations {
                if may_refresh(invocation) {
                    (before, here) = (None, None);
                }
                let Some(command) = package_command(invocation) else { continue };
                let place = command.invocation.words[0].span.join(command.verb.span);
                if command.refreshes() {
                    here = Some(Refresh { manager: command.manager, place, deleted: deletes_lists(script) });
                } else if let Some(refresh) = before
                    && refresh.manager == command.manager
                    && here.is_none()
                    && command.installs_from_lists()
                {
                    let message = say!(
                        "`{command}` relies on the package lists of an earlier RUN",
                        "`{command}` 依赖前面某条 RUN 的软件包列表",
                        command = command.name()
                    );
                    let fetched = if refresh.deleted {
                        say!("fetched here, and deleted in the same RUN", "在这里下载，又在同一条 RUN 里删除")
                    } else {
                        say!("fetched here", "在这里下载")
                    };
                    sink.report(place, message).label(refresh.place, fetched);
                    break;
                }
            }
            before = here.or(before);
        }
        known.push(before);
    }
}
