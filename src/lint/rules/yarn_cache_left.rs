//! yarn's cache left in a layer.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::package_lists_left::is_mounted;
use crate::dockerfile::shell::{Invocation, ShellWord};

pub(super) static RULE: Rule = Rule {
    name: "yarn-cache-left",
    aliases: &["DL3060"],
    practice: None,
    level: Level::Info,
    by_policy: false,
    summary: "yarn keeps every package in its cache, and the cache stays in the layer",
    explanation: "Nothing in a running container reads yarn's cache; it only makes the image larger.",
    help: "end the RUN with `yarn cache clean`, or mount a cache over it",
    check,
};

fn verb(command: &Invocation) -> Option<&str> {
    command.operands().next().map(ShellWord::text)
}

fn check(context: &Context, sink: &mut Sink) {
    for (_, run, script) in context.shipped_runs() {
        if is_mounted(run, |target| target.contains("yarn") || target.contains(".cache")) {
            continue;
        }
        let commands = || script.invocations.iter().filter(|command| command.program() == "yarn");
        let Some(last) = commands().rfind(|command| verb(command) == Some("install")) else { continue };
        // `yarn cache clean`, or `rm -rf "$(yarn cache dir)"`.
        let cleaned = commands().any(|command| command.span > last.span && verb(command) == Some("cache"));
        if !cleaned {
            sink.report(last.span, "`yarn install` leaves its cache in the image");
        }
    }
}
