//! Stages of one name.

use std::collections::HashMap;

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};

pub(super) static RULE: Rule = Rule {
    name: "duplicate-stage-name",
    aliases: &["DL3024", "DuplicateStageName"],
    practice: None,
    level: Level::Info,
    by_policy: false,
    summary: "two stages of one name: only the last can be referred to",
    explanation: "Names do not tell upper case from lower. What refers to the name below the second stage means the \
                  second, whatever was meant.",
    help: "give each stage a name of its own",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    let mut first = HashMap::new();
    for name in context.dockerfile.stages.iter().filter_map(|stage| stage.name.as_ref()) {
        if let Some(place) = first.get(name.value.as_str()) {
            sink.report(name.span, format!("there is a stage `{}` already", name.value)).label(*place, "this one");
        } else {
            first.insert(name.value.as_str(), name.span);
        }
    }
}
