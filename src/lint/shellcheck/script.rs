//! One script as ShellCheck gets it, with lines of ours about the shell and its variables, and the way back.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use super::super::stage_shell::PosixShell;
use super::{Comment, ShellFinding, ShellFindingKind};
use crate::diag::{Source, Span, Wording};
use crate::dockerfile::Text;

/// Longest script that ShellCheck gets, in bytes: it takes seconds for as much.
const MAX_SCRIPT: usize = 64 * 1024;

/// A script with its shell's name in the first line.
///
/// ```text
/// #!/bin/bash                        ours
/// # shellcheck disable=SC2086        leading comments, which hold for the whole script
/// set -e; export A=1 B=1             ours
/// cd "$A" && make                    the rest
/// ```
#[derive(Debug)]
pub struct ShellScript {
    /// Where the script is written.
    source: Arc<Source>,
    body: Text,
    /// What ShellCheck reads.
    text: Source,
    /// Lines of ours in `text`.
    ours: [Range<usize>; 2],
    /// In the Dockerfile: what starts a script that is written elsewhere.
    started: Option<Span>,
}

/// The shell as ShellCheck names it; `None` for those it does not know.
fn dialect(shell: &PosixShell) -> Option<&'static str> {
    Some(match shell.name.as_str() {
        "sh" => "sh",
        "bash" => "bash",
        "dash" => "dash",
        "ksh" | "mksh" => "ksh",
        // Versions before 0.10 take it for dash.
        "ash" => "busybox sh",
        _ => return None,
    })
}

/// `set` with those of the shell's options that change what a script means.
fn set_options(shell: &PosixShell) -> String {
    let short = |letter| shell.options.iter().any(|option| option.starts_with('-') && option.contains(letter));
    let long = |name| shell.options.iter().any(|option| option == name);
    let mut set = String::new();
    if short('e') || long("errexit") {
        set.push_str("set -e; ");
    }
    if long("pipefail") {
        set.push_str("set -o pipefail; ");
    }
    set
}

/// Every name in the text, which may be a variable's.
fn names(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')).collect()
}

/// The length of the comment lines and blank lines that a text starts with.
fn leading_comments(text: &str) -> usize {
    let lines = text.split_inclusive('\n');
    let comments = lines.take_while(|line| line.trim_start().starts_with('#') || line.trim().is_empty());
    comments.map(str::len).sum()
}

impl ShellScript {
    /// `None` when ShellCheck does not know the shell. `is_set` says which variables have a value.
    pub(super) fn new(
        source: &Arc<Source>,
        body: Text,
        shell: &PosixShell,
        is_set: impl Fn(&str) -> bool,
    ) -> Option<Self> {
        let dialect = dialect(shell)?;
        let written = body.as_str();
        let mut text = format!("#!/bin/{dialect}\n");
        let first = 0..text.len();
        let lead = leading_comments(written);
        text.push_str(&written[..lead]);
        let start = text.len();
        text.push_str(&set_options(shell));
        // As hadolint does: a number needs no quotes, which people leave out where they know the value.
        let set: Vec<_> = names(written).into_iter().filter(|name| *name != "PATH" && is_set(name)).collect();
        if !set.is_empty() {
            text.extend(["export ", &set.join("=1 "), "=1"]);
        }
        if text.len() > start {
            text.push('\n');
        }
        let second = start..text.len();
        text.extend([&written[lead..], "\n"]);
        let source = Arc::clone(source);
        Some(Self { source, text: Source::new("", text), body, ours: [first, second], started: None })
    }

    /// The script is started here, in a Dockerfile that does not hold it.
    pub(super) fn started_at(mut self, span: Span) -> Self {
        self.started = Some(span);
        self
    }

    #[must_use]
    pub fn text(&self) -> &str {
        self.text.text()
    }

    /// Whether ShellCheck would take longer than anyone waits.
    #[must_use]
    pub fn is_too_long(&self) -> bool {
        self.text().len() > MAX_SCRIPT
    }

    /// What ShellCheck says about this script; `None` for what it says about lines of ours.
    #[must_use]
    pub fn finding(&self, comment: Comment) -> Option<ShellFinding> {
        let Comment { code, level, message, start, end } = comment;
        let start = self.offset(start)?;
        let end = self.offset(end).filter(|end| *end > start);
        // What is said about a point is about the character there.
        let end = end.unwrap_or_else(|| start + self.body.as_str()[start..].chars().next().map_or(0, char::len_utf8));
        Some(self.at(self.body.span(start..end), ShellFindingKind::Comment { code, level, message }))
    }

    /// The finding that nothing is known about this script.
    #[must_use]
    pub fn unchecked(&self, reason: Wording, help: Wording) -> ShellFinding {
        self.at(self.body.whole(), ShellFindingKind::Unchecked { reason, help })
    }

    fn at(&self, span: Span, kind: ShellFindingKind) -> ShellFinding {
        match self.started {
            Some(started) => ShellFinding { span: started, elsewhere: Some((Arc::clone(&self.source), span)), kind },
            None => ShellFinding { span, elsewhere: None, kind },
        }
    }

    /// The offset in the body of a line and column of the text; past an end it is that end's.
    fn offset(&self, (line, column): (usize, usize)) -> Option<usize> {
        let line = self.text.line(line).unwrap_or_else(|| Span::new(self.text().len(), self.text().len()));
        let mut chars = self.text()[line.range()].char_indices();
        let at = chars.nth(column.saturating_sub(1)).map_or(line.end, |(at, _)| line.start + at);
        let [first, second] = &self.ours;
        let before = if at < first.end || second.contains(&at) {
            return None;
        } else if at < second.start {
            first.end
        } else {
            first.end + second.len()
        };
        Some((at - before).min(self.body.as_str().len()))
    }
}
