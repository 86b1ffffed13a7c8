//! Where the whole source enters a stage, and what runs below that.

use super::context::Context;
use super::paths::is_whole_context;
use crate::diag::Span;
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
        let cached = run.flags_named("mount").any(|flag| {
            flag.value.as_ref().is_some_and(|mount| mount.text().split(',').any(|option| option == "type=cache"))
        });
        (copy < at && !cached).then_some((copy, span))
    }
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
