//! Instructions: a keyword, its flags and its arguments, each with its place.

use std::ops::Range;

use super::array::{self, Array};
use super::error::{SyntaxError, SyntaxErrorKind};
use super::flag_value::{self, Fault};
use super::heredoc::Heredoc;
use super::keyword::Keyword;
use super::lexer::LogicalLine;
use super::text::Text;
use super::words::{Splitter, is_blank, split_blanks};
use crate::diag::{Span, Spanned, Wording, did_you_mean, say};

/// One instruction of a Dockerfile.
#[derive(Clone, Debug)]
pub struct Instruction {
    /// From its first letter to the end of its last line, here-documents included.
    pub span: Span,
    /// Where the keyword stands; for `ONBUILD RUN` it is RUN's.
    pub keyword: Spanned<Keyword>,
    /// It runs in builds that use this image as their base.
    pub on_build: bool,
    pub flags: Vec<Flag>,
    pub arguments: Arguments,
    pub heredocs: Vec<Heredoc>,
}

/// `--name=value` in front of the arguments.
#[derive(Clone, Debug)]
pub struct Flag {
    pub name: Spanned<String>,
    pub value: Option<Word>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum Arguments {
    /// None, or none that can be read.
    None,
    /// FROM, COPY, ADD, EXPOSE, VOLUME, WORKDIR, USER, STOPSIGNAL, MAINTAINER, SHELL.
    Words(Vec<Word>),
    /// ENV, ARG, LABEL.
    Pairs(Vec<Pair>),
    /// RUN, CMD, ENTRYPOINT, `HEALTHCHECK CMD`.
    Command(Command),
}

/// A word, and what it says once its variables are filled in.
#[derive(Clone, Debug, Default)]
pub struct Word {
    pub raw: Text,
    /// `None` when it depends on what only the build knows. Filled in by the stage pass.
    pub value: Option<String>,
    /// Variables it uses that nothing in the file defines, each once.
    pub undefined: Vec<Undefined>,
}

/// A variable that nothing in the file defines, where it is used.
#[derive(Clone, Debug)]
pub struct Undefined {
    pub name: Spanned<String>,
    /// The use says itself what holds then, like `${NAME:-value}`.
    pub guarded: bool,
}

/// `name=value`, `name`, or the old `name value`.
#[derive(Clone, Debug)]
pub struct Pair {
    pub name: Word,
    pub value: Option<Word>,
    /// Written without `=`.
    pub legacy: bool,
}

#[derive(Clone, Debug)]
pub enum Command {
    /// A JSON array: runs without a shell.
    Exec(Vec<Text>),
    /// Runs through the stage's shell.
    Shell(Text),
}

impl Word {
    pub(super) fn new(raw: Text) -> Self {
        Self { raw, ..Self::default() }
    }

    #[must_use]
    pub fn span(&self) -> Span {
        self.raw.whole()
    }

    /// The value, or the word as written when the value is open.
    #[must_use]
    pub fn text(&self) -> &str {
        self.value.as_deref().unwrap_or(self.raw.as_str())
    }
}

impl Instruction {
    #[must_use]
    pub fn words(&self) -> &[Word] {
        if let Arguments::Words(words) = &self.arguments { words } else { &[] }
    }

    #[must_use]
    pub fn pairs(&self) -> &[Pair] {
        if let Arguments::Pairs(pairs) = &self.arguments { pairs } else { &[] }
    }

    #[must_use]
    pub fn command(&self) -> Option<&Command> {
        if let Arguments::Command(command) = &self.arguments { Some(command) } else { None }
    }

    /// Whether it is `keyword` and acts on this very build.
    #[must_use]
    pub fn is(&self, keyword: Keyword) -> bool {
        *self.keyword == keyword && !self.on_build
    }

    pub fn flags_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Flag> {
        self.flags.iter().filter(move |flag| *flag.name == name)
    }

