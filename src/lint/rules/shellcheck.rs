//! What ShellCheck finds in shell text.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::shellcheck::ShellFindingKind;

pub(super) static RULE: Rule = Rule {
    name: "shellcheck",
    aliases: &[],
    practice: None,
    level: Level::Error,
    by_policy: false,
    summary: "the program ShellCheck finds a fault in shell text",
    explanation: "Shell text of RUN, CMD, ENTRYPOINT and HEALTHCHECK, and here-documents are given to the program \
                  `shellcheck` where it is installed, with the stage's shell and with its variables set; in the \
                  profile `all` the entrypoint script too. The finding has the level that ShellCheck gives it, \
                  style counting as info, and the code as its second name: `allow \"SC2086\"`, `# hadolint \
                  ignore=SC2086`. SC1090, SC1091 and SC2187 are left out, for they say nothing about a Dockerfile.",
    help: "read what ShellCheck's wiki says about the code",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for finding in &context.build.shell {
        let draft = match &finding.kind {
            ShellFindingKind::Comment { code, level, message } => {
                let draft = sink.report(finding.span, message.clone());
                draft.aliases(code.aliases()).weighed(*level).help(format!("see {}", code.wiki()))
            }
            ShellFindingKind::Unchecked { reason, help } => {
                let draft = sink.report(finding.span, format!("ShellCheck says nothing about this: {reason}"));
                draft.weighed(Level::Error).help(help.clone())
            }
        };
        if let Some((source, span)) = &finding.elsewhere {
            draft.label_in(source, *span, "here");
        }
    }
}
