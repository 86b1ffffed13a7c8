//! Stages: what each is built from, and what its variables hold at every instruction.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::error::{SyntaxError, SyntaxErrorKind};
use super::expand::{Fault, Use, Variable, expand};
use super::instruction::{Arguments, Instruction, Pair, Undefined, Word};
use super::keyword::Keyword;
use super::signal;
use super::source;
use super::text::Text;
use crate::diag::Spanned;

/// From one FROM to the next. Instructions in front of the first FROM are a stage of their own: nothing can be built of
/// them, but there is as much to say about them.
#[derive(Clone, Debug)]
pub struct Stage {
    /// Index of its FROM.
    pub from: Option<usize>,
    /// Its instructions, without FROM.
    pub instructions: Range<usize>,
    /// Lower case, as stages are looked up.
    pub name: Option<Spanned<String>>,
    pub base: Base,
    /// What FROM names when no build argument is given; `None` when that depends on the platform.
    pub default_image: Option<String>,
}

impl Stage {
    /// Index of its first instruction, FROM included.
    #[must_use]
    pub fn first(&self) -> usize {
        self.from.unwrap_or(self.instructions.start)
    }

    /// A stage without FROM that starts with the instruction.
    fn headless(first: usize) -> Self {
        Self { from: None, instructions: first..first, name: None, base: Base::Open, default_image: None }
    }
}

/// What a stage is built from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Base {
    /// An earlier stage.
    Stage(usize),
    Scratch,
    /// An image, variables filled in.
    Image(String),
    /// An image that only the build knows.
    Open,
}

/// Platform arguments that FROM may use without a declaration.
const PREDEFINED: [&str; 9] = [
    "BUILDPLATFORM",
    "BUILDOS",
    "BUILDARCH",
    "BUILDVARIANT",
    "TARGETPLATFORM",
    "TARGETOS",
    "TARGETARCH",
    "TARGETVARIANT",
    "TARGETSTAGE",
];

/// A stage built on more stages than this is treated as built on an unknown image: nobody writes that by hand.
const MAX_ANCESTORS: usize = 64;

/// What one stage gives its variables.
#[derive(Clone, Debug, Default)]
struct Frame {
    parent: Option<usize>,
    args: Assignments,
    env: Assignments,
}

/// By name, in the order of the file: the instruction's index and the value, `None` when only the build knows it.
type Assignments = HashMap<String, Vec<(usize, Option<String>)>>;

/// The value that `name` has in front of the instruction `before`.
fn latest<'v>(assignments: &'v Assignments, name: &str, before: usize) -> Option<&'v Option<String>> {
    let all = assignments.get(name)?;
    let after = all.partition_point(|(at, _)| *at < before);
    after.checked_sub(1).map(|index| &all[index].1)
}

/// The variables of every stage, at every instruction.
#[derive(Clone, Debug, Default)]
pub(super) struct Scopes {
    /// ARGs in front of the first FROM.
    global: HashMap<String, Option<String>>,
    frames: Vec<Frame>,
}

impl Scopes {
    /// What the build gives the variable when it reaches the instruction `before` of a stage.
    pub(super) fn during_build(&self, stage: usize, before: usize, name: &str) -> Variable<'_> {
        look_up(&self.frames[..=stage], before, name, true)
    }

    /// What a word of FROM says where the build gives the variables that only it knows these values.
    pub(super) fn base_word<'v>(
        &'v self,
        word: &Word,
        escape: char,
        given: impl Fn(&str) -> Option<&'v str>,
    ) -> Option<String> {
        let look_up = |name: &str| match look_up_global(&self.global, name) {
            unknown @ (Variable::Unknown | Variable::Unset | Variable::Undefined) => {
                given(name).map_or(unknown, Variable::Value)
            }
            known @ Variable::Value(_) => known,
        };
        expand(word.raw.as_str(), escape, look_up).value
    }

    /// What a container of the stage's image gets: every ENV, no ARG.
    pub(super) fn at_run_time(&self, stage: usize, name: &str) -> Variable<'_> {
        look_up(&self.frames[..=stage], usize::MAX, name, false)
    }
}

/// Walks the instructions once, cuts them into stages and fills in the variables.
pub(super) struct Resolver<'a> {
    escape: char,
    errors: &'a mut Vec<SyntaxError>,
    /// ARGs in front of the first FROM.
    global: HashMap<String, Option<String>>,
    frames: Vec<Frame>,
    stages: Vec<Stage>,
    names: HashMap<String, usize>,
}

