//! Edits of commands in shell text.

use super::Fix;
use crate::dockerfile::shell::{Invocation, ShellWord};
use crate::dockerfile::{Command, Instruction};

/// Writes an option behind a word of a command; none in the exec form, where it would have to be an element, and none
/// behind what a variable stands for.
pub(in crate::lint) fn option(run: &Instruction, word: &ShellWord, option: &str) -> Option<Fix> {
    let shell = matches!(run.command(), Some(Command::Shell(_)));
    (shell && word.written).then(|| Fix::insert(word.span.end, format!(" {option}")))
}

/// Whether every word stands there itself: what a variable stands for may be something else when the image is built.
pub(in crate::lint) fn is_written(command: &Invocation) -> bool {
    command.wrappers.iter().chain(&command.words).all(|word| word.written)
}
