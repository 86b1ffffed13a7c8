//! `cd` at the start of a RUN: left out where the RUN is there already, or written as WORKDIR where nothing below would
//! notice.

use super::script::{ShellText, line_end, shell_text, without_instruction};
use super::{Effect, Fix, like};
use crate::dockerfile::shell::{Invocation, ShellWord};
use crate::dockerfile::{Base, Instruction, Keyword};
use crate::lint::context::Context;
use crate::lint::paths::is_absolute;

/// WORKDIR holds for all that follows: it is offered where that says its own directory first, or needs none.
pub(in crate::lint) fn entered(context: &Context, index: usize, cd: &Invocation) -> Option<Fix> {
    let run = &context.dockerfile.instructions[index];
    let text = shell_text(context, index).filter(|text| !text.is_heredoc() && run.flags.is_empty() && !run.on_build)?;
    let directory = directory(context, cd, &text)?;
    let parts = &text.outline.statements.first()?.parts;
    let (first, next) = (parts.first().filter(|part| **part == cd.span)?, parts.get(1)?);
    let gone = crate::diag::Span::new(first.start, next.start);
    if context.dockerfile.source.slice(gone).contains('#') {
        return None;
    }
    let fix = Fix::replace(gone, "");
    if context.workdir(index).as_deref() == Some(directory.trim_end_matches('/')) {
        return Some(fix.with_effect(Effect::Cd));
    }
    let source = &context.dockerfile.source;
    let keyword = like(source.slice(run.keyword.span), Keyword::Workdir);
    let line = format!("{keyword} {directory}{}", line_end(source));
    // What the RUN above comes to may say it already.
    let waits = run_above(context, index).is_some_and(|above| directory_entered(context, above) == Some(&directory));
    if waits || !is_unnoticed(context, index) {
        return None;
    }
    let fix = fix.and_insert(run.span.start, line).with_effect(Effect::Directory);
    // One that says the same and has nothing in front of it to say it for any more.
    let below = entered_next(context, index, &directory);
    match below.filter(|below| workdir_of(below) == Some(directory.trim_end_matches('/'))) {
        Some(below) => Some(fix.and(without_instruction(source, below)?)),
        None => Some(fix),
    }
}

/// A plain absolute path that the script does not leave for where it was.
fn directory(context: &Context, cd: &Invocation, text: &ShellText) -> Option<String> {
    let [_, word] = &cd.words[..] else { return None };
    let path = context.dockerfile.source.slice(word.span);
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    let usable = path.starts_with('/') && path.chars().all(plain) && !path.contains("..") && path == word.text();
    let written = text.written();
    (usable && cd.wrappers.is_empty() && !written.contains("OLDPWD") && !written.contains("cd -"))
        .then(|| path.to_owned())
}

/// Whether nothing below depends on the directory: the stage changes it before it matters, or ends and is no image.
fn is_unnoticed(context: &Context, index: usize) -> bool {
    let Some(number) = context.stage_of(index) else { return false };
    let stages = &context.dockerfile.stages;
    for at in index + 1..stages[number].instructions.end {
        let line = &context.dockerfile.instructions[at];
        let word = line.words().last().and_then(|word| word.value.as_deref());
        match *line.keyword {
            _ if line.on_build => return false,
            Keyword::Workdir => return word.is_some_and(is_absolute),
            Keyword::Copy | Keyword::Add if word.is_some_and(is_absolute) => {}
            Keyword::Run if enters_a_directory(context, at, line) => {}
            Keyword::Env | Keyword::Arg | Keyword::Label | Keyword::Expose | Keyword::User | Keyword::StopSignal => {}
            _ => return false,
        }
    }
    // Another stage may be built on it, or be the image itself.
    number + 1 < stages.len() && !stages.iter().any(|stage| stage.base == Base::Stage(number))
}

/// The WORKDIR below, where nothing in between works in another directory than this.
fn entered_next<'c>(context: &'c Context, index: usize, directory: &str) -> Option<&'c Instruction> {
    let stage = context.stage_of(index)?;
    let mut below = index + 1..context.dockerfile.stages[stage].instructions.end;
    let kind = |at: usize| *context.dockerfile.instructions[at].keyword;
    let there = |at: usize| directory_entered(context, at) == Some(directory);
    let first = below.find(|at| kind(*at) == Keyword::Workdir || kind(*at) == Keyword::Run && !there(*at))?;
    (kind(first) == Keyword::Workdir).then(|| &context.dockerfile.instructions[first])
}

fn workdir_of(line: &Instruction) -> Option<&str> {
    Some(line.words().first()?.value.as_deref()?.trim_end_matches('/'))
}

/// The nearest RUN above with no WORKDIR in between.
fn run_above(context: &Context, index: usize) -> Option<usize> {
    const FARTHEST: usize = 16;
    let stage = context.stage_of(index)?;
    let above = (context.dockerfile.stages[stage].instructions.start..index).rev().take(FARTHEST);
    let kind = |at: &usize| *context.dockerfile.instructions[*at].keyword;
    above.take_while(|at| kind(at) != Keyword::Workdir).find(|at| kind(at) == Keyword::Run)
}

fn enters_a_directory(context: &Context, at: usize, run: &Instruction) -> bool {
    let target = directory_entered(context, at);
    run.flags.is_empty() && run.heredocs.is_empty() && target.is_some_and(|path| path.starts_with('/'))
}

/// Where the `cd` leads that a RUN begins with.
fn directory_entered<'c>(context: &'c Context, at: usize) -> Option<&'c str> {
    let first = context.script(at).invocations.first().filter(|first| first.program() == "cd")?;
    first.words.get(1).map(ShellWord::text)
}
