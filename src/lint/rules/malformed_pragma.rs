//! Comments of our own that allow nothing.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::pragma::PragmaFaultKind;

pub(super) static RULE: Rule = Rule {
    name: "malformed-pragma",
    aliases: &[],
    practice: None,
    level: Level::Warning,
    by_policy: false,
    summary: "a `# swrctl` comment that cannot be followed allows nothing",
    explanation: "A comment that turns a rule off names rules that exist, says why, and has not run out. Otherwise \
                  it is not followed.",
    help: "write `# swrctl allow=RULE reason=TEXT` right above an instruction",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for fault in &context.pragmas.faults {
        let draft = sink.report(fault.span, fault.kind.to_string());
        match &fault.kind {
            PragmaFaultKind::UnknownRule { meant: Some(meant), .. } => draft.help(format!("write `{meant}`")),
            PragmaFaultKind::NoReason => draft.help("add `reason=` and why the finding is acceptable"),
            PragmaFaultKind::BadDate { .. } => draft.help("write the day like `until=2027-01-31`"),
            PragmaFaultKind::Expired { .. } => draft.help("fix the finding, or give the comment a new day"),
            _ => draft,
        };
    }
}