    /// How much of it there is: itself, its flags, its words and its here-documents.
    pub(super) fn parts(&self) -> usize {
        let words = match &self.arguments {
            Arguments::Words(words) => words.len(),
            Arguments::Pairs(pairs) => pairs.len(),
            Arguments::Command(Command::Exec(words)) => words.len(),
            Arguments::None | Arguments::Command(Command::Shell(_)) => 0,
        };
        1 + self.flags.len() + words + self.heredocs.len()
    }

    #[must_use]
    pub fn flag(&self, name: &str) -> Option<&Word> {
        self.flags.iter().find(|flag| *flag.name == name)?.value.as_ref()
    }
}

/// Whether the arguments of the line are a JSON array of strings.
pub(super) fn is_array(line: &Text) -> bool {
    line.as_str().find('[').is_some_and(|at| {
        let before = &line.as_str()[..at];
        let only_flags = before.split_whitespace().all(|word| word.starts_with("--") || Keyword::named(word).is_some());
        only_flags && matches!(array::read(&line.slice(at..line.as_str().len()), 0), Array::Strings(_))
    })
}

/// Reads one logical line with up to `room` words; `None` when its first word is no instruction.
pub(super) fn read(line: LogicalLine, escape: char, room: usize, errors: &mut Vec<SyntaxError>) -> Option<Instruction> {
    let LogicalLine { text, heredocs, span } = line;
    let mut reader = Reader { rest: text, escape, room, errors };
    let first = reader.keyword()?;
    let (keyword, on_build) = if *first == Keyword::OnBuild {
        let inner = reader.required_keyword(first)?;
        (inner, true)
    } else {
        (first, false)
    };
    let flags = reader.flags(keyword);
    let arguments = reader.arguments(keyword);
    Some(Instruction { span, keyword, on_build, flags, arguments, heredocs })
}

struct Reader<'a> {
    /// What is not read yet, without blanks in front.
    rest: Text,
    escape: char,
    /// Most words that are read.
    room: usize,
    errors: &'a mut Vec<SyntaxError>,
}

