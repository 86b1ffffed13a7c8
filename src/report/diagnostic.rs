//! Diagnostics as text for people: drawn with their sources, or one line each. Never panics, whatever the spans and
//! texts; nothing in them reaches the terminal unescaped.

use std::borrow::Cow;
use std::fmt;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode, ThemeCharacters, ThemeStyles};

use super::escape;
use super::excerpt::Excerpt;
use crate::diag::{Diagnostic, Lang, Severity, Wording, say};

/// How diagnostics are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    pub color: bool,
    /// Box-drawing characters instead of ASCII.
    pub unicode: bool,
    /// Columns of the terminal.
    pub width: usize,
    /// Of the words around messages.
    pub lang: Lang,
}

/// In front of what is to be done.
pub(super) const HELP: Wording = say!("help: ", "帮助：");

impl Style {
    /// A sentence in the reader's language, in one line that is safe to show.
    pub(super) fn say(&self, sentence: &Wording) -> String {
        escape::line(sentence.get(self.lang)).into_owned()
    }

    /// `text` (of one line and safe) in a colour of ANSI's.
    pub(crate) fn paint(&self, color: u8, text: &str) -> String {
        if self.color { format!("\u{1b}[{color}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    pub(super) fn bold(&self, text: &str) -> String {
        self.paint(1, text)
    }
}

/// Bytes of a message or help that are shown.
const MAX_TEXT: usize = 4096;
const MIN_WIDTH: usize = 40;
const MAX_WIDTH: usize = 240;
/// Columns that line numbers and marks take.
const GUTTER: usize = 12;

/// Every diagnostic with its source excerpts and help, each ended by an empty line.
#[must_use]
pub fn render(diagnostics: &[Diagnostic], style: &Style) -> String {
    let handler = handler(style);
    let mut drawn = String::new();
    for diagnostic in diagnostics {
        let before = drawn.len();
        if handler.render_report(&mut drawn, &Drawing::new(diagnostic, style)).is_err() {
            // The drawing failed, which must not hide the finding.
            drawn.truncate(before);
            drawn.push_str(&render_short(diagnostic, style.lang));
            drawn.push('\n');
        }
        if let Some(help) = &diagnostic.problem.help {
            drawn.push_str(&footer(help.get(style.lang), style));
        }
        drawn.push('\n');
    }
    drawn
}

/// `path:line:col: error[code]: message`, one line; without a place when there is none.
#[must_use]
pub fn render_short(diagnostic: &Diagnostic, lang: Lang) -> String {
    let place = diagnostic.labels.first().map_or_else(String::new, |label| {
        let at = label.source.position(label.span.start);
        format!("{}:{}:{}: ", escape::line(label.source.name()), at.line, at.column)
    });
    // Editors know the English words.
    let title = title(diagnostic, Lang::En);
    format!("{place}{title}: {}", escape::line(clip(diagnostic.problem.message.get(lang)).as_ref()))
}

fn title(diagnostic: &Diagnostic, lang: Lang) -> String {
    format!("{}[{}]", word(diagnostic.severity).get(lang), escape::line(diagnostic.problem.code.as_str()))
}

const fn word(severity: Severity) -> Wording {
    match severity {
        Severity::Info => say!("info", "提示"),
        Severity::Warning => say!("warning", "警告"),
        Severity::Error => say!("error", "错误"),
    }
}

/// What to do, below the excerpts; miette would set an English word in front of it.
fn footer(help: &str, style: &Style) -> String {
    let word = style.paint(36, &format!("  {}", HELP.get(style.lang)));
    // Both words take as many columns.
    let options =
        textwrap::Options::new(style.width.max(MIN_WIDTH) - 2).initial_indent(&word).subsequent_indent("        ");
    textwrap::fill(&escape::lines(&clip(help)), options) + "\n"
}

fn clip(text: &str) -> Cow<'_, str> {
    let end = text.floor_char_boundary(MAX_TEXT);
    if end < text.len() { Cow::Owned(format!("{}…", &text[..end])) } else { Cow::Borrowed(text) }
}

fn handler(style: &Style) -> GraphicalReportHandler {
    let theme = GraphicalTheme {
        characters: if style.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() },
        styles: if style.color { ThemeStyles::ansi() } else { ThemeStyles::none() },
    };
    GraphicalReportHandler::new_themed(theme)
        .with_width(style.width.max(MIN_WIDTH))
        .with_links(false)
        .with_context_lines(1)
        .without_syntax_highlighting()
}

/// A diagnostic as miette wants it.
#[derive(Debug)]
struct Drawing {
    severity: Severity,
    title: String,
    message: String,
    excerpt: Excerpt,
}

impl Drawing {
    fn new(diagnostic: &Diagnostic, style: &Style) -> Self {
        let problem = &diagnostic.problem;
        Self {
            severity: diagnostic.severity,
            title: title(diagnostic, style.lang),
            message: escape::line(&clip(problem.message.get(style.lang))).into_owned(),
            excerpt: Excerpt::new(&diagnostic.labels, style.width.min(MAX_WIDTH).saturating_sub(GUTTER), style.lang),
        }
    }
}

