//! Practice 12: variables that nothing defines.

use std::collections::BTreeSet;

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::images::has_bare_environment;
use crate::diag::{Spanned, Wording, say};
use crate::dockerfile::{Instruction, Keyword, Stage, Undefined};

pub(in super::super) static RULE: Rule = Rule {
    name: "undefined-variable",
    aliases: &["UndefinedVar", "UndefinedArgInFrom", "DL3044"],
    practice: Some(12),
    level: Level::Warning,
    by_policy: false,
    summary: say!("a variable that nothing defines is empty", "没有定义的变量是空的"),
    explanation: say!(
        "An ARG above the first FROM is unknown in a stage until the stage declares it again. Other variables are \
         reported when the base image is known to define none, or when a name that is defined is so near that it was \
         meant. Where registries are asked (`swrctl lint --online`), it is known which variables the base image sets. RUN, CMD \
         and ENTRYPOINT are left to the shell.",
        "第一个 FROM 之前的 ARG 在阶段里是未知的，除非阶段再次声明它。其他变量只在两种情况下报告：已知基础镜像没有定义\
         任何变量，或者有一个名字极为接近、显然才是本意的变量。查询镜像仓库时（`swrctl lint --online`），基础镜像设置了哪些变\
         量是已知的。RUN、CMD 和 ENTRYPOINT 交给 shell 处理。"
    ),
    help: say!(
        "declare it with ARG or ENV above, or give it a default: `${NAME:-value}`",
        "在上方用 ARG 或 ENV 声明，或者给它默认值：`${NAME:-value}`"
    ),
    example: Example::new(
        "ARG VERSION=1.4.2\n\
         FROM alpine:3.20\n\
         LABEL org.opencontainers.image.version=\"$VERSION\"\n",
        "ARG VERSION=1.4.2\n\
         FROM alpine:3.20\n\
         ARG VERSION\n\
         LABEL org.opencontainers.image.version=\"$VERSION\"\n",
    ),
    check,
};

/// Every variable in the words of an instruction that nothing defines, with the name that its value goes to.
fn undefined(instruction: &Instruction) -> Vec<(&Undefined, Option<&str>)> {
    let flags = instruction.flags.iter().filter_map(|flag| flag.value.as_ref());
    let words = instruction.words().iter().chain(flags).map(|word| (word, None));
    let values = instruction.pairs().iter().flat_map(|pair| {
        let parts = std::iter::once(&pair.name).chain(&pair.value);
        parts.map(|word| (word, Some(pair.name.text())))
    });
    words.chain(values).flat_map(|(word, owner)| word.undefined.iter().map(move |variable| (variable, owner))).collect()
}

/// A defined name that differs in one letter; short names are too near to each other to tell.
fn meant<'a>(name: &str, defined: &BTreeSet<&'a str>) -> Option<&'a str> {
    const MOST: usize = 500;
    let near = |other: &&str| strsim::damerau_levenshtein(name, other) == 1;
    if name.len() > 5 && defined.len() < MOST { defined.iter().copied().find(near) } else { None }
}

/// Names that ARG and ENV give a value to.
fn declared(instructions: &[Instruction]) -> BTreeSet<&str> {
    let declaring = instructions.iter().filter(|line| line.is(Keyword::Arg) || line.is(Keyword::Env));
    declaring.flat_map(Instruction::pairs).map(|pair| pair.name.text()).collect()
}

/// Whether the name is like none that base images define: theirs are in upper case.
fn is_own(name: &str) -> bool {
    name.bytes().any(|byte| byte.is_ascii_lowercase())
}

fn nothing_defines(name: &str) -> Wording {
    say!("nothing defines `{name}`", "没有定义 `{name}`", name)
}

/// Where BuildKit says nothing about variables.
fn is_left_to_the_build(instruction: &Instruction) -> bool {
    instruction.on_build || instruction.is(Keyword::Expose)
}

fn check(context: &Context, sink: &mut Sink) {
    let instructions = &context.dockerfile.instructions;
    let first_from = context.dockerfile.stages.first().map_or(instructions.len(), Stage::first);
    let global = declared(&instructions[..first_from]);
    let all = declared(instructions);
    for (index, instruction) in instructions.iter().enumerate() {
        let in_heredocs = context.dockerfile.undefined_in_heredocs(index);
        let mut undefined = undefined(instruction);
        undefined.extend(in_heredocs.iter().map(|variable| (variable, None)));
        if undefined.is_empty() || (context.as_buildkit() && is_left_to_the_build(instruction)) {
            continue;
        }
        let from = instruction.is(Keyword::From);
        let stage = context.stage_of(index).filter(|_| !instruction.on_build);
        let set = stage.filter(|_| !from).and_then(|stage| context.base_variables(stage));
        let bare = set.is_some() || stage.is_some_and(|stage| has_bare_environment(context.root_base(stage)));
        let beside = declared(std::slice::from_ref(instruction));
        for (variable, owner) in undefined {
            let Spanned { value: name, span } = &variable.name;
            let by_base = set.as_ref().is_some_and(|set| set.contains(name.as_str()));
            if by_base || (variable.guarded && !context.as_buildkit()) {
                continue;
            }
            let aliases: &[&str] = if from { &["UndefinedArgInFrom"] } else { &["UndefinedVar"] };
            // `PATH_OF=/x:$PATH_OF` adds to what the base image may have.
            let appends = owner == Some(name.as_str());
            if !from && index > first_from && global.contains(name.as_str()) {
                let message = say!(
                    "`{name}` is declared above FROM, which is not visible here",
                    "`{name}` 在 FROM 之前声明，在这里不可见",
                    name
                );
                let help = say!("add `ARG {name}` to the stage", "在这个阶段加上 `ARG {name}`", name);
                sink.report(*span, message).help(help).aliases(aliases);
            } else if instruction.is(Keyword::Env) && beside.contains(name.as_str()) && !appends {
                let message = say!(
                    "`{name}` gets its value from this instruction, and so has none in it yet",
                    "`{name}` 的值由这条指令给出，在指令内部还没有值",
                    name
                );
                let help = say!("set the variables in two ENV instructions", "用两条 ENV 指令设置这些变量");
                sink.report(*span, message).help(help).aliases(&["DL3044", "UndefinedVar"]);
            } else if let Some(meant) = meant(name, &all) {
                let help = say!("write `{meant}`, if that is meant", "如果本意是 `{meant}`，就改过来", meant);
                sink.report(*span, nothing_defines(name)).help(help).aliases(aliases);
            } else if from || bare || is_own(name) || (stage.is_some() && all.contains(name.as_str()) && !appends) {
                sink.report(*span, nothing_defines(name)).aliases(aliases);
            }
        }
    }
}
