//! Standard output is data, standard error is diagnostics and progress.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use crate::diag::{Diagnostic, Lang, Problem, Wording, say};
use crate::report::diagnostic::{self, Style};

use super::args::{Color, LangArg};

/// How both streams are written.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) stdout: Style,
    pub(super) stderr: Style,
    pub(super) interactive: bool,
}

impl Output {
    pub(super) fn new(color: Color, lang: Option<LangArg>) -> Self {
        let (stdout, stderr) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        Self {
            stdout: style(color, lang, stdout),
            stderr: style(color, lang, stderr),
            interactive: stderr && io::stdin().is_terminal(),
        }
    }

    /// Writes data. A reader that has seen enough (`| head`) is no error.
    pub(super) fn print(text: &str) -> Result<(), Failure> {
        Self::write(text.as_bytes())
    }

    /// Like [`Output::print`], for what may be no text.
    pub(super) fn write(bytes: &[u8]) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                let reason = Wording::of_system(&error);
                let message = say!("cannot write to standard output: {reason}", "无法写到标准输出：{reason}", reason);
                Err(Problem::new("stdout", message).into())
            }
            _ => Ok(()),
        }
    }

    /// Writes a word to the user; a closed standard error is no reason to stop.
    pub(super) fn say(text: &str) {
        if !text.is_empty() {
            let _ = writeln!(io::stderr(), "{text}");
        }
    }

    pub(super) fn show(&self, diagnostics: &[Diagnostic]) {
        if !diagnostics.is_empty() {
            let _ = io::stderr().write_all(diagnostic::render(diagnostics, &self.stderr).as_bytes());
        }
    }
}

fn style(color: Color, lang: Option<LangArg>, terminal: bool) -> Style {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let color = match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => terminal && !no_color && !dumb,
    };
    let characters = locale("LC_CTYPE").to_ascii_lowercase();
    let unicode = characters.contains("utf-8") || characters.contains("utf8");
    let lang = match lang {
        Some(LangArg::En) => Lang::En,
        Some(LangArg::Zh) => Lang::Zh,
        None => Lang::of_locale(&locale("LC_MESSAGES")),
    };
    Style { color, unicode, width: 100, lang }
}

/// The locale of a category, by the variables in POSIX' order: the first that is not empty.
fn locale(category: &str) -> String {
    let values = ["LC_ALL", category, "LANG"].into_iter().filter_map(|name| std::env::var(name).ok());
    values.into_iter().find(|value| !value.is_empty()).unwrap_or_default()
}

/// Why a command ended with an error.
#[derive(Debug)]
pub(super) struct Failure(Vec<Diagnostic>);

impl Failure {
    pub(super) fn show(self, output: &Output) -> ExitCode {
        output.show(&self.0);
        ExitCode::FAILURE
    }
}

impl From<Vec<Diagnostic>> for Failure {
    fn from(diagnostics: Vec<Diagnostic>) -> Self {
        Self(diagnostics)
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(vec![problem.into()])
    }
}
