//! A Dockerfile as instructions with spans. Never gives up: what cannot be read becomes a [`SyntaxError`] and reading
//! goes on with the next instruction. Time is linear in the text and nothing recurses on input. No I/O, no opinions:
//! those are `lint`'s.

mod array;
mod error;
mod expand;
mod file_name;
mod flag_value;
mod heredoc;
mod instruction;
mod keyword;
mod lexer;
mod mount;
pub mod shell;
mod signal;
mod source;
mod stage;
mod text;
mod words;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use error::{SyntaxError, SyntaxErrorKind};
pub use expand::Variable;
pub use file_name::is_dockerfile;
pub use heredoc::Heredoc;
pub use instruction::{Arguments, Command, Flag, Instruction, Pair, Undefined, Word};
pub use keyword::Keyword;
pub use lexer::{Directive, read_switch};
pub use stage::{Base, Stage};
pub use text::Text;
pub use words::is_one_word;

use crate::diag::{Source, Span};

/// A parsed Dockerfile.
#[derive(Clone, Debug)]
pub struct Dockerfile {
    pub source: Arc<Source>,
    pub directives: Vec<Directive>,
    /// Comments between instructions, in order.
    pub comments: Vec<Span>,
    /// Comments between the lines of continued instructions, in order.
    pub inner_comments: Vec<Span>,
    /// Lines without content inside continued instructions.
    pub blank_continuations: Vec<Span>,
    /// In order, none overlaps another.
    pub instructions: Vec<Instruction>,
    pub stages: Vec<Stage>,
    /// In order of their places.
    pub errors: Vec<SyntaxError>,
    /// A backslash, or a backtick where the file asks for it.
    pub escape: char,
    /// From here to its end the file was not read, because it holds more than [`MAX_PARTS`].
    pub unread: Option<Span>,
    scopes: stage::Scopes,
}

/// Most instructions, comments and words that are read of a file: no build is that large, and it bounds what a hostile
/// file costs.
pub const MAX_PARTS: usize = 50_000;

/// The instructions that lines hold, and where reading stopped because there are too many parts.
fn read_lines(
    lines: Vec<lexer::LogicalLine>,
    escape: char,
    errors: &mut Vec<SyntaxError>,
) -> (Vec<Instruction>, Option<usize>) {
    let mut instructions: Vec<Instruction> = Vec::with_capacity(lines.len());
    let mut room = MAX_PARTS;
    let mut lost = false;
    for line in lines {
        // Of lines in a row that start with no instruction the first is to blame: a backslash is missing there.
        let known = errors.len();
        let end = line.span.end;
        let instruction = instruction::read(line, escape, room, errors);
        let unknown = |error: &SyntaxError| matches!(error.kind, SyntaxErrorKind::UnknownInstruction { .. });
        if instruction.is_none() && errors.last().is_some_and(unknown) {
            errors.truncate(if lost { known } else { errors.len() });
            lost = true;
        } else {
            lost = false;
        }
        let parts = instruction.as_ref().map_or(0, Instruction::parts);
        instructions.extend(instruction);
        match room.checked_sub(parts).filter(|left| *left > 0) {
            Some(left) => room = left,
            None => return (instructions, Some(end)),
        }
    }
    (instructions, None)
}

impl Dockerfile {
    #[must_use]
    pub fn parse(source: &Arc<Source>) -> Self {
        let lexer::Lexed {
            escape,
            directives,
            comments,
            inner_comments,
            blank_continuations,
            lines,
            mut errors,
            unread,
        } = lexer::lex(source.text());
        let (mut instructions, full) = read_lines(lines, escape, &mut errors);
        let unread = full.or(unread).map(|start| Span::new(start, source.text().len()));
        let (stages, scopes) = stage::resolve(&mut instructions, escape, &mut errors);
        if errors.is_empty() && stages.is_empty() {
            let first = instructions.first().map(|instruction| instruction.keyword.span);
            let kind = if first.is_some() { SyntaxErrorKind::NoFrom } else { SyntaxErrorKind::Empty };
            errors.push(SyntaxError { span: first.unwrap_or_default(), kind });
        }
        errors.sort_by_key(|error| error.span);
        Self {
            source: Arc::clone(source),
            directives,
            comments,
            inner_comments,
            blank_continuations,
            instructions,
            stages,
            errors,
            escape,
            unread,
            scopes,
        }
    }

