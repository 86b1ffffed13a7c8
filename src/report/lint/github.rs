//! Workflow commands of GitHub Actions: `::error file=…,line=…::message`.

use std::fmt::Write as _;

use super::{Place, escape, findings, message_and_help, title};
use crate::diag::Lang;
use crate::lint::Finding;
use crate::lint::policy::Level;
use crate::worktree::{LintRun, LintedFile};

pub(super) fn render(run: &LintRun, lang: Lang) -> String {
    let mut text = String::new();
    for (file, finding) in findings(run) {
        write_command(&mut text, file, finding, lang);
    }
    text
}

fn write_command(text: &mut String, file: &LintedFile, finding: &Finding, lang: Lang) {
    let Place { start, end, .. } = Place::of(finding);
    let command = match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Info | Level::Style | Level::Off => "notice",
    };
    let name = property(&escape::line(&file.name));
    let _ = write!(text, "::{command} file={name},line={},endLine={}", start.line, end.line);
    // GitHub takes columns only where an annotation stays in its line.
    if start.line == end.line {
        let _ = write!(text, ",col={},endColumn={}", start.column, end.column);
    }
    let _ = writeln!(text, ",title={}::{}", property(&title(finding)), data(&message_and_help(finding, lang)));
}

/// Escapes what ends a command or begins an escape.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes what ends a property, too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_command_or_a_property_early() {
        assert_eq!(data("50%: a,b\r\n::error::x"), "50%25: a,b%0D%0A::error::x");
        assert_eq!(property("a,b=c:d%"), "a%2Cb=c%3Ad%25");
    }
}
