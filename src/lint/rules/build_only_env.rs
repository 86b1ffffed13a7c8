//! Practice 12: ENV that only the build needs.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;
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

fn check(context: &Context, sink: &mut Sink) {
    for (_, env) in context.shipped().filter(|(_, line)| line.is(Keyword::Env)) {
        for pair in env.pairs().iter().filter(|pair| pair.name.text() == "DEBIAN_FRONTEND") {
            sink.report(pair.name.span(), say!("DEBIAN_FRONTEND is needed by the build only", "只有构建才需要 DEBIAN_FRONTEND"));
        }
    }
}
