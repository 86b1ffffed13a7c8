//! What the checks of network paths found, for people and for machines.

use std::fmt::Write as _;

use super::diagnostic::Style;
use super::escape::{self, padded};
use crate::diag::{Lang, Wording, say};
use crate::network::{Advice, Check, CheckResult, Mode, PathReport, TakenPath, Verdict};

/// A registry and what was found on the way to it.
#[derive(Debug)]
pub struct Path<'a> {
    /// Its name in the project file.
    pub registry: &'a str,
    pub host: &'a str,
    pub mode: Option<Mode>,
    pub report: PathReport,
    /// What the owner of the cloud account has to do.
    pub advice: Vec<Advice>,
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
        let mode = path.mode.map_or_else(
            || say!("no mode declared", "没有声明模式"),
            |mode| say!("mode {mode}", "模式 {mode}", mode = mode.name()),
        );
        let (registry, host) = (escape::line(path.registry), path.host);
        let place = say!("{host}, {mode}", "{host}，{mode}", host, mode);
        let _ = writeln!(text, "{}  {}", style.bold(&registry), style.say(&place));
        for result in &path.report.checks {
            write_result(&mut text, result, style);
        }
        if path.report.taken != TakenPath::default() {
            let taken = say!("path: {path}", "路径：{path}", path = path.report.taken.wording());
            let _ = writeln!(text, "  {}", style.say(&taken));
        }
        for advice in &path.advice {
            write_advice(&mut text, advice, style);
        }
        text.push('\n');
    }
    text + &style.say(&summary(paths)) + "\n"
}

fn write_result(text: &mut String, result: &CheckResult, style: &Style) {
    let width = Check::ALL.map(|check| check.name().len()).into_iter().max().unwrap_or_default();
    let (verdict, observed) = (verdict(result.verdict, style), style.say(&result.observed));
    let _ = writeln!(text, "  {verdict}  {:width$}  {observed}", result.check.name());
    if result.verdict < Verdict::Unknown {
        return;
    }
    let is_known = result.verdict > Verdict::Unknown;
    let expected = say!("expected: {expected}", "期望：{expected}", expected = result.expected);
    let seen = result.evidence.iter().map(|fact| say!("seen: {fact}", "实际：{fact}", fact));
    let help = result.fix.iter().map(|fix| say!("help: {fix}", "帮助：{fix}", fix));
    let facts = is_known.then(|| [expected].into_iter().chain(seen));
    for line in facts.into_iter().flatten().chain(help) {
        let _ = writeln!(text, "{:indent$}{}", "", style.say(&line), indent = 2 + VERDICT_WIDTH + 2 + width + 2);
    }
}

fn write_advice(text: &mut String, advice: &Advice, style: &Style) {
    let title = say!(
        "for the owner of the account ({name}): {title}",
        "请账号所有者处理（{name}）：{title}",
        name = advice.name,
        title = advice.title
    );
    let _ = writeln!(text, "\n  {}", style.bold(&style.say(&title)));
    for (number, step) in (1..).zip(&advice.steps) {
        let _ = writeln!(text, "    {number}. {}", style.say(step));
    }
}

/// Columns of a verdict.
const VERDICT_WIDTH: usize = 7;

fn verdict(verdict: Verdict, style: &Style) -> String {
    let (word, color) = match verdict {
        Verdict::Pass => (say!("pass", "通过"), 32),
        Verdict::Skip => (say!("skip", "跳过"), 2),
        Verdict::Unknown => (say!("unknown", "未知"), 33),
        Verdict::Warn => (say!("warn", "警告"), 33),
        Verdict::Fail => (say!("FAIL", "失败"), 31),
    };
    style.paint(color, &padded(word.get(style.lang), VERDICT_WIDTH))
}

fn summary(paths: &[Path]) -> Wording {
    let bad: Vec<&str> = paths.iter().filter(|path| !path.is_as_declared()).map(|path| path.registry).collect();
    match (paths.len(), bad.as_slice()) {
        (1, []) => say!("The path is as declared.", "路径与声明一致。"),
        (count, []) => say!("All {count} paths are as declared.", "{count} 条路径都与声明一致。", count),
        (count, bad) => say!(
            "{bad} of {count} not as declared: {names}.",
            "{count} 条路径中有 {bad} 条与声明不一致：{names}。",
            names = Wording::joined(bad, &say!(", ", "、")),
            bad = bad.len(),
            count
        ),
    }
}

/// One JSON document (`schema/network.schema.json`), its sentences in `lang`.
#[must_use]
pub fn json(paths: &[Path], lang: Lang) -> String {
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
        path: &'a TakenPath,
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        advice: &'a [Advice],
    }
    let registries = paths.iter().map(|path| Entry {
        registry: path.registry,
        host: path.host,
        mode: path.mode.map(Mode::name),
        as_declared: path.is_as_declared(),
        checks: &path.report.checks,
        path: &path.report.taken,
        advice: &path.advice,
    });
    let document = Document { format_version: 1, registries: registries.collect() };
    let mut text = lang.write(|| serde_json::to_string_pretty(&document)).expect("a report has string keys only");
    text.push('\n');
    text
}
