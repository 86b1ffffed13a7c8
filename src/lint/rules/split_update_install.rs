//! Practice 3: package lists refreshed in one RUN, packages installed in another.

use super::super::context::Context;
use super::super::packages::{Manager, package_command};
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::diag::Span;
use crate::dockerfile::Keyword;

pub(super) static RULE: Rule = Rule {
    name: "split-update-install",
    aliases: &[],
    practice: Some(3),
    level: Level::Warning,
    by_policy: false,
    summary: "package lists of a cached layer grow old, and what is installed from them is old or gone",
    explanation: "The RUN with `update` is taken from the cache for as long as its text stays the same. A package \
                  added to the RUN with `install` then comes from lists of the day on which the first was built: an \
                  old version, or a download that fails because the repository has moved on.",
    help: "write `update` and `install` in one RUN",
    check,
};

/// A refresh that later RUNs rely on.
type Refresh = (Manager, Span);

fn check(context: &Context, sink: &mut Sink) {
    let dockerfile = context.dockerfile;
    let mut known: Vec<Option<Refresh>> = Vec::with_capacity(dockerfile.stages.len());
    for (index, stage) in dockerfile.stages.iter().enumerate() {
        let mut before = dockerfile.ancestry(index).nth(1).and_then(|parent| known[parent]);
        for at in stage.instructions.clone() {
            if !dockerfile.instructions[at].is(Keyword::Run) {
                continue;
            }
            let mut here: Option<Refresh> = None;
            for command in context.script(at).invocations.iter().filter_map(package_command) {
                let place = command.invocation.words[0].span.join(command.verb.span);
                if command.refreshes() {
                    here = Some((command.manager, place));
                } else if let Some((manager, refresh)) = before
                    && manager == command.manager
                    && here.is_none()
                    && command.installs_from_lists()
                {
                    let message = format!("`{}` relies on the package lists of an earlier RUN", command.name());
                    sink.report(place, message).label(refresh, "fetched here");
                    break;
                }
            }
            before = here.or(before);
        }
        known.push(before);
    }
}
