//! What BuildKit would refuse, with its place and its wording.

use crate::diag::Span;

/// A fault that makes a build fail before its first step; reading goes on after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    pub span: Span,
    pub kind: SyntaxErrorKind,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SyntaxErrorKind {
    #[error("the file holds no instruction")]
    Empty,
    #[error("`{word}` is no instruction")]
    UnknownInstruction { word: String, meant: Option<&'static str> },
    #[error("{keyword} stands before the first FROM")]
    BeforeFrom { keyword: &'static str },
    #[error("{keyword} needs {what}")]
    MissingArgument { keyword: &'static str, what: &'static str },
    #[error("{keyword} takes one argument, here are {count}")]
    TooManyArguments { keyword: &'static str, count: usize },
    #[error("{keyword} knows no flag `--{flag}`")]
    UnknownFlag { keyword: &'static str, flag: String, meant: Option<&'static str> },
    #[error("this word has no `=`: {keyword} takes pairs `name=value`")]
    MissingEquals { keyword: &'static str },
    #[error("a name is missing in front of `=`")]
    MissingName,
    #[error("the here-document `{name}` is never ended")]
    UnterminatedHeredoc { name: String },
    #[error("the quote {quote} is never closed")]
    UnterminatedQuote { quote: char },
    #[error("`${{` is never closed")]
    UnterminatedExpansion,
    #[error("an array of {keyword} may hold strings only")]
    ArrayOfOtherThanStrings { keyword: &'static str },
    #[error("SHELL needs an array of strings")]
    ShellNotArray,
    #[error("FROM reads `FROM image [AS name]`")]
    MalformedFrom,
    #[error("`{name}` cannot name a stage")]
    InvalidStageName { name: String },
    #[error("HEALTHCHECK reads `HEALTHCHECK CMD command` or `HEALTHCHECK NONE`")]
    MalformedHealthcheck,
    #[error("{keyword} cannot follow ONBUILD")]
    InvalidOnBuild { keyword: &'static str },
    #[error("the line is longer than {most} bytes: BuildKit reads no longer ones")]
    LineTooLong { most: usize },
    #[error("the directive `{name}` is given twice")]
    RepeatedDirective { name: String },
    #[error("the escape character is a backslash or a backtick, not `{value}`")]
    InvalidEscape { value: String },
}

impl SyntaxErrorKind {
    /// What to do about it, imperative.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Empty => "start with `FROM image:tag`".into(),
            Self::UnknownInstruction { meant: Some(meant), .. } => format!("write {meant}"),
            Self::UnknownInstruction { meant: None, .. } => {
                "end the line before with a backslash if this continues it, or start the line with an instruction"
                    .into()
            }
            Self::BeforeFrom { .. } => "move it below FROM; only ARG may stand above".into(),
            Self::MissingArgument { what, .. } => format!("add {what}"),
            Self::TooManyArguments { .. } => "quote a value that holds blanks, or delete the rest".into(),
            Self::UnknownFlag { meant: Some(meant), .. } => format!("write `--{meant}`"),
            Self::UnknownFlag { meant: None, .. } => {
                "delete it, or use the array form if it belongs to the command".into()
            }
            Self::MissingEquals { .. } => "quote a value that holds blanks: `name=\"a value\"`".into(),
            Self::MissingName => "write `name=value`".into(),
            Self::UnterminatedHeredoc { name } => format!("end it with a line that holds `{name}` and nothing else"),
            Self::UnterminatedQuote { quote } => format!("close it with {quote}, or put a backslash in front of it"),
            Self::UnterminatedExpansion => "close it with `}`".into(),
            Self::ArrayOfOtherThanStrings { .. } => "put every element into double quotes".into(),
            Self::ShellNotArray => "write it like `SHELL [\"/bin/bash\", \"-c\"]`".into(),
            Self::MalformedFrom => "write the image, and `AS name` if the stage has a name".into(),
            Self::InvalidStageName { .. } => {
                "start it with a letter and go on with letters, digits, `-`, `_` and `.`".into()
            }
            Self::MalformedHealthcheck => "put CMD in front of the command".into(),
            Self::InvalidOnBuild { .. } => "delete the line, or put another instruction after ONBUILD".into(),
            Self::LineTooLong { .. } => "break the line with a backslash, or move the data into a file".into(),
            Self::RepeatedDirective { .. } => "keep one of them".into(),
            Self::InvalidEscape { .. } => "write `# escape=\\` or `# escape=``".into(),
        }
    }
}
