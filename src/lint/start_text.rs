//! The text of the script that a container starts with, and what its first line says.

use std::sync::Arc;

use super::context::{Context, lines};
use super::stage_shell::Shell;
use super::start_script::{Origin, StartScript, is_script_name};
use crate::diag::{Source, Span};
use crate::dockerfile::{Dockerfile, Text};

/// A script's text in its file.
#[derive(Clone, Debug)]
pub(super) struct StartText {
    pub(super) source: Arc<Source>,
    span: Span,
}

/// The script of the final image with its text, when that is known and a shell's.
pub(super) fn shell_script<'c>(context: &'c Context) -> Option<(&'c StartScript<'c>, Origin<'c>, StartText)> {
    let start = context.start()?;
    let origin = start.origin(context.build);
    let text = StartText::of(&origin, context.dockerfile)?;
    text.is_shell(&start.name, start.direct).then_some((start, origin, text))
}

impl StartText {
    /// `None` when it is not known.
    pub(super) fn of(origin: &Origin, dockerfile: &Dockerfile) -> Option<Self> {
        match origin {
            Origin::File { file, .. } => {
                Some(Self { source: Arc::clone(&file.source), span: Span::new(0, file.source.text().len()) })
            }
            Origin::Inline { document, .. } => {
                Some(Self { source: Arc::clone(&dockerfile.source), span: document.body })
            }
            Origin::Nowhere | Origin::Unknown => None,
        }
    }

    /// What stands behind `#!`, a carriage return included.
    pub(super) fn interpreter(&self) -> Option<&str> {
        let text = self.source.text().get(self.span.range())?;
        text.strip_prefix("#!").map(|rest| rest.split('\n').next().unwrap_or_default())
    }

    /// The program that `#!` names: `bash` of `#!/usr/bin/env -S bash -e`.
    pub(super) fn program(&self) -> Option<&str> {
        let mut words = self.interpreter()?.split_whitespace().map(|word| word.rsplit('/').next().unwrap_or(word));
        words.find(|word| *word != "env" && !word.starts_with('-') && !word.contains('='))
    }

    /// Whether a shell runs it: its first line says so, or without one its name or who starts it.
    pub(super) fn is_shell(&self, name: &str, direct: bool) -> bool {
        match self.interpreter() {
            Some(line) => Shell::of(line.split_whitespace()) != Shell::Foreign,
            None => is_script_name(name) || !direct,
        }
    }

    /// Its lines, without carriage returns.
    pub(super) fn lines(&self) -> Text {
        lines(self.source.text(), self.span)
    }
}
