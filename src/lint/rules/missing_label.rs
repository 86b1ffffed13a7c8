//! Practice 15: labels that the policy requires.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::label_format::labels;

pub(super) static RULE: Rule = Rule {
    name: "missing-label",
    aliases: &["DL3049"],
    practice: Some(15),
    level: Level::Error,
    by_policy: true,
    summary: "the policy requires a label that the image does not have",
    explanation: "Labels tell where an image comes from: its source, its version, whom to ask. The policy of the \
                  project file names those that every image must have.",
    help: "add the label to the final stage",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    let labels: Vec<_> = labels(context);
    let Some(from) = context.final_from() else { return };
    for required in &context.policy.labels.required {
        let name = required.name.value.as_str();
        if !labels.iter().any(|pair| pair.name.text() == name) {
            let draft = sink.report(from.span, format!("the image has no label `{name}`"));
            draft.help(format!("add `LABEL {name}=\"…\"`"));
        }
    }
}
