//! Practice 12: variables that nothing defines.

use std::collections::BTreeSet;

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::images::has_bare_environment;
use crate::diag::Spanned;
use crate::dockerfile::{Instruction, Keyword};

pub(super) static RULE: Rule = Rule {
    name: "undefined-variable",
    aliases: &["UndefinedVar", "UndefinedArgInFrom", "DL3044"],
    practice: Some(12),
    level: Level::Warning,
    by_policy: false,
    summary: "a variable that nothing defines is empty",
    explanation: "An ARG above the first FROM is unknown in a stage until the stage declares it again. Other \
                  variables are reported when the base image is known to define none, or when a name that is \
                  defined is so near that it was meant. RUN, CMD and ENTRYPOINT are left to the shell.",
    help: "declare it with ARG or ENV above, or give it a default: `${NAME:-value}`",
    check,
};

/// Every variable in the words of an instruction that nothing defines, with the name that its value goes to.
fn undefined(instruction: &Instruction) -> Vec<(&Spanned<String>, Option<&str>)> {
    let flags = instruction.flags.iter().filter_map(|flag| flag.value.as_ref());
    let words = instruction.words().iter().chain(flags).map(|word| (word, None));
    let values = instruction.pairs().iter().flat_map(|pair| {
        let parts = std::iter::once(&pair.name).chain(&pair.value);
        parts.map(|word| (word, Some(pair.name.text())))
    });
    words.chain(values).flat_map(|(word, owner)| word.undefined.iter().map(move |name| (name, owner))).collect()
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

fn check(context: &Context, sink: &mut Sink) {
    let instructions = &context.dockerfile.instructions;
    let first_from = context.dockerfile.stages.first().map_or(instructions.len(), |stage| stage.from);
    let global = declared(&instructions[..first_from]);
    let all = declared(instructions);
    for (index, instruction) in instructions.iter().enumerate() {
        let undefined = undefined(instruction);
        if undefined.is_empty() {
            continue;
        }
        let from = instruction.is(Keyword::From);
        let stage = context.stage_of(index).filter(|_| !instruction.on_build);
        let bare = stage.is_some_and(|stage| has_bare_environment(context.root_base(stage)));
        let beside = declared(std::slice::from_ref(instruction));
        for (variable, owner) in undefined {
            let name = variable.value.as_str();
            let aliases: &[&str] = if from { &["UndefinedArgInFrom"] } else { &["UndefinedVar"] };
            // `PATH_OF=/x:$PATH_OF` adds to what the base image may have.
            let appends = owner == Some(name);
            if !from && global.contains(name) {
                let message = format!("`{name}` is declared above FROM, which is not visible here");
                sink.report(variable.span, message).help(format!("add `ARG {name}` to the stage")).aliases(aliases);
            } else if instruction.is(Keyword::Env) && beside.contains(name) && !appends {
                let message = format!("`{name}` gets its value from this instruction, and so has none in it yet");
                let draft = sink.report(variable.span, message);
                draft.help("set the variables in two ENV instructions").aliases(&["DL3044"]);
            } else if let Some(meant) = meant(name, &all) {
                let draft = sink.report(variable.span, format!("nothing defines `{name}`"));
                draft.help(format!("write `{meant}`, if that is meant")).aliases(aliases);
            } else if from || bare || (stage.is_some() && all.contains(name) && !appends) {
                sink.report(variable.span, format!("nothing defines `{name}`")).aliases(aliases);
            }
        }
    }
}
