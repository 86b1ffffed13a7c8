//! COPY from a stage that does not exist above.

use std::collections::HashSet;

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;

pub(super) static RULE: Rule = Rule {
    name: "unknown-stage",
    aliases: &["DL3022"],
    practice: None,
    level: Level::Info,
    by_policy: false,
    summary: "a name that is neither a stage above nor plainly an image",
    explanation: "What is no stage is taken for an image of that name and pulled. A misspelt stage, or one further \
                  down, so becomes an image of somebody else.",
    help: "name a stage above, or write the image with its tag",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    let mut above = HashSet::new();
    for (index, instruction) in context.dockerfile.instructions.iter().enumerate() {
        if instruction.is(Keyword::From) {
            let number = context.stage_of(index).unwrap_or_default();
            above.insert(number.to_string());
            above.extend(context.dockerfile.stages[number].name.as_ref().map(|name| name.value.clone()));
        }
        let Some(from) = instruction.flag("from").filter(|_| *instruction.keyword == Keyword::Copy) else { continue };
        let Some(name) = from.value.as_deref().filter(|name| !name.contains([':', '@', '/'])) else { continue };
        if !above.contains(&name.to_ascii_lowercase()) {
            sink.report(from.span(), format!("`{name}` is no stage above"));
        }
    }
}