impl Reader<'_> {
    fn error(&mut self, span: Span, kind: SyntaxErrorKind) {
        self.errors.push(SyntaxError { span, kind });
    }

    /// Takes the word that ends at the next blank.
    fn take_word(&mut self) -> Text {
        let line = self.rest.as_str();
        let end = line.find(is_blank).unwrap_or(line.len());
        let word = self.rest.slice(0..end);
        self.rest = self.rest.slice(end..line.len()).trimmed();
        word
    }

    fn keyword(&mut self) -> Option<Spanned<Keyword>> {
        let word = self.take_word();
        let keyword = Keyword::named(word.as_str());
        if keyword.is_none() {
            let upper = shortened(word.as_str()).to_ascii_uppercase();
            let meant = did_you_mean(&upper, Keyword::ALL.map(Keyword::name));
            self.error(word.whole(), SyntaxErrorKind::UnknownInstruction { word: shortened(word.as_str()), meant });
        }
        keyword.map(|keyword| Spanned::new(keyword, word.whole()))
    }

    fn required_keyword(&mut self, outer: Spanned<Keyword>) -> Option<Spanned<Keyword>> {
        if self.rest.is_empty() {
            self.missing(*outer, say!("an instruction", "一条指令"), outer.span);
            return None;
        }
        let inner = self.keyword()?;
        if matches!(*inner, Keyword::OnBuild | Keyword::From | Keyword::Maintainer) {
            self.error(inner.span, SyntaxErrorKind::InvalidOnBuild { keyword: inner.name() });
            return None;
        }
        Some(inner)
    }

    fn missing(&mut self, keyword: Keyword, what: Wording, span: Span) {
        self.error(span, SyntaxErrorKind::MissingArgument { keyword: keyword.name(), what });
    }

    /// Words that start with `--`, up to the first that does not; a lone `--` ends them.
    fn flags(&mut self, keyword: Spanned<Keyword>) -> Vec<Flag> {
        let mut flags = Vec::new();
        let line = self.rest.as_str();
        if !line.starts_with("--") {
            return flags;
        }
        let mut end = 0;
        for range in Splitter::pairs(self.escape).split_up_to(line, self.room).ranges {
            let word = &line[range.clone()];
            if !word.starts_with("--") {
                break;
            }
            end = range.end;
            if word == "--" {
                break;
            }
            flags.push(read_flag(&self.rest.slice(range)));
        }
        self.rest = self.rest.slice(end..line.len()).trimmed();
        for flag in &flags {
            if !keyword.flags().contains(&flag.name.as_str()) {
                let meant = did_you_mean(&shortened(&flag.name), keyword.flags().iter().copied());
                let kind = SyntaxErrorKind::UnknownFlag { keyword: keyword.name(), flag: shortened(&flag.name), meant };
                self.error(flag.span, kind);
            } else if let Some(fault) = flag_value::examine(*keyword, flag) {
                let (keyword, name) = (keyword.name(), shortened(&flag.name));
                self.error(
                    flag.span,
                    match fault {
                        Fault::Missing(what) => SyntaxErrorKind::FlagWithoutValue { keyword, flag: name, what },
                        Fault::Invalid(takes) => SyntaxErrorKind::InvalidFlagValue { keyword, flag: name, takes },
                        Fault::Variable => SyntaxErrorKind::VariableInFrom,
                    },
                );
            }
        }
        flags
    }

    fn arguments(&mut self, keyword: Spanned<Keyword>) -> Arguments {
        match *keyword {
            Keyword::Run | Keyword::Cmd | Keyword::Entrypoint => self.command(keyword),
            Keyword::Healthcheck => self.healthcheck(keyword),
            Keyword::Env | Keyword::Label | Keyword::Arg => self.pairs(keyword),
            Keyword::Workdir | Keyword::User | Keyword::StopSignal | Keyword::Maintainer => {
                if self.rest.is_empty() {
                    self.missing(*keyword, say!("a value", "值"), keyword.span);
                    return Arguments::None;
                }
                Arguments::Words(vec![Word::new(self.rest.clone())])
            }
            Keyword::Copy | Keyword::Add => self.words(keyword, 2, say!("a source and a destination", "来源和目标")),
            Keyword::Expose => self.words(keyword, 1, say!("a port", "端口")),
            Keyword::Volume => self.words(keyword, 1, say!("a path", "路径")),
            Keyword::From => self.words(keyword, 1, say!("an image", "镜像")),
            Keyword::Shell => self.shell(keyword),
            Keyword::OnBuild => Arguments::None,
        }
    }

    fn array(&mut self, keyword: Spanned<Keyword>) -> Option<Vec<Text>> {
        match array::read(&self.rest, self.room) {
            Array::Strings(elements) => Some(elements),
            Array::OtherThanStrings => {
                let kind = SyntaxErrorKind::ArrayOfOtherThanStrings { keyword: keyword.name() };
                self.error(self.rest.whole(), kind);
                None
            }
            Array::No => None,
        }
    }

    fn command(&mut self, keyword: Spanned<Keyword>) -> Arguments {
        if self.rest.is_empty() {
            // `CMD` and `ENTRYPOINT` without arguments reset what was inherited, a RUN does nothing.
            return Arguments::None;
        }
        let command = self.array(keyword).map_or_else(|| Command::Shell(self.rest.clone()), Command::Exec);
        Arguments::Command(command)
    }

    fn healthcheck(&mut self, keyword: Spanned<Keyword>) -> Arguments {
        let kind = self.take_word();
        match kind.as_str().to_ascii_uppercase().as_str() {
            "" => self.missing(*keyword, say!("`CMD command` or `NONE`", "参数 `CMD command` 或 `NONE`"), keyword.span),
            "CMD" if self.rest.is_empty() => {
                self.missing(*keyword, say!("a command after CMD", "写在 CMD 后面的命令"), kind.whole());
            }
            "CMD" => {
                let command = self.command(keyword);
                if matches!(&command, Arguments::Command(Command::Exec(words)) if words.is_empty()) {
                    self.missing(*keyword, say!("a command after CMD", "写在 CMD 后面的命令"), kind.whole());
                }
                return command;
            }
            "NONE" if self.rest.is_empty() => {}
            _ => self.error(kind.whole(), SyntaxErrorKind::MalformedHealthcheck),
        }
        Arguments::None
    }

    fn words(&mut self, keyword: Spanned<Keyword>, least: usize, what: Wording) -> Arguments {
        let array = if keyword.takes_array() { self.array(keyword) } else { None };
        let texts = array.unwrap_or_else(|| {
            let ranges = split_blanks(self.rest.as_str()).take(self.room);
            ranges.map(|range| self.rest.slice(range)).collect()
        });
        let words: Vec<_> = texts.into_iter().map(Word::new).collect();
        if words.len() < least {
            self.missing(*keyword, what, keyword.span);
            return Arguments::None;
        }
        Arguments::Words(words)
    }

    fn shell(&mut self, keyword: Spanned<Keyword>) -> Arguments {
        match self.array(keyword) {
            Some(elements) if !elements.is_empty() => Arguments::Words(elements.into_iter().map(Word::new).collect()),
            _ => {
                self.error(keyword.span, SyntaxErrorKind::ShellNotArray);
                Arguments::None
            }
        }
    }

    fn pairs(&mut self, keyword: Spanned<Keyword>) -> Arguments {
        let ranges = Splitter::pairs(self.escape).split_up_to(self.rest.as_str(), self.room).ranges;
        let Some(first) = ranges.first() else {
            self.missing(*keyword, say!("a name", "名字"), keyword.span);
            return Arguments::None;
        };
        let legacy = *keyword != Keyword::Arg && !self.rest.as_str()[first.clone()].contains('=');
        if legacy {
            return self.legacy_pair(keyword);
        }
        let pairs = ranges.into_iter().filter_map(|range| self.pair(keyword, range)).collect();
        Arguments::Pairs(pairs)
    }

    fn pair(&mut self, keyword: Spanned<Keyword>, range: Range<usize>) -> Option<Pair> {
        let word = self.rest.slice(range);
        let Some(equals) = word.as_str().find('=') else {
            if *keyword == Keyword::Arg {
                return Some(Pair { name: Word::new(word), value: None, legacy: false });
            }
            let kind = SyntaxErrorKind::MissingEquals { keyword: keyword.name() };
            self.error(word.whole(), kind);
            return None;
        };
        let name = word.slice(0..equals);
        if name.is_empty() {
            self.error(word.whole(), SyntaxErrorKind::MissingName);
            return None;
        }
        let value = word.slice(equals + 1..word.as_str().len());
        Some(Pair { name: Word::new(name), value: Some(Word::new(value)), legacy: false })
    }

    fn legacy_pair(&mut self, keyword: Spanned<Keyword>) -> Arguments {
        let name = self.take_word();
        if self.rest.is_empty() {
            self.missing(*keyword, say!("a value", "值"), name.whole());
            return Arguments::None;
        }
        let value = Some(Word::new(self.rest.clone()));
        Arguments::Pairs(vec![Pair { name: Word::new(name), value, legacy: true }])
    }
}

fn read_flag(word: &Text) -> Flag {
    let text = word.as_str();
    let span = word.whole();
    let equals = text.find('=');
    let name_end = equals.unwrap_or(text.len());
    let name = Spanned::new(text[2..name_end].to_owned(), word.span(2..name_end));
    let value = equals.map(|at| Word::new(word.slice(at + 1..text.len())));
    Flag { name, value, span }
}

/// As much of a word as a message can hold.
fn shortened(word: &str) -> String {
    const SHOWN: usize = 40;
    match word.char_indices().nth(SHOWN) {
        Some((cut, _)) => format!("{}…", &word[..cut]),
        None => word.to_owned(),
    }
}
