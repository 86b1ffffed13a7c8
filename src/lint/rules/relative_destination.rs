//! Practice 7: COPY and ADD to a relative path without WORKDIR.

use super::super::context::Context;
use super::super::images::official;
use super::super::paths::is_absolute;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::{Base, Keyword};

pub(super) static RULE: Rule = Rule {
    name: "relative-destination",
    aliases: &["DL3045"],
    practice: Some(7),
    level: Level::Warning,
    by_policy: false,
    summary: "a relative destination without a WORKDIR lands wherever the base image ended",
    explanation: "Without a WORKDIR of its own the stage works in the base image's directory, mostly `/`: files of \
                  the application end up among those of the system.",
    help: "write a WORKDIR above, or an absolute destination",
    check,
};

/// Whether the base is known to set a WORKDIR that its users count on.
fn has_workdir(base: Option<&Base>) -> bool {
    let Some(Base::Image(name)) = base else { return false };
    official(name).is_some_and(|name| matches!(name.as_str(), "golang" | "httpd" | "php" | "tomcat" | "wordpress"))
}

fn check(context: &Context, sink: &mut Sink) {
    let dockerfile = context.dockerfile;
    let mut placed = vec![false; dockerfile.stages.len()];
    for index in 0..dockerfile.stages.len() {
        placed[index] = match dockerfile.ancestry(index).nth(1) {
            Some(parent) => placed[parent],
            None => has_workdir(Some(&dockerfile.stages[index].base)),
        };
        for instruction in dockerfile.stage_instructions(index) {
            placed[index] |= instruction.is(Keyword::Workdir);
            let copies = instruction.is(Keyword::Copy) || instruction.is(Keyword::Add);
            let Some(destination) = instruction.words().last().filter(|_| copies && !placed[index]) else { continue };
            let relative = destination.value.as_deref().is_some_and(|path| !is_absolute(path));
            if relative {
                let keyword = instruction.keyword.name();
                let message = format!("{keyword} to `{}` before any WORKDIR", destination.text());
                sink.report(destination.span(), message);
            }
        }
    }
}
