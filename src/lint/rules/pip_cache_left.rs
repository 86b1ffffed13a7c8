//! Practice 5: pip's download cache left in a layer.

use super::super::context::Context;
use super::super::example::Example;
use super::super::fix::option;
use super::super::packages::{Manager, package_command};
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::package_lists_left::is_mounted;
use crate::dockerfile::{Base, Keyword, Pair};
use crate::dockerfile::shell::{Invocation, Script};
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "pip-cache-left",
    aliases: &["DL3042"],
    practice: Some(5),
    level: Level::Warning,
    by_policy: false,
    summary: say!(
        "pip keeps every download in its cache, and the cache stays in the layer",
        "pip 把每次下载都放进缓存，而缓存留在层里"
    ),
    explanation: say!(
        "Nothing in a running container reads pip's cache; it only makes the image larger.",
        "运行中的容器不会读取 pip 的缓存；它只会使镜像变大。"
    ),
    help: say!(
        "write `pip install --no-cache-dir`, or mount a cache at /root/.cache/pip",
        "改写为 `pip install --no-cache-dir`，或者在 /root/.cache/pip 挂载缓存"
    ),
    example: Example::new(
        "FROM python:3.12-slim\n\
         COPY requirements.txt /\n\
         RUN pip install -r /requirements.txt\n",
        "FROM python:3.12-slim\n\
         COPY requirements.txt /\n\
         RUN pip install --no-cache-dir -r /requirements.txt\n",
    ),
    check,
};

const VARIABLE: &str = "PIP_NO_CACHE_DIR";

/// As pip reads switches.
fn is_true(value: &str) -> bool {
    ["1", "true", "yes", "on", "y", "t"].iter().any(|word| word.eq_ignore_ascii_case(value))
}

/// Whether shell text sets the variable to true.
fn sets_true(text: &str, variable: &str) -> bool {
    let values = text.match_indices(variable).filter_map(|(at, _)| text[at + variable.len()..].strip_prefix('='));
    values.map(|rest| rest.split([' ', ';', '&', '\n', '\t']).next().unwrap_or_default()).any(|value| {
        is_true(value.trim_matches(['"', '\'']))
    })
}

/// pip takes the start of an option for the whole of it; hadolint does not.
fn tells_no_cache(context: &Context, invocation: &Invocation) -> bool {
    const OPTION: &str = "--no-cache-dir";
    const SHORTEST: &str = "--no-ca";
    let shortened = |text: &str| OPTION.starts_with(text) && text.starts_with(SHORTEST) && !context.as_hadolint();
    invocation.has_option(OPTION) || invocation.arguments().iter().any(|word| shortened(word.text()))
}

fn is_cleaned(script: &Script) -> bool {
    let purges = |invocation: &Invocation| {
        package_command(invocation)
            .is_some_and(|command| command.manager == Manager::Pip && matches!(command.verb.text(), "cache"))
    };
    let deletes = |invocation: &Invocation| {
        invocation.program() == "rm" && invocation.operands().any(|word| word.text().contains(".cache"))
    };
    script.invocations.iter().any(|invocation| purges(invocation) || deletes(invocation))
}

/// For each stage, the instruction from which on an ENV or ARG of it, or of those it is built on, keeps the cache away.
fn switched_off(context: &Context) -> Vec<Option<usize>> {
    let dockerfile = context.dockerfile;
    let mut off: Vec<Option<usize>> = Vec::with_capacity(dockerfile.stages.len());
    // Nobody can tell what an open value is.
    let keeps = |pair: &Pair| {
        pair.name.text() == VARIABLE
            && pair.value.as_ref().and_then(|value| value.value.as_deref()).is_none_or(is_true)
    };
    for stage in &dockerfile.stages {
        let inherited = if let Base::Stage(parent) = stage.base { off[parent] } else { None };
        let own = || {
            stage.instructions.clone().find(|index| {
                let line = &dockerfile.instructions[*index];
                (line.is(Keyword::Env) || line.is(Keyword::Arg)) && line.pairs().iter().any(keeps)
            })
        };
        off.push(inherited.or_else(own));
    }
    off
}

/// Whether what is mounted there takes pip's cache in; other programs keep theirs beside it.
fn takes_cache(target: &str) -> bool {
    target.trim_end_matches('/').rsplit('/').next() == Some(".cache") || target.contains(".cache/pip")
}

fn check(context: &Context, sink: &mut Sink) {
    let switched_off = switched_off(context);
    for (index, run) in context.every(Keyword::Run) {
        let script = context.script(index);
        // hadolint looks at all stages.
        let counts = context.is_shipped(index) || context.as_hadolint();
        if !counts || context.stage_of(index).and_then(|stage| switched_off[stage]).is_some_and(|from| from < index) {
            continue;
        }
        let text = context.dockerfile.source.slice(run.span);
        if sets_true(text, VARIABLE) || is_cleaned(script) || is_mounted(run, takes_cache) {
            continue;
        }
        for command in script.invocations.iter().filter_map(package_command) {
            let cached = command.manager == Manager::Pip
                && command.installs()
                && !tells_no_cache(context, command.invocation)
                && !command.invocation.has_option("--cache-dir");
            if cached {
                let span = command.invocation.words[0].span.join(command.verb.span);
                let message = say!(
                    "`{command}` leaves its download cache in the image",
                    "`{command}` 把下载缓存留在镜像里",
                    command = command.name()
                );
                sink.report(span, message).fix(option(run, command.verb, "--no-cache-dir"));
            }
        }
    }
}
