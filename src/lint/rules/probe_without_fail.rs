//! Practice 16: a probe that cannot fail.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;
use crate::dockerfile::shell::Invocation;

pub(super) static RULE: Rule = Rule {
    name: "probe-without-fail",
    aliases: &[],
    practice: Some(16),
    level: Level::Warning,
    by_policy: false,
    summary: "curl ends well whatever the server answers, unless `--fail` is given",
    explanation: "Without `--fail` an answer of 500 counts as healthy, so that the check only notices a server \
                  that is gone altogether.",
    help: "write `curl --fail`",
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
                sink.report(curl.span, "this probe is content with an answer of 500");
            }
        }
    }
}
