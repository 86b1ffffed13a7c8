//! Practice 6: a language's runtime installed into a general-purpose base.

use super::super::context::Context;
use super::super::example::Example;
use super::super::data::runtimes::{RUNTIMES, Runtime};
use super::super::images::{Kind, kind};
use super::super::packages::{Package, system_packages};
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "runtime-by-packages",
    aliases: &[],
    practice: Some(6),
    level: Level::Info,
    by_policy: false,
    summary: say!(
        "a language has an official image: smaller, newer, and patched by those who make it",
        "编程语言有官方镜像：更小、更新，由开发者自己修补"
    ),
    explanation: say!(
        "A distribution's runtime is of one old version and brings packages that the program does not need. Reported \
         is an image that installs one language's runtime and uses it; images that need several runtimes, or whose \
         base is no plain distribution, are not.",
        "发行版的运行时是某个旧版本，还会带来程序不需要的软件包。只报告安装并使用一种语言运行时的镜像；需要多种运行时\
         的镜像，以及基础镜像不是普通发行版的镜像，不报告。"
    ),
    help: say!("start from the official image of the language", "以该语言的官方镜像为基础"),
    example: Example::new(
        "FROM debian:12.5\n\
         RUN apt-get update && apt-get install -y nodejs\n\
         COPY server.js /app/\n\
         CMD [\"node\", \"/app/server.js\"]\n",
        "FROM node:20.11-slim\n\
         COPY server.js /app/\n\
         CMD [\"node\", \"/app/server.js\"]\n",
    ),
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
        let message = say!(
            "`{package}` is installed into a general-purpose base",
            "`{package}` 安装在通用的基础镜像里",
            package = package.name
        );
        let help = say!(
            "start from the official image: `FROM {image}:…`",
            "以官方镜像为基础：`FROM {image}:…`",
            image = runtime.image
        );
        sink.report(package.span, message).help(help);
    }
}
