//! What the lexer cannot read, and how it is said.

use super::faults::Fault;

/// What cannot be a token; the lexer goes on behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Misfit {
    UnclosedText,
    UnclosedRawText,
    UnclosedComment,
    DeepComment,
    Escape,
    Continuation,
    Number,
    Character,
}

impl Misfit {
    /// Without its place.
    pub(super) fn fault(self) -> Fault {
        match self {
            Self::UnclosedText => Fault::new("unclosed-string", "a string is not closed on its line")
                .help("close it with `\"`; a line break inside a string is written `\\n`"),
            Self::UnclosedRawText => Fault::new("unclosed-string", "a raw string is not closed")
                .help("close it with `\"` and as many `#` as it was opened with"),
            Self::UnclosedComment => {
                Fault::new("unclosed-comment", "a comment is not closed").help("close it with `*/`")
            }
            Self::DeepComment => Fault::new("deep-nesting", "comments are nested too deep").help("use `//` comments"),
            Self::Escape => Fault::new("bad-escape", "a string holds an escape that there is not")
                .help("write `\\\\` for a backslash, or a raw string: `r\"…\"`"),
            Self::Continuation => Fault::new("syntax", "a `\\` that is not at the end of its line")
                .help("`\\` continues a node on the next line; write values in double quotes"),
            Self::Number => Fault::new("unquoted", "neither a number nor in quotes")
                .help("write numbers in digits only, and everything else in double quotes"),
            Self::Character => Fault::new("syntax", "a character that KDL keeps for itself")
                .help("write values in double quotes: `\"…\"`"),
        }
    }
}
