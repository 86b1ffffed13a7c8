//! Pragmas of hadolint that turn rules off without a reason.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "inline-ignore",
    aliases: &["DL1001"],
    practice: None,
    level: Level::Off,
    by_policy: false,
    summary: say!("a comment turns rules off without saying why or until when", "注释关闭了规则，却没有说明原因和期限"),
    explanation: say!(
        "hadolint's `ignore=` holds for ever and gives no reason; a `# swrctl allow=` names one, and ends on a day.",
        "hadolint 的 `ignore=` 永远有效，也不写原因；`# swrctl allow=` 写明原因，到期失效。"
    ),
    help: say!(
        "write `# swrctl allow=RULE until=DATE reason=TEXT`",
        "改写为 `# swrctl allow=RULE until=DATE reason=TEXT`"
    ),
    example: Example::new(
        "FROM debian:12.5\n\
         # hadolint ignore=DL3008\n\
         RUN apt-get update && apt-get install -y curl\n",
        "FROM debian:12.5\n\
         # swrctl allow=unpinned-packages until=2027-06-30 reason=the mirror keeps one version\n\
         RUN apt-get update && apt-get install -y curl\n",
    ),
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for comment in &context.dockerfile.comments {
        let text = context.dockerfile.source.slice(*comment).trim_start_matches('#').trim_start();
        let Some(rest) = text.strip_prefix("hadolint").map(str::trim_start) else { continue };
        let global = rest.strip_prefix("global").map(str::trim_start);
        let ignored = global.unwrap_or(rest).strip_prefix("ignore").and_then(|rest| rest.trim_start().strip_prefix('='));
        if let Some(ignored) = ignored {
            let draft = sink.report(*comment, say!("rules are turned off without a reason", "没有写原因就关闭了规则"));
            draft.beyond_hadolint(global.is_some() || ignored.trim().is_empty());
        }
    }
}
