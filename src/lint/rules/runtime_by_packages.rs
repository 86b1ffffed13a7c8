//! Practice 6: a language's runtime installed into a general-purpose base.

use super::super::context::Context;
use super::super::data::runtimes::{RUNTIMES, Runtime};
use super::super::images::{Kind, kind};
use super::super::packages::{Package, system_packages};
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;

pub(super) static RULE: Rule = Rule {
    name: "runtime-by-packages",
    aliases: &[],
    practice: Some(6),
    level: Level::Info,
    by_policy: false,
    summary: "a language has an official image: smaller, newer, and patched by those who make it",
    explanation: "A distribution's runtime is of one old version and brings packages that the program does not need. \
                  Reported is an image that installs one language's runtime and uses it; images that need several \
                  runtimes, or whose base is no plain distribution, are not.",
    help: "start from the official image of the language",
    check,
};

/// The first package of a runtime, for each runtime.
fn installed<'c>(context: &'c Context) -> Vec<(&'static Runtime, Package<'c>)> {
    let mut found: Vec<(&'static Runtime, Package)> = Vec::new();
    for package in context.shipped_runs().flat_map(|(_, _, script)| system_packages(script)) {
        for runtime in &RUNTIMES {
            let known = found.iter().any(|(found, _)| found.image == runtime.image);
            if !known && runtime.packages.iter().any(|pattern| package.is(pattern)) {
                found.push((runtime, package));
            }
        }
    }
    found
}

fn is_used(context: &Context, runtime: &Runtime) -> bool {
    let commands = context.shipped().filter(|(_, instruction)| {
        matches!(*instruction.keyword, Keyword::Run | Keyword::Cmd | Keyword::Entrypoint)
    });
    let mut invocations = commands.flat_map(|(index, _)| &context.script(index).invocations);
    invocations.any(|command| runtime.programs.contains(&command.program()))
}

fn check(context: &Context, sink: &mut Sink) {
    if kind(context.final_base()) != Kind::System {
        return;
    }
    if let [(runtime, package)] = installed(context)[..]
        && is_used(context, runtime)
    {
        let message = format!("`{}` is installed into a general-purpose base", package.name);
        sink.report(package.span, message).help(format!("start from the official image: `FROM {}:…`", runtime.image));
    }
}