    /// The stage that becomes the image.
    #[must_use]
    pub fn final_stage(&self) -> Option<usize> {
        self.stages.len().checked_sub(1)
    }

    /// Instructions of one stage, without its FROM.
    #[must_use]
    pub fn stage_instructions(&self, stage: usize) -> &[Instruction] {
        self.stages.get(stage).and_then(|stage| self.instructions.get(stage.instructions.clone())).unwrap_or_default()
    }

    /// The FROM of a stage.
    #[must_use]
    pub fn from_of(&self, stage: &Stage) -> Option<&Instruction> {
        self.instructions.get(stage.from?)
    }

    /// What a stage is built from, as FROM says it.
    #[must_use]
    pub fn image_of(&self, stage: &Stage) -> Option<&Word> {
        self.from_of(stage)?.words().first()
    }

    /// The stage that an instruction belongs to, its FROM included; `None` for ARGs above the first FROM.
    #[must_use]
    pub fn stage_of(&self, instruction: usize) -> Option<usize> {
        self.stages.partition_point(|stage| stage.first() <= instruction).checked_sub(1)
    }

    /// What a variable holds for the program that an instruction starts: RUN sees ENV and ARG above it, what a
    /// container starts sees ENV alone.
    #[must_use]
    pub fn variable(&self, instruction: usize, name: &str) -> Variable<'_> {
        match (self.stage_of(instruction), *self.instructions[instruction].keyword) {
            (None, _) => Variable::Undefined,
            (Some(stage), Keyword::Run) => self.scopes.during_build(stage, instruction, name),
            (Some(stage), _) => self.scopes.at_run_time(stage, name),
        }
    }

    /// What the FROM of a stage names where each variable that only the build knows holds `sample`.
    #[must_use]
    pub fn base_where(&self, stage: &Stage, sample: &str) -> Option<String> {
        self.scopes.base_word(self.image_of(stage)?, self.escape, |_| Some(sample))
    }

    /// What a word of a FROM says where the build gives the variables that only it knows these values.
    #[must_use]
    pub fn from_word<'v>(&'v self, word: &Word, given: impl Fn(&str) -> Option<&'v str>) -> Option<String> {
        self.scopes.base_word(word, self.escape, given)
    }

    /// Variables in the here-documents of a COPY or ADD that nothing in the file defines, each once a document. Quotes have
    /// no meaning there.
    #[must_use]
    pub fn undefined_in_heredocs(&self, index: usize) -> Vec<Undefined> {
        let instruction = &self.instructions[index];
        let filled = instruction.is(Keyword::Copy) || instruction.is(Keyword::Add);
        let Some(stage) = self.stage_of(index).filter(|_| filled) else { return Vec::new() };
        let look_up = |name: &str| self.scopes.during_build(stage, index, name);
        // Of several with one name the last counts.
        let named_below = |at: usize, name: &str| instruction.heredocs[at + 1..].iter().any(|below| below.name == name);
        let documents = instruction.heredocs.iter().enumerate();
        let documents = documents.filter(|(at, document)| document.expands && !named_below(*at, &document.name));
        let found = documents.flat_map(|(_, document)| {
            let text = self.source.slice(document.body).replace(['"', '\''], " ");
            let mut text_and_place = Text::default();
            text_and_place.push(&text, document.body.start);
            stage::undefined(&text_and_place, self.escape, look_up)
        });
        found.collect()
    }

    /// `stage` and the stages it is built on, itself first; each is earlier in the file than the one before.
    pub fn ancestry(&self, stage: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(Some(stage), |index| match self.stages.get(*index)?.base {
            Base::Stage(parent) => Some(parent),
            _ => None,
        })
    }
}
