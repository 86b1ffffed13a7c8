//! Practice 12: ENV that only the build needs.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::{Instruction, Keyword};
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "build-only-env",
    aliases: &[],
    practice: Some(12),
    level: Level::Info,
    by_policy: false,
    summary: say!(
        "a variable that only the build needs is set in every container",
        "只有构建才需要的变量出现在每个容器里"
    ),
    explanation: say!(
        "DEBIAN_FRONTEND keeps apt quiet during a build. As ENV it also changes how packages behave for whoever opens \
         a shell in the container later; as ARG it ends with the build.",
        "DEBIAN_FRONTEND 让 apt 在构建时不提问。写成 ENV，以后在容器里打开终端的人用软件包时也受影响；写成 ARG，构建结\
         束它就消失。"
    ),
    help: say!("write `ARG DEBIAN_FRONTEND=noninteractive`", "改写为 `ARG DEBIAN_FRONTEND=noninteractive`"),
    example: Example::new(
        "FROM debian:12.5\n\
         ENV DEBIAN_FRONTEND=noninteractive\n",
        "FROM debian:12.5\n\
         ARG DEBIAN_FRONTEND=noninteractive\n",
    ),
    check,
};

/// Whether the name is that of a list of packages for the build, which RUNs read and nothing else does.
fn is_build_list(context: &Context, name: &str) -> bool {
    let words: Vec<_> = name.split('_').collect();
    let list = matches!(words.last(), Some(&("DEPS" | "DEPENDENCIES" | "PACKAGES" | "PKGS")));
    if !list || !words.iter().any(|word| matches!(*word, "BUILD" | "DEV")) {
        return false;
    }
    let uses = |line: &Instruction| {
        let text = context.dockerfile.source.slice(line.span);
        [format!("${name}"), format!("${{{name}")].iter().any(|use_| text.contains(use_.as_str()))
    };
    let mut readers = context.dockerfile.instructions.iter().filter(|line| uses(line)).peekable();
    readers.peek().is_some() && readers.all(|line| line.is(Keyword::Run))
}

fn check(context: &Context, sink: &mut Sink) {
    let named = |name: &str| name == "DEBIAN_FRONTEND" || is_build_list(context, name);
    for (_, env) in context.shipped().filter(|(_, line)| line.is(Keyword::Env)) {
        for pair in env.pairs().iter().filter(|pair| named(pair.name.text())) {
            let name = pair.name.text();
            let draft = sink.report(pair.name.span(), say!("{name} is needed by the build only", "只有构建才需要 {name}", name));
            if name != "DEBIAN_FRONTEND" {
                draft.help(say!("write `ARG {name}=…`", "改写为 `ARG {name}=…`", name));
            }
        }
    }
}
