//! Stage names in upper case.

use super::super::context::Context;
use super::super::fix::Fix;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;

pub(super) static RULE: Rule = Rule {
    name: "stage-name-casing",
    aliases: &["StageNameCasing"],
    practice: None,
    level: Level::Off,
    by_policy: false,
    summary: "stage names are written in lower case",
    explanation: "Names of stages do not tell upper case from lower; in lower case nobody takes them for instructions \
                  or arguments.",
    help: "write the name in lower case",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for (_, from) in context.every(Keyword::From) {
        let Some(name) = from.words().get(2) else { continue };
        let text = name.raw.as_str();
        if text.contains(|c: char| c.is_ascii_uppercase()) {
            let draft = sink.report(name.span(), format!("the stage name `{text}` is not in lower case"));
            // FROM, `--from` and `docker build --target` find a stage by its name in any case.
            draft.fix(Fix::replace(name.span(), context.dockerfile.source.slice(name.span()).to_ascii_lowercase()));
        }
    }
}
