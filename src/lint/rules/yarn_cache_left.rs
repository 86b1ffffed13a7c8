//! yarn's cache left in a layer.

use super::super::context::Context;
use super::super::example::Example;
use super::super::fix::yarn_cleaned;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::package_lists_left::is_mounted;
use crate::dockerfile::shell::{Invocation, ShellWord};
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "yarn-cache-left",
    aliases: &["DL3060"],
    practice: None,
    level: Level::Info,
    by_policy: false,
    summary: say!(
        "yarn keeps every package in its cache, and the cache stays in the layer",
        "yarn 把每个软件包都放进缓存，而缓存留在层里"
    ),
    explanation: say!(
        "Nothing in a running container reads yarn's cache; it only makes the image larger.",
        "运行中的容器不会读取 yarn 的缓存；它只会使镜像变大。"
    ),
    help: say!(
        "end the RUN with `yarn cache clean`, or mount a cache over it",
        "在 RUN 末尾写 `yarn cache clean`，或者在缓存上挂载缓存"
    ),
    example: Example::new(
        "FROM node:20.11-alpine\n\
         COPY package.json yarn.lock ./\n\
         RUN yarn install\n",
        "FROM node:20.11-alpine\n\
         COPY package.json yarn.lock ./\n\
         RUN yarn install && yarn cache clean\n",
    ),
    check,
};

/// Whether the command has this verb, also behind `--cwd DIR` and `workspace NAME`.
fn has_verb(command: &Invocation, verb: &str) -> bool {
    let mut words = command.operands().map(ShellWord::text);
    !matches!(words.next(), Some("run" | "add" | "exec") if verb == "install")
        && command.operands().any(|word| word.text() == verb)
}

fn check(context: &Context, sink: &mut Sink) {
    for (index, run, script) in context.shipped_runs() {
        if is_mounted(run, |target| target.contains("yarn") || target.contains(".cache")) {
            continue;
        }
        let commands = || script.invocations.iter().filter(|command| command.program() == "yarn");
        let Some(last) = commands().rfind(|command| has_verb(command, "install")) else { continue };
        // `yarn cache clean`, or `rm -rf "$(yarn cache dir)"`.
        let cleaned = commands().any(|command| command.span > last.span && has_verb(command, "cache"));
        if !cleaned {
            let draft = sink.report(last.span, say!("`yarn install` leaves its cache in the image", "`yarn install` 把缓存留在镜像里"));
            draft.fix(yarn_cleaned(context, index));
        }
    }
}
