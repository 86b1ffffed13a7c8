//! Fixes: what a rule offers to write instead, and how several of them are applied to a file.
//!
//! A fix is safe: the image that is built means the same, but for what the finding is about. Where that is in doubt a
//! rule offers none. What holds for every file, whatever the rules offer, is held here ([`fix`]):
//!
//! - fixing a fixed file changes nothing;
//! - no rule has more findings than before;
//! - what no edit touches stays byte for byte, and every instruction that no edit touches stays an instruction;
//! - no two fixes are made at once of which one changes what the other counted on ([`Effect`]);
//! - the fixed file has no syntax error; a file that has one, or is not UTF-8, is left as it is.
//!
//! No I/O: a new file is only described.

mod commands;
mod demand;
pub mod diff;
mod exec_form;
mod ignore_file;
mod lists;
mod merge;
mod order;
mod pipefail;
mod rounds;
mod script;
#[cfg(test)]
mod tests;
mod together;
mod variables;
mod workdir;

pub(super) use commands::{is_written, option};
pub(super) use exec_form::as_array;
pub(super) use ignore_file::first_ignore_file;
pub(super) use lists::{cleaned_up, is_bystander, used_below, yarn_cleaned};
pub(super) use merge::merged;
pub(super) use order::copied_below;
pub(super) use pipefail::{guarded, is_like_debian};
pub use rounds::{Change, Fixed, beside, fix};
pub(super) use script::{ShellText, shell_text, without_instruction};
pub(super) use workdir::entered;

use crate::diag::Span;
use crate::dockerfile::Keyword;

/// What may be written instead, all of it or nothing. What it does is said by the finding's help.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fix {
    /// In the order of the file, apart from each other.
    pub edits: Vec<Edit>,
    pub creates: Option<NewFile>,
    pub(super) effect: Effect,
}

/// What a fix changes beyond its own place.
///
/// Whether a fix is safe is judged on the file as it is. Two fixes of one effect go together; of different ones the
/// second is judged again on the file that the first has made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Effect {
    #[default]
    None,
    /// Which commands share a shell.
    Shell,
    /// The options of shells, and what `sh` is.
    Options,
    /// The directory in which what is below runs.
    Directory,
    /// A `cd` is gone that says what holds already: others count on it.
    Cd,
    /// What is in the image when commands run.
    Order,
    /// What of the build context reaches the builder.
    Files,
}

/// A replacement of bytes of the file; an empty span inserts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    pub span: Span,
    pub text: String,
}

/// A file that is to be created in the directory of the build context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFile {
    pub name: &'static str,
    pub text: String,
    /// The rule that asks for it.
    pub rule: &'static str,
}

impl Fix {
    pub(super) fn replace(span: Span, text: impl Into<String>) -> Self {
        Self::default().and_replace(span, text)
    }

    pub(super) fn insert(at: usize, text: impl Into<String>) -> Self {
        Self::replace(Span::new(at, at), text)
    }

    pub(super) fn and_replace(mut self, span: Span, text: impl Into<String>) -> Self {
        self.edits.push(Edit { span, text: text.into() });
        self.edits.sort();
        self
    }

    pub(super) fn and_insert(self, at: usize, text: impl Into<String>) -> Self {
        self.and_replace(Span::new(at, at), text)
    }

    /// Both, as one.
    pub(super) fn and(self, other: Self) -> Self {
        let joined = other.edits.into_iter().fold(self, |fix, edit| fix.and_replace(edit.span, edit.text));
        Self { creates: joined.creates.clone().or(other.creates), ..joined }
    }

    pub(super) fn with_effect(self, effect: Effect) -> Self {
        Self { effect, ..self }
    }
}

/// `text` with `edits`, which are in order and apart, made.
fn edited<'e>(text: &str, edits: impl IntoIterator<Item = &'e Edit>) -> String {
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        result.push_str(&text[at..edit.span.start]);
        result.push_str(&edit.text);
        at = edit.span.end;
    }
    result.push_str(&text[at..]);
    result
}

/// A keyword in the case of the one that is written in its place.
pub(super) fn like(written: &str, keyword: Keyword) -> String {
    let lower = written.bytes().all(|byte| byte.is_ascii_lowercase());
    if lower { keyword.name().to_ascii_lowercase() } else { keyword.name().to_owned() }
}
