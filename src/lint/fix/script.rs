//! Edits of a RUN's shell text as a whole: a command at its end, a command taken out.

use super::Fix;
use crate::diag::{Source, Span};
use crate::dockerfile::shell::{Invocation, Outline, ShellReader, Statement};
use crate::dockerfile::{Command, Instruction};
use crate::lint::context::{Context, lines};

/// The shell text of a RUN: its own, or that of its only here-document.
#[derive(Debug)]
pub(in crate::lint) struct ShellText<'a> {
    source: &'a Source,
    whole: Span,
    /// What continues a line; none in a here-document, whose lines are the shell's.
    escape: Option<char>,
    pub(in crate::lint) outline: Outline,
}

/// None where a POSIX shell does not run it, or where its statements cannot be told for sure.
pub(in crate::lint) fn shell_text<'c>(context: &'c Context, index: usize) -> Option<ShellText<'c>> {
    let run = &context.dockerfile.instructions[index];
    let Some(Command::Shell(text)) = run.command() else { return None };
    let source = &*context.dockerfile.source;
    let script = context.script(index);
    if context.shell(index).posix().is_none() || script.invocations.is_empty() || !script.skipped.is_empty() {
        return None;
    }
    let (text, escape) = match &run.heredocs[..] {
        [] => (text.clone(), Some(context.dockerfile.escape)),
        [document] if text.whole() == document.marker => (lines(source.text(), document.body), None),
        _ => return None,
    };
    let outline = ShellReader::default().outline(&text).filter(|outline| !outline.statements.is_empty())?;
    Some(ShellText { source, whole: text.whole(), escape, outline })
}

impl ShellText<'_> {
    pub(in crate::lint) const fn is_heredoc(&self) -> bool {
        self.escape.is_none()
    }

    pub(in crate::lint) fn written(&self) -> &str {
        self.source.slice(self.whole)
    }

    /// Where its last statement ends.
    pub(in crate::lint) fn end(&self) -> usize {
        self.outline.statements.last().map_or(self.whole.end, |last| last.span.end)
    }

    /// Runs a command once all that stands there has succeeded. The result is that of what stands there, and the
    /// command's where that succeeds.
    pub(in crate::lint) fn append(&self, command: &str) -> Fix {
        Fix::insert(self.end(), format!("{}{command}", self.joint()))
    }

    /// What joins a further command, in the layout of the lines that are there.
    pub(in crate::lint) fn joint(&self) -> String {
        const NARROW: usize = 100;
        let written = self.written();
        let Some(escape) = self.escape.filter(|_| written.contains('\n') || written.len() > NARROW) else {
            return " && ".to_owned();
        };
        let end = line_end(self.source);
        let indent = |line: &str| line[..line.len() - line.trim_start().len()].to_owned();
        let below = || written.lines().skip(1).filter(|line| !line.trim().is_empty());
        if let Some(line) = below().find(|line| line.trim_start().starts_with("&&")) {
            return format!(" {escape}{end}{}&& ", indent(line));
        }
        let last = below().last().map_or_else(|| "    ".to_owned(), indent);
        let trailing = written.lines().any(|line| line.trim_end().trim_end_matches(escape).trim_end().ends_with("&&"));
        if trailing { format!(" && {escape}{end}{last}") } else { format!(" {escape}{end}{last}&& ") }
    }

    /// Whether it is nothing but these commands, one after the other, with nothing written elsewhere.
    pub(in crate::lint) fn is_only(&self, commands: &[Invocation]) -> bool {
        let mut parts = self.outline.statements.iter().flat_map(|statement| &statement.parts);
        let mut is_next = |command| parts.next().is_some_and(|part| self.is_command(*part, command));
        commands.iter().all(&mut is_next) && parts.next().is_none()
    }

    /// Whether a part is the command and nothing else but plain assignments in front of it.
    fn is_command(&self, part: Span, command: &Invocation) -> bool {
        let own = own_span(command);
        let assigned = |word: &str| {
            let (name, value) = word.split_once('=').unwrap_or_default();
            let plain = |c: char| c.is_ascii_alphanumeric() || "_-./,".contains(c);
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && value.chars().all(plain)
        };
        let front = || self.source.slice(Span::new(part.start, own.start)).split_whitespace();
        part.end == own.end && part.start <= own.start && front().all(assigned)
    }

    /// What joins a further command in a line of its own.
    pub(in crate::lint) fn new_line(&self) -> String {
        let escape = self.escape.unwrap_or('\\');
        format!(" {escape}{}    && ", line_end(self.source))
    }

    /// Takes a command out that stands by itself, with what joins it to the others. None for the only one, for one
    /// whose result is that of the script, and where a comment would be lost.
    pub(in crate::lint) fn without(&self, command: &Invocation) -> Option<Fix> {
        let statements = &self.outline.statements;
        let place = |statement: &Statement| statement.parts.iter().position(|part| self.is_command(*part, command));
        let mut found = statements.iter().enumerate();
        let (at, part) = found.find_map(|(at, statement)| Some((at, place(statement)?)))?;
        let parts = &statements[at].parts;
        let own = parts[part];
        let gone = match (part, parts.get(part + 1)) {
            (0, Some(next)) => Span::new(own.start, next.start),
            (0, None) => Span::new(own.start, statements.get(at + 1)?.span.start),
            _ => Span::new(parts[part - 1].end, own.end),
        };
        (!self.source.slice(gone).contains('#')).then(|| Fix::replace(gone, ""))
    }
}

/// With what stands in front of the program.
fn own_span(command: &Invocation) -> Span {
    let first = command.wrappers.first().unwrap_or(&command.words[0]);
    Span::new(first.span.start, command.span.end)
}

/// How the file ends its lines, by its first one.
pub(in crate::lint) fn line_end(source: &Source) -> &'static str {
    let first = source.text().split_inclusive('\n').next().unwrap_or_default();
    if first.ends_with("\r\n") { "\r\n" } else { "\n" }
}

/// Takes a whole instruction out with its lines; none where a comment would be lost, or would stand above another
/// instruction: it may allow something there.
pub(in crate::lint) fn without_instruction(source: &Source, instruction: &Instruction) -> Option<Fix> {
    let text = source.text();
    let line = text[..instruction.span.start].rfind('\n').map_or(0, |at| at + 1);
    let start = if source.slice(Span::new(line, instruction.span.start)).trim().is_empty() {
        line
    } else {
        instruction.span.start
    };
    let end = text[instruction.span.end..].find('\n').map_or(text.len(), |at| instruction.span.end + at + 1);
    let gone = Span::new(start, end);
    let above = text[..start].lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
    (!source.slice(gone).contains('#') && !above.trim_start().starts_with('#')).then(|| Fix::replace(gone, ""))
}
