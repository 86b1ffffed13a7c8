//! Practice 7: WORKDIR that depends on what the base image left.

use super::super::context::Context;
use super::super::paths::is_absolute;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;

pub(super) static RULE: Rule = Rule {
    name: "relative-workdir",
    aliases: &["DL3000", "WorkdirRelativePath"],
    practice: Some(7),
    level: Level::Warning,
    by_policy: false,
    summary: "a relative WORKDIR depends on the directory that the base image happens to end in",
    explanation: "When the base image changes its own WORKDIR, every path after this one moves with it. A relative \
                  WORKDIR below an absolute one is fine.",
    help: "write an absolute path",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    let mut anchored = vec![false; context.dockerfile.stages.len()];
    for index in 0..context.dockerfile.stages.len() {
        let parent = context.dockerfile.ancestry(index).nth(1);
        anchored[index] = parent.is_some_and(|parent| anchored[parent]);
        for workdir in context.dockerfile.stage_instructions(index).iter().filter(|line| line.is(Keyword::Workdir)) {
            let Some(path) = workdir.words().first() else { continue };
            // An open value is taken for absolute: it nearly always is.
            if path.value.as_deref().is_none_or(is_absolute) {
                anchored[index] = true;
            } else if !anchored[index] {
                sink.report(path.span(), format!("WORKDIR `{}` starts wherever the base image ended", path.text()));
            }
        }
    }
}
