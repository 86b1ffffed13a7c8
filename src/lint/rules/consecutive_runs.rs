//! Practice 3: RUNs in a row that have to run again at the same times.

use super::super::context::Context;
use super::super::fix::merged;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::work::{Work, work_of};
use crate::dockerfile::{Instruction, Keyword};

pub(super) static RULE: Rule = Rule {
    name: "consecutive-runs",
    aliases: &["DL3059"],
    practice: Some(3),
    level: Level::Info,
    by_policy: false,
    summary: "RUNs in a row of like frequency are one layer's work",
    explanation: "Every RUN makes a layer, and what an earlier one leaves behind no later one takes out. RUNs that \
                  change at the same times gain nothing from being apart. RUNs that install system packages, \
                  install dependencies and build the source change at different times: those are not reported.",
    help: "join them with `&&`, or in one here-document",
    check,
};

/// Mounts, network and rights, as written.
fn flags(context: &Context, run: &Instruction) -> Vec<String> {
    let text = context.dockerfile.source.text();
    run.flags.iter().filter_map(|flag| text.get(flag.span.range())).map(str::to_owned).collect()
}

fn check(context: &Context, sink: &mut Sink) {
    for stage in &context.dockerfile.stages {
        let mut before: Option<(usize, Work)> = None;
        for at in stage.instructions.clone() {
            let run = &context.dockerfile.instructions[at];
            let work = if run.is(Keyword::Run) { work_of(context.script(at)) } else { None };
            if let (Some((first, known)), Some(work)) = (before, work)
                && known == work
                && context.is_shipped(at)
                && flags(context, &context.dockerfile.instructions[first]) == flags(context, run)
            {
                let message = match work {
                    Work::Other => "this RUN and the one above it can be one".to_owned(),
                    _ => format!("this RUN and the one above it both work on {}", work.name()),
                };
                let above = context.dockerfile.instructions[first].keyword.span;
                sink.report(run.keyword.span, message).label(above, "the one above").fix(merged(context, first, at));
            }
            before = work.map(|work| (at, work));
        }
    }
}
