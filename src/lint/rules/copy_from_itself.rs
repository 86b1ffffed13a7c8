//! COPY from the stage it stands in.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;

pub(super) static RULE: Rule = Rule {
    name: "copy-from-itself",
    aliases: &["DL3023"],
    practice: None,
    level: Level::Error,
    by_policy: false,
    summary: "a stage cannot copy from itself: the build stops",
    explanation: "A stage would have to be finished before it goes on. BuildKit reports a circular dependency.",
    help: "leave `--from` out for files of the build context, or use `RUN cp`",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for (index, copy) in context.every(Keyword::Copy) {
        let Some((number, from)) = context.stage_of(index).zip(copy.flag("from")) else { continue };
        let own = context.dockerfile.stages[number].name.as_ref();
        let name = from.text();
        if name.parse() == Ok(number) || own.is_some_and(|own| own.eq_ignore_ascii_case(name)) {
            sink.report(from.span(), format!("`{name}` is the stage that this COPY stands in"));
        }
    }
}