pub(super) fn resolve(
    instructions: &mut [Instruction],
    escape: char,
    errors: &mut Vec<SyntaxError>,
) -> (Vec<Stage>, Scopes) {
    let mut resolver = Resolver {
        escape,
        errors,
        global: HashMap::new(),
        frames: Vec::new(),
        stages: Vec::new(),
        names: HashMap::new(),
    };
    // ARGs above a FROM are its own; without any they belong to what follows them.
    if !instructions.iter().any(|instruction| instruction.is(Keyword::From))
        && instructions.iter().any(|instruction| !instruction.is(Keyword::Arg))
    {
        resolver.headless(0);
    }
    for (index, instruction) in instructions.iter_mut().enumerate() {
        resolver.instruction(index, instruction);
    }
    let Resolver { global, frames, stages, .. } = resolver;
    (stages, Scopes { global, frames })
}

impl Resolver<'_> {
    fn instruction(&mut self, index: usize, instruction: &mut Instruction) {
        if instruction.is(Keyword::From) {
            self.from(index, instruction);
            return;
        }
        if !instruction.is(Keyword::Arg) && self.stages.last().is_none_or(|stage| stage.from.is_none()) {
            let kind = SyntaxErrorKind::BeforeFrom { keyword: instruction.keyword.name() };
            self.errors.push(SyntaxError { span: instruction.keyword.span, kind });
            if self.stages.is_empty() {
                self.headless(index);
            }
        }
        if let Some(stage) = self.stages.last_mut() {
            stage.instructions.end = index + 1;
        }
        for flag in &mut instruction.flags {
            flag.value.iter_mut().for_each(|word| self.fill(word));
        }
        let keyword = *instruction.keyword;
        match &mut instruction.arguments {
            Arguments::Words(words) if matches!(keyword, Keyword::Maintainer | Keyword::Shell) => {
                for word in words {
                    word.value = Some(word.raw.as_str().to_owned());
                }
            }
            Arguments::Words(words) => {
                for word in words.iter_mut() {
                    self.fill(word);
                    self.errors.extend(refused(keyword, word));
                }
                self.errors.extend(source::refused(instruction));
            }
            Arguments::Pairs(pairs) => self.pairs(index, keyword, instruction.on_build, pairs),
            Arguments::None | Arguments::Command(_) => {}
        }
    }

    fn headless(&mut self, first: usize) {
        self.frames.push(Frame::default());
        self.stages.push(Stage::headless(first));
    }

    /// `ENV a=1 b=$a`: b sees what a was before the instruction.
    fn pairs(&mut self, index: usize, keyword: Keyword, on_build: bool, pairs: &mut [Pair]) {
        for pair in pairs.iter_mut() {
            self.fill(&mut pair.name);
            pair.value.iter_mut().for_each(|word| self.fill(word));
            if keyword == Keyword::Arg {
                self.declare_arg(index, pair);
            }
        }
        if keyword == Keyword::Env
            && !on_build
            && let Some(frame) = self.frames.last_mut()
        {
            for pair in pairs {
                let value = pair.value.as_ref().and_then(|word| word.value.clone());
                frame.env.entry(pair.name.text().to_owned()).or_default().push((index, value));
            }
        }
    }

    fn declare_arg(&mut self, index: usize, pair: &Pair) {
        let name = pair.name.text().to_owned();
        let default = pair.value.as_ref().and_then(|word| word.value.clone());
        match self.frames.last_mut() {
            None => {
                self.global.insert(name, default);
            }
            Some(frame) => {
                let value = if pair.value.is_some() { default } else { self.global.get(&name).cloned().flatten() };
                frame.args.entry(name).or_default().push((index, value));
            }
        }
    }

    fn from(&mut self, index: usize, instruction: &mut Instruction) {
        let (escape, global) = (self.escape, &self.global);
        let mut faults = Vec::new();
        for word in instruction.flags.iter_mut().filter_map(|flag| flag.value.as_mut()) {
            faults.extend(fill(word, escape, |name| look_up_global(global, name)));
        }
        if let Arguments::Words(words) = &mut instruction.arguments {
            for word in words {
                faults.extend(fill(word, escape, |name| look_up_global(global, name)));
            }
        }
        self.errors.extend(faults);
        let words = instruction.words();
        let default_image = words.first().and_then(|word| default_value(word, escape, global));
        let base = words.first().map_or(Base::Open, |image| self.base(image));
        let name = match words {
            [] | [_] => None,
            [_, alias, name] if alias.raw.as_str().eq_ignore_ascii_case("as") => self.stage_name(name),
            _ => {
                self.errors.push(SyntaxError { span: instruction.span, kind: SyntaxErrorKind::MalformedFrom });
                None
            }
        };
        let parent = if let Base::Stage(parent) = base { Some(parent) } else { None };
        self.frames.push(Frame { parent, ..Frame::default() });
        if let Some(name) = &name {
            self.names.insert(name.value.clone(), self.stages.len());
        }
        self.stages.push(Stage { from: Some(index), instructions: index + 1..index + 1, name, base, default_image });
    }

    /// Names of stages are kept in lower case, and FROM asks for them as it is written.
    fn base(&self, image: &Word) -> Base {
        let Some(value) = &image.value else { return Base::Open };
        if let Some(stage) = self.names.get(value) {
            return Base::Stage(*stage);
        }
        if value == "scratch" { Base::Scratch } else { Base::Image(value.clone()) }
    }

    fn stage_name(&mut self, word: &Word) -> Option<Spanned<String>> {
        let name = word.raw.as_str().to_ascii_lowercase();
        let valid = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
        if !valid {
            let kind = SyntaxErrorKind::InvalidStageName { name: name.chars().take(40).collect() };
            self.errors.push(SyntaxError { span: word.span(), kind });
            return None;
        }
        Some(Spanned::new(name, word.span()))
    }

    fn fill(&mut self, word: &mut Word) {
        let escape = self.escape;
        let fault = if self.frames.is_empty() {
            let global = &self.global;
            fill(word, escape, |name| look_up_global(global, name))
        } else {
            let frames = &self.frames;
            fill(word, escape, |name| look_up(frames, usize::MAX, name, true))
        };
        self.errors.extend(fault);
    }
}

