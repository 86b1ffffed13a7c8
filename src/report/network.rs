//! What the checks of network paths found, for people and for machines.

use std::fmt::Write as _;

use super::diagnostic::Style;
use super::escape;
use crate::network::{Check, CheckResult, Mode, PathReport, Verdict};

/// A registry and what was found on the way to it.
#[derive(Debug)]
pub struct Path<'a> {
    /// Its name in the project file.
    pub registry: &'a str,
    pub host: &'a str,
    pub mode: Option<Mode>,
    pub report: PathReport,
}

impl Path<'_> {
    fn is_as_declared(&self) -> bool {
        self.report.failure().is_none()
    }
}

/// Every check of every path, a line each, with what is to be done.
#[must_use]
pub fn human(paths: &[Path], style: &Style) -> String {
    let mut text = String::new();
    for path in paths {
        let mode = path.mode.map_or_else(|| "no mode declared".to_owned(), |mode| format!("mode {}", mode.name()));
        let _ = writeln!(text, "{}  {}, {mode}", style.bold(&shown(path.registry)), shown(path.host));
        for result in &path.report.checks {
            write_result(&mut text, result, style);
        }
        text.push('\n');
    }
    text.push_str(&summary(paths));
    text
}

fn write_result(text: &mut String, result: &CheckResult, style: &Style) {
    let width = Check::ALL.map(|check| check.name().len()).into_iter().max().unwrap_or_default();
    let (verdict, observed) = (verdict(result.verdict, style), shown(&result.observed));
    let _ = writeln!(text, "  {verdict}  {:width$}  {observed}", result.check.name());
    if result.verdict < Verdict::Warn {
        return;
    }
    let indent = " ".repeat(2 + 7 + 2 + width + 2);
    let _ = writeln!(text, "{indent}expected: {}", shown(&result.expected));
    for fact in &result.evidence {
        let _ = writeln!(text, "{indent}seen: {}", shown(fact));
    }
    if let Some(fix) = &result.fix {
        let _ = writeln!(text, "{indent}help: {}", shown(fix));
    }
}

/// Seven columns.
fn verdict(verdict: Verdict, style: &Style) -> String {
    let (word, color) = match verdict {
        Verdict::Pass => ("pass", 32),
        Verdict::Skip => ("skip", 2),
        Verdict::Unknown => ("unknown", 33),
        Verdict::Warn => ("warn", 33),
        Verdict::Fail => ("FAIL", 31),
    };
    if style.color { format!("\u{1b}[{color}m{word:7}\u{1b}[0m") } else { format!("{word:7}") }
}

fn summary(paths: &[Path]) -> String {
    let bad: Vec<&str> = paths.iter().filter(|path| !path.is_as_declared()).map(|path| path.registry).collect();
    match (paths.len(), bad.as_slice()) {
        (1, []) => "The path is as declared.\n".to_owned(),
        (count, []) => format!("All {count} paths are as declared.\n"),
        (count, bad) => format!("{} of {count} not as declared: {}.\n", bad.len(), shown(&bad.join(", "))),
    }
}

fn shown(text: &str) -> String {
    escape::line(text).into_owned()
}

/// One JSON document (`schema/network.schema.json`).
#[must_use]
pub fn json(paths: &[Path]) -> String {
    #[derive(serde::Serialize)]
    struct Document<'a> {
        format_version: u32,
        registries: Vec<Entry<'a>>,
    }
    #[derive(serde::Serialize)]
    struct Entry<'a> {
        registry: &'a str,
        host: &'a str,
        mode: Option<&'static str>,
        as_declared: bool,
        checks: &'a [CheckResult],
    }
    let registries = paths.iter().map(|path| Entry {
        registry: path.registry,
        host: path.host,
        mode: path.mode.map(Mode::name),
        as_declared: path.is_as_declared(),
        checks: &path.report.checks,
    });
    let document = Document { format_version: 1, registries: registries.collect() };
    let mut text = serde_json::to_string_pretty(&document).expect("a report has string keys only");
    text.push('\n');
    text
}