impl fmt::Display for Drawing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Drawing {}

impl miette::Diagnostic for Drawing {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.title))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Info => miette::Severity::Advice,
            Severity::Warning => miette::Severity::Warning,
            Severity::Error => miette::Severity::Error,
        })
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        (!self.excerpt.is_empty()).then_some(&self.excerpt as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.excerpt.is_empty()).then(|| Box::new(self.excerpt.labels()) as Box<dyn Iterator<Item = LabeledSpan>>)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::diag::{Source, Span};

    const PLAIN: Style = Style { color: false, unicode: true, width: 80, lang: Lang::En };

    fn source(name: &str, text: impl Into<String>) -> Arc<Source> {
        Arc::new(Source::new(name, text))
    }

    fn find(source: &Source, word: &str) -> Span {
        let start = source.text().find(word).unwrap();
        Span::new(start, start + word.len())
    }

    #[test]
    fn of_many_places_the_first_are_drawn() {
        let lines = source("Dockerfile", "RUN a \\\n".repeat(100));
        let at = |line: usize| lines.line(line).unwrap();
        let diagnostic = (2..=100).fold(
            Diagnostic::error("x", Wording::same("y")).at(&lines, at(1), Wording::same("here")),
            |diagnostic, line| diagnostic.at(&lines, at(line), Wording::same("and here")),
        );
        let drawn = render(&[diagnostic], &PLAIN);
        assert_eq!(drawn.matches("here").count(), 8, "{drawn}");
        assert!(drawn.contains("and here (and 92 more)"), "{drawn}");
    }

    #[test]
    fn every_place_is_drawn_with_the_first_one_on_top() {
        let project = source("swr.kdl", "registry \"a\" {\r\n\turl \"b\"\r\n}\r\n\n\n\nmigrate {\n  target \"c\"\n}\n");
        let dockerfile = source("b/Dockerfile", "FROM c\nUSER root\n");
        let diagnostic = Diagnostic::error("unknown-registry", Wording::same("there is no registry `c`"))
            .at(&project, find(&project, "\"c\""), Wording::same("named here"))
            .at(&project, find(&project, "\"a\""), Wording::same("the only one"))
            .at(&project, find(&project, "url"), Wording::default())
            .at(&dockerfile, find(&dockerfile, "USER root"), Wording::same("and here"))
            .with_help(Wording::same("declare it"));
        let expected = r#"
error[unknown-registry]

  × there is no registry `c`
   ╭─[swr.kdl:8:10]
 7 │ migrate {
 8 │   target "c"
   ·          ─┬─
   ·           ╰── named here
 9 │ }
   ╰────
   ╭─[swr.kdl:1:10]
 1 │ registry "a" {
   ·          ─┬─
   ·           ╰── the only one
 2 │     url "b"
   ·     ───
 3 │ }
   ╰────
   ╭─[b/Dockerfile:2:1]
 1 │ FROM c
 2 │ USER root
   · ────┬────
   ·     ╰── and here
   ╰────
  help: declare it

"#;
        assert_eq!(render(std::slice::from_ref(&diagnostic), &PLAIN), &expected[1..]);
        assert_eq!(
            render_short(&diagnostic, Lang::En),
            "swr.kdl:8:10: error[unknown-registry]: there is no registry `c`"
        );
        assert!(render(&[diagnostic], &Style { unicode: false, ..PLAIN }).is_ascii());
    }

    #[test]
    fn the_header_tells_the_place_of_the_finding_and_not_of_what_stands_above_it() {
        let file = source("Dockerfile", "FROM a\nRUN b\nRUN c\n");
        let diagnostic = Diagnostic::warning("w", Wording::same("m"))
            .at(&file, find(&file, "RUN c"), Wording::same("here"))
            .at(&file, find(&file, "RUN b"), Wording::same("beside this"));
        let drawn = render(&[diagnostic], &PLAIN);
        assert!(drawn.contains("[Dockerfile:3:1]"), "{drawn}");
    }

    #[test]
    fn without_places_there_is_no_source() {
        let diagnostic = Diagnostic::warning("slow", Wording::same("it takes long"));
        assert_eq!(render(std::slice::from_ref(&diagnostic), &PLAIN), "warning[slow]\n\n  ⚠ it takes long\n\n");
        assert_eq!(render_short(&diagnostic, Lang::En), "warning[slow]: it takes long");
    }

    #[test]
    fn chinese_is_drawn_within_the_same_columns() {
        let file = source("Dockerfile", "FROM node:latest\n");
        let help =
            "写上版本标签，例如 `node:20.11`，或者写上摘要，这样以后每次构建都会得到同一个镜像，而不是当天的最新版本";
        let diagnostic = Diagnostic::warning("latest-tag", Wording::same("`node:latest` 会随每次发布变化"))
            .at(&file, find(&file, "node:latest"), Wording::same("在这里"))
            .with_help(Wording::same(help));
        let drawn = render(&[diagnostic], &Style { lang: Lang::Zh, ..PLAIN });
        assert!(drawn.starts_with("警告[latest-tag]\n") && drawn.contains("\n  帮助：写上版本标签，"), "{drawn}");
        assert!(drawn.lines().all(|line| textwrap::core::display_width(line) <= 80), "{drawn}");
        let footer: Vec<&str> =
            drawn.lines().skip_while(|line| !line.contains("帮助")).filter(|line| !line.is_empty()).collect();
        assert!(
            footer.len() == 2 && footer[1].starts_with("        ") && !footer[1].trim_start().starts_with('，'),
            "{drawn}"
        );
    }

    #[test]
    fn long_spans_and_lines_are_clipped() {
        let lines = source("many", "x\n".repeat(1000));
        let many = render(
            &[Diagnostic::error("e", Wording::same("m")).at(&lines, Span::new(0, 1999), Wording::same("all"))],
            &PLAIN,
        );
        assert!(many.lines().count() < 20, "{many}");
        let line = source("long", format!("{}X{}", "a".repeat(10_000_000), "ü".repeat(1000)));
        let at = Span::new(10_000_000, 10_000_001);
        let long = render(&[Diagnostic::error("e", Wording::same("m")).at(&line, at, Wording::same("here"))], &PLAIN);
        assert!(long.contains("[long:1:10000001]") && long.contains("…aaa") && long.contains("aXü"), "{long}");
        assert!(long.lines().all(|line| line.chars().count() <= 80), "{long}");
    }

    #[test]
    fn foreign_text_cannot_drive_the_terminal() {
        let evil = "\x1b]0;x\x07\u{202e}\u{9b}31m\r";
        let file = source(evil, format!("FROM {evil}\n"));
        let diagnostic = Diagnostic::error("e", Wording::same(evil))
            .at(&file, Span::new(5, 7), Wording::same(evil))
            .with_help(Wording::same(evil));
        for text in [render(std::slice::from_ref(&diagnostic), &PLAIN), render_short(&diagnostic, Lang::En)] {
            assert!(!text.contains(['\x1b', '\x07', '\u{202e}', '\u{9b}', '\r']), "{text:?}");
        }
        assert_eq!(render_short(&diagnostic, Lang::En).lines().count(), 1);
    }

    #[test]
    fn colour_only_where_it_is_wanted() {
        let diagnostics =
            [Diagnostic::error("e", Wording::same("m")).at(&source("f", "abc"), Span::new(0, 1), Wording::same("l"))];
        assert!(render(&diagnostics, &Style { color: true, ..PLAIN }).contains("\x1b["));
        assert!(!render(&diagnostics, &PLAIN).contains('\x1b'));
    }

    #[test]
    fn ten_thousand_findings_are_all_told() {
        for file in [source("lines", "RUN a b c\n".repeat(10_000)), source("line", "RUN a b c ".repeat(1_000_000))] {
            let findings: Vec<_> = (0..10_000)
                .map(|at| {
                    Diagnostic::warning("w", Wording::same("m")).at(
                        &file,
                        Span::new(at * 10, at * 10 + 3),
                        Wording::same("here"),
                    )
                })
                .collect();
            assert_eq!(render(&findings, &PLAIN).matches("warning[w]").count(), 10_000);
            assert_eq!(
                findings
                    .iter()
                    .map(|found| render_short(found, Lang::En))
                    .filter(|line| line.contains(": warning[w]: "))
                    .count(),
                10_000
            );
        }
    }

    proptest! {
        #[test]
        fn no_span_makes_it_panic(
            texts in prop::collection::vec("([a-c\t\r\n \x00\x1bé€👩\u{200d}\u{202e}]|\r\n|x{50,400}){0,40}", 1..3),
            labels in prop::collection::vec((0..2usize, 0..400usize, 0..400usize, "[a-b\n\x1b]{0,5}"), 0..5),
            width in 0..200usize,
            flags in any::<(bool, bool)>(),
        ) {
            let sources: Vec<_> = texts.into_iter().map(|text| source("f", text)).collect();
            let mut diagnostic = Diagnostic::error("e", Wording::same("message")).with_help(Wording::same("help"));
            for (at, start, end, text) in labels {
                diagnostic = diagnostic.at(&sources[at % sources.len()], Span::new(start, end), Wording::same(text));
            }
            let places = diagnostic.labels.len();
            let drawn = render(std::slice::from_ref(&diagnostic), &Style { color: flags.0, unicode: flags.1, width, ..PLAIN });
            prop_assert!(drawn.contains("message") && drawn.contains("help"));
            prop_assert!(!drawn.contains("Failed to read") && (places == 0 || drawn.contains("f:")), "{}", drawn);
            prop_assert!(flags.0 || !drawn.contains('\x1b'));
            prop_assert_eq!(render_short(&diagnostic, Lang::En).lines().count(), 1);
        }

        #[test]
        fn no_offset_makes_it_panic(start in any::<usize>(), end in any::<usize>(), text in "\\PC{0,20}") {
            let file = source("f", text);
            let drawn = render(&[Diagnostic::error("e", Wording::same("m")).at(&file, Span::new(start, end), Wording::same("here"))], &PLAIN);
            prop_assert!(drawn.contains("here"), "{}", drawn);
        }
    }
}
