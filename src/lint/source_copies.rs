//! Where the whole source enters a stage, and what runs below that.

use super::context::Context;
use super::paths::{is_remote, is_whole_context, is_within, joined};
use super::work::builds;
use crate::diag::Span;
use crate::dockerfile::shell::{Invocation, ShellWord};
use crate::dockerfile::{Instruction, Keyword, Word};

/// For each stage, the COPY that brings the whole build context in.
pub(super) struct SourceCopies<'c, 'a> {
    context: &'c Context<'a>,
    /// Index of the instruction and place of its source; inherited from the stage below.
    copies: Vec<Option<(usize, Span)>>,
}

impl<'c, 'a> SourceCopies<'c, 'a> {
    pub(super) fn new(context: &'c Context<'a>) -> Self {
        let dockerfile = context.dockerfile;
        let mut copies: Vec<Option<(usize, Span)>> = Vec::with_capacity(dockerfile.stages.len());
        for (index, stage) in dockerfile.stages.iter().enumerate() {
            let inherited = dockerfile.ancestry(index).nth(1).and_then(|parent| copies[parent]);
            let mut own = stage.instructions.clone();
            let own = own.find_map(|at| Some((at, whole_source(&dockerfile.instructions[at])?)));
            copies.push(inherited.or(own));
        }
        Self { context, copies }
    }

    /// Which instruction copied the source that a RUN sees, and where it says so; none for a RUN with a cache mount,
    /// which does little again.
    pub(super) fn above(&self, at: usize) -> Option<(usize, Span)> {
        let run = &self.context.dockerfile.instructions[at];
        let (copy, span) = self.copies[self.context.stage_of(at)?]?;
        (copy < at && !has_cache(run)).then_some((copy, span))
    }

    /// Which source was copied, of those that are a part of the context, that a command of a RUN builds.
    pub(super) fn part_above(&self, at: usize, command: &Invocation) -> Option<Span> {
        const FARTHEST: usize = 64;
        let (context, dockerfile) = (self.context, self.context.dockerfile);
        if !builds(command) || has_cache(&dockerfile.instructions[at]) {
            return None;
        }
        let mut places = vec![context.workdir(at).unwrap_or_else(|| BASE.to_owned())];
        for word in context.script(at).invocations.iter().filter(|other| other.program() == "cd").chain([command]) {
            let paths = word.arguments().iter().map(ShellWord::text).filter(|path| !path.starts_with('-'));
            let named: Vec<_> = paths.filter_map(|path| joined(places.first().map(String::as_str), path)).collect();
            places.extend(named);
        }
        let stage = dockerfile.stages[context.stage_of(at)?].instructions.start;
        let mut above = (stage.max(at.saturating_sub(FARTHEST))..at).rev();
        above.find_map(|copy| {
            let (destination, span) = part_of_source(&dockerfile.instructions[copy])?;
            let there = joined(Some(context.workdir(copy).as_deref().unwrap_or(BASE)), destination)?;
            let holds = |place: &String| is_within(place, &there) || (place != "/" && is_within(&there, place));
            places.iter().any(holds).then_some(span)
        })
    }
}

/// Stands for the directory in which the base leaves its users.
const BASE: &str = "/<base>";

fn has_cache(run: &Instruction) -> bool {
    run.flags_named("mount").any(|flag| {
        flag.value.as_ref().is_some_and(|mount| mount.text().split(',').any(|option| option == "type=cache"))
    })
}

/// Where a folder of the context goes, by what its name looks like: files by name are settings more often than source.
fn part_of_source(copy: &Instruction) -> Option<(&str, Span)> {
    let local = copy.is(Keyword::Copy) || copy.is(Keyword::Add);
    let (destination, sources) = copy.words().split_last().filter(|_| local && copy.flag("from").is_none())?;
    let folder = |path: &str| {
        let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        path.ends_with('/') || name.contains('*') || !name.contains('.')
    };
    let part = sources.iter().find(|word| folder(word.text()) && !is_remote(word.text()))?;
    Some((destination.value.as_deref()?, part.span()))
}

/// The source of a COPY or ADD that means the whole build context; one laid over `/` is no program's source.
fn whole_source(instruction: &Instruction) -> Option<Span> {
    let copies = instruction.is(Keyword::Copy) || instruction.is(Keyword::Add);
    let (destination, sources) = instruction.words().split_last()?;
    if !copies || instruction.flag("from").is_some() || destination.text() == "/" {
        return None;
    }
    sources.iter().find(|word| is_whole_context(word.text())).map(Word::span)
}
