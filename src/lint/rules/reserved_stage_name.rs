//! Stages that nobody can refer to.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};

pub(super) static RULE: Rule = Rule {
    name: "reserved-stage-name",
    aliases: &["DL3063", "ReservedStageName"],
    practice: None,
    level: Level::Info,
    by_policy: false,
    summary: "`scratch` and `context` mean something else than a stage",
    explanation: "`FROM scratch` is the empty image and `context` the build context, whatever a stage is called.",
    help: "give the stage another name",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for name in context.dockerfile.stages.iter().filter_map(|stage| stage.name.as_ref()) {
        if matches!(name.value.as_str(), "scratch" | "context") {
            sink.report(name.span, format!("`{}` cannot be referred to as a stage", name.value));
        }
    }
}
