//! The shell text of a Dockerfile as ShellCheck reads it, and what ShellCheck says as findings. Starting the program
//! is `worktree`'s.

mod code;
mod collect;
mod script;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use code::{ScCode, ScKind};
pub use collect::shell_scripts;
pub use script::ShellScript;

use super::policy::Level;
use crate::diag::{Source, Span, Wording};

/// Codes that say nothing about a Dockerfile: `source` of a file that is in the image, and ash checked as dash.
pub const EXCLUDED: [u16; 3] = [1090, 1091, 2187];

/// What ShellCheck says about a script: lines and columns from 1, columns in characters, the end exclusive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    pub code: ScCode,
    pub level: Level,
    pub message: String,
    pub start: (usize, usize),
    pub end: (usize, usize),
}

/// A [`Comment`] with its place, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShellFinding {
    /// In the Dockerfile.
    pub(super) span: Span,
    /// In the script that the Dockerfile starts.
    pub(super) elsewhere: Option<(Arc<Source>, Span)>,
    pub(super) kind: ShellFindingKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ShellFindingKind {
    Comment {
        code: ScCode,
        level: Level,
        message: String,
    },
    /// Nothing is known about the script.
    Unchecked {
        reason: Wording,
        help: Wording,
    },
}
