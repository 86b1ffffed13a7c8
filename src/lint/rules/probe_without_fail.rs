//! Practice 16: a probe that cannot fail.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;
use crate::dockerfile::shell::Invocation;
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "probe-without-fail",
    aliases: &[],
    practice: Some(16),
    level: Level::Warning,
    by_policy: false,
    summary: say!(
        "curl ends well whatever the server answers, unless `--fail` is given",
        "除非写了 `--fail`，否则服务器怎样应答 curl 都算成功"
    ),
    explanation: say!(
        "Without `--fail` an answer of 500 counts as healthy, so that the check only notices a server that is gone \
         altogether.",
        "不写 `--fail` 时，应答 500 也算健康，检查只能发现完全消失的服务器。"
    ),
    help: say!("write `curl --fail`", "改写为 `curl --fail`"),
    example: Example::new(
        "FROM nginx:1.27\n\
         HEALTHCHECK CMD curl http://localhost/ || exit 1\n",
        "FROM nginx:1.27\n\
         HEALTHCHECK CMD curl --fail http://localhost/ || exit 1\n",
    ),
    check,
};

fn fails(curl: &Invocation) -> bool {
    ["--fail", "--fail-with-body", "-f"].iter().any(|option| curl.has_option(option))
}

/// Programs that look at an answer.
fn examines(invocation: &Invocation) -> bool {
    matches!(invocation.program(), "grep" | "egrep" | "fgrep" | "jq" | "awk" | "test" | "[")
}

fn check(context: &Context, sink: &mut Sink) {
    for (index, _) in context.every(Keyword::Healthcheck) {
        let commands = &context.script(index).invocations;
        let examined = commands.iter().rev().find(|command| examines(command)).map_or(0, |command| command.span.start);
        for curl in commands.iter().filter(|command| command.program() == "curl" && !fails(command)) {
            let writes_status = curl.has_option("-w") || curl.has_option("--write-out");
            if !writes_status && examined < curl.span.end {
                sink.report(curl.span, say!("this probe is content with an answer of 500", "应答 500 也能通过这个检查"));
            }
        }
    }
}
