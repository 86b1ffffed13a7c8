//! Practices 7, 8 and 16: instructions of which the last one counts.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;

pub(super) static RULE: Rule = Rule {
    name: "repeated-instruction",
    aliases: &["DL3012", "DL4003", "DL4004", "MultipleInstructionsDisallowed"],
    practice: Some(16),
    level: Level::Warning,
    by_policy: false,
    summary: "of several CMD, ENTRYPOINT or HEALTHCHECK in a stage only the last one counts",
    explanation: "The ones above are without effect; whoever reads the first believes it.",
    help: "keep the last one and delete the others",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    let kinds: [(Keyword, &[&str]); 3] = [
        (Keyword::Healthcheck, &["DL3012", "MultipleInstructionsDisallowed"]),
        (Keyword::Cmd, &["DL4003", "MultipleInstructionsDisallowed"]),
        (Keyword::Entrypoint, &["DL4004", "MultipleInstructionsDisallowed"]),
    ];
    for stage in 0..context.dockerfile.stages.len() {
        for (keyword, aliases) in kinds {
            let all = context.dockerfile.stage_instructions(stage).iter().filter(|line| line.is(keyword));
            let mut spans: Vec<_> = all.map(|line| line.keyword.span).collect();
            let Some(last) = spans.pop() else { continue };
            for span in spans {
                let message = format!("this {} is without effect: another one follows", keyword.name());
                sink.report(span, message).label(last, "this one counts").aliases(aliases);
            }
        }
    }
}
