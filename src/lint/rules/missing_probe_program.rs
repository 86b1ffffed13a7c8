//! Practice 16: a probe whose program is not in the image.

use super::super::context::Context;
use super::super::example::Example;
use super::super::data::programs::PROBES;
use super::super::images::programs_in;
use super::super::packages::matches;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::work::brings_unknown;
use crate::dockerfile::shell::{Invocation, Script};
use crate::dockerfile::{Base, Instruction, Keyword};
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "missing-probe-program",
    aliases: &[],
    practice: Some(16),
    level: Level::Warning,
    by_policy: false,
    summary: say!(
        "a probe whose program is not in the image fails always",
        "健康检查用到的程序不在镜像里，检查就永远失败"
    ),
    explanation: say!(
        "The container is unhealthy from its first check on, and an orchestrator restarts it for ever. `curl` is in no \
         Alpine, `-slim` or plain distribution image. Bases that nothing is known about, and images into which a \
         script or another stage may bring anything, are not reported.",
        "容器从第一次检查起就不健康，编排系统会不停地重启它。Alpine、`-slim` 和普通发行版镜像都没有 `curl`。不了解的基\
         础镜像，以及脚本或其他阶段可能带入任何程序的镜像，不报告。"
    ),
    help: say!(
        "install the program, or probe with one that the image holds",
        "安装这个程序，或者用镜像里已有的程序来检查"
    ),
    example: Example::new(
        "FROM node:20.11-alpine\n\
         HEALTHCHECK CMD curl --fail http://localhost:8080/ || exit 1\n",
        "FROM node:20.11-alpine\n\
         HEALTHCHECK CMD wget -q --spider http://localhost:8080/ || exit 1\n",
    ),
    check,
};

/// Whether something in the final image may bring the program: when in doubt it does.
fn may_bring(context: &Context, program: &str, others: &[&str]) -> bool {
    let text = context.dockerfile.source.text();
    context.shipped().any(|(index, instruction)| match *instruction.keyword {
        Keyword::Run => run_may_bring(instruction, context.script(index), text, program, others),
        Keyword::Copy | Keyword::Add => copy_may_bring(instruction, program),
        Keyword::Shell => true,
        _ => false,
    })
}

fn run_may_bring(run: &Instruction, script: &Script, text: &str, program: &str, others: &[&str]) -> bool {
    let written = text.get(run.span.range()).unwrap_or_default();
    let mut words = script.invocations.iter().flat_map(Invocation::arguments);
    written.contains(program)
        || brings_unknown(script)
        || words.any(|word| word.dynamic || others.iter().any(|pattern| matches(pattern, word.text())))
}

/// Programs of that name, and whole folders of programs.
fn copy_may_bring(copy: &Instruction, program: &str) -> bool {
    let Some((destination, sources)) = copy.words().split_last() else { return false };
    let named = copy.words().iter().any(|word| word.text().contains(program));
    let folder = |path: &str| {
        let path = path.trim_end_matches('/');
        path.is_empty() || path.ends_with("bin") || matches!(path, "/usr" | "/usr/local" | "/opt")
    };
    named || folder(destination.text()) || sources.iter().any(|word| word.value.is_none() || word.text() == "/")
}

/// What the final image starts from, and the programs that it is known to hold.
fn known_base<'a>(context: &Context<'a>) -> Option<(&'a str, &'static [&'static str])> {
    match context.final_base()? {
        Base::Image(image) => Some((image, programs_in(image)?)),
        Base::Scratch => Some(("scratch", &[])),
        Base::Stage(_) | Base::Open => None,
    }
}

/// The program where a package would put it; one in a folder of the project's own is another.
fn named(command: &Invocation) -> &str {
    let path = command.words[0].text();
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    if matches!(folder, "" | "/bin" | "/usr/bin") && path != format!("/{name}") { name } else { path }
}

fn check(context: &Context, sink: &mut Sink) {
    let Some((base, held)) = known_base(context) else { return };
    let mut judged: Vec<(&str, bool)> = Vec::new();
    for (index, _) in context.shipped().filter(|(_, instruction)| instruction.is(Keyword::Healthcheck)) {
        for command in &context.script(index).invocations {
            let known = PROBES.iter().find(|(program, _)| *program == named(command));
            let Some((program, others)) = known.filter(|(program, _)| !held.contains(program)) else { continue };
            let known = judged.iter().find(|(judged, _)| judged == program).map(|(_, brought)| *brought);
            let brought = known.unwrap_or_else(|| may_bring(context, program, others));
            judged.extend(known.is_none().then_some((*program, brought)));
            if !brought {
                let message = say!(
                    "`{program}` is not in `{base}`, and nothing here installs it",
                    "`{base}` 里没有 `{program}`，这里也没有安装它",
                    program,
                    base
                );
                let draft = sink.report(command.words[0].span, message);
                if *program == "curl" && held.contains(&"wget") {
                    draft.help(say!(
                        "probe with `wget -q --spider`, which the image holds, or install curl",
                        "改用镜像里已有的 `wget -q --spider`，或者安装 curl"
                    ));
                }
            }
        }
    }
}
