//! Practice 15: labels beyond those that the policy names.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::label_format::labels;
use crate::diag::did_you_mean;

pub(super) static RULE: Rule = Rule {
    name: "unexpected-label",
    aliases: &["DL3050"],
    practice: Some(15),
    level: Level::Error,
    by_policy: true,
    summary: "the policy forbids labels that it does not name",
    explanation: "With `forbid-others` the list of the project file is complete: another label is a misspelt or a \
                  private one.",
    help: "delete the label, or add it to `labels` of the project file",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    let policy = &context.policy.labels;
    if !policy.forbid_others {
        return;
    }
    for pair in labels(context) {
        let name = pair.name.text();
        if policy.required.iter().any(|required| required.name.value == name) {
            continue;
        }
        let meant = did_you_mean(name, policy.required.iter().map(|required| required.name.value.as_str()));
        let draft = sink.report(pair.name.span(), format!("the label `{name}` is not one that the policy names"));
        if let Some(meant) = meant {
            draft.help(format!("write `{meant}`"));
        }
    }
}