fn look_up_global<'v>(global: &'v HashMap<String, Option<String>>, name: &str) -> Variable<'v> {
    match global.get(name) {
        Some(Some(value)) => Variable::Value(value),
        Some(None) => Variable::Unknown,
        None if PREDEFINED.contains(&name) => Variable::Unknown,
        None => Variable::Undefined,
    }
}

/// What a word of FROM says while arguments without a default have no value.
fn default_value(word: &Word, escape: char, global: &HashMap<String, Option<String>>) -> Option<String> {
    let look_up = |name: &str| match global.get(name) {
        Some(value) => value.as_deref().map_or(Variable::Unset, Variable::Value),
        None => look_up_global(global, name),
    };
    expand(word.raw.as_str(), escape, look_up).value
}

/// ENV wins over ARG; what an ancestor exported is seen, its ARGs are too. Looks up in the last of `frames`.
fn look_up<'v>(frames: &'v [Frame], before: usize, name: &str, args: bool) -> Variable<'v> {
    let mut next = frames.len().checked_sub(1);
    let mut arg = None;
    for _ in 0..MAX_ANCESTORS {
        let Some(frame) = next.and_then(|index| frames.get(index)) else { break };
        if let Some(value) = latest(&frame.env, name, before) {
            return value.as_deref().map_or(Variable::Unknown, Variable::Value);
        }
        arg = arg.or_else(|| latest(&frame.args, name, before).filter(|_| args));
        next = frame.parent;
    }
    match arg {
        Some(Some(value)) => Variable::Value(value),
        Some(None) => Variable::Unknown,
        // It is set in every image.
        None if name == "PATH" => Variable::Unknown,
        None if next.is_some() => Variable::Unknown,
        None => Variable::Undefined,
    }
}

/// Variables in a text that nothing defines, each once.
pub(super) fn undefined<'v>(text: &Text, escape: char, look_up: impl Fn(&str) -> Variable<'v>) -> Vec<Undefined> {
    nowhere_defined(text, expand(text.as_str(), escape, &look_up).uses, look_up)
}

fn nowhere_defined<'v>(text: &Text, uses: Vec<Use>, look_up: impl Fn(&str) -> Variable<'v>) -> Vec<Undefined> {
    let mut seen = HashSet::new();
    let fresh =
        |used: &Use| look_up(&used.name) == Variable::Undefined && seen.insert((used.name.clone(), used.guarded));
    let place = |used: Use| Undefined { name: Spanned::new(used.name, text.span(used.range)), guarded: used.guarded };
    uses.into_iter().filter(fresh).map(place).collect()
}

/// What BuildKit refuses once variables are filled in.
fn refused(keyword: Keyword, word: &Word) -> Option<SyntaxError> {
    let value = word.value.as_deref()?;
    let kind = match keyword {
        Keyword::StopSignal if !signal::is_signal(value) => {
            SyntaxErrorKind::InvalidSignal { value: value.chars().take(40).collect() }
        }
        Keyword::Volume if value.is_empty() => SyntaxErrorKind::EmptyVolume,
        _ => return None,
    };
    Some(SyntaxError { span: word.span(), kind })
}

/// Fills one word in; returns what makes it unreadable.
fn fill<'v>(word: &mut Word, escape: char, look_up: impl Fn(&str) -> Variable<'v>) -> Option<SyntaxError> {
    let mut expansion = expand(word.raw.as_str(), escape, &look_up);
    word.value = expansion.value.take();
    word.undefined = nowhere_defined(&word.raw, std::mem::take(&mut expansion.uses), look_up);
    expansion.fault.map(|fault| match fault {
        Fault::Quote { at, quote } => {
            SyntaxError { span: word.raw.span(at..at + 1), kind: SyntaxErrorKind::UnterminatedQuote { quote } }
        }
        Fault::Brace { at } => {
            SyntaxError { span: word.raw.span(at..at + 1), kind: SyntaxErrorKind::UnterminatedExpansion }
        }
    })
}
