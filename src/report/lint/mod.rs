//! What lint found, in the formats of terminals and of other tools. Pure; every format holds every finding, whatever
//! texts and file names are in them.

mod checkstyle;
mod fingerprint;
mod github;
mod gitlab;
mod human;
mod json;
mod junit;
mod sarif;
mod xml;

#[cfg(test)]
mod tests;

use std::path::Path;

use super::diagnostic::{HELP, Style};
use super::escape;
use crate::diag::{Lang, Position, Source, Span, Wording, say};
use crate::lint::Finding;
use crate::lint::baseline::Renewed;
use crate::lint::fix::Fixed;
use crate::lint::policy::Level;
use crate::worktree::{LintRun, LintedFile, Origin};

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// With excerpts of their sources.
    Human,
    /// One line each.
    Short,
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// Workflow commands of GitHub Actions, which annotate the changed lines.
    Github,
    /// GitLab's code quality report.
    Gitlab,
    Checkstyle,
    Junit,
}

/// The whole report, ended by a line end unless it is empty.
#[must_use]
pub fn render(run: &LintRun, format: Format, style: &Style) -> String {
    let lang = style.lang;
    match format {
        Format::Human => human::full(run, style),
        Format::Short => human::short(run, lang),
        Format::Json => lang.write(|| json::render(run)),
        Format::Sarif => sarif::render(run, lang),
        Format::Github => github::render(run, lang),
        Format::Gitlab => gitlab::render(run, lang),
        Format::Checkstyle => checkstyle::render(run, lang),
        Format::Junit => junit::render(run, lang),
    }
}

/// How many files were looked at, what was found in them and what of it was fixed before, in one line for people.
#[must_use]
pub fn summary(run: &LintRun, fixed: usize, lang: Lang) -> String {
    let Tally { files, errors, warnings, infos, fixable, held } = Tally::of(run);
    let counted = |count: usize, one: Wording, many: Wording| match count {
        0 => None,
        1 => Some(one.into_string(lang)),
        _ => Some(many.into_string(lang)),
    };
    let parts = [
        counted(errors, say!("1 error", "1 个错误"), say!("{errors} errors", "{errors} 个错误", errors)),
        counted(warnings, say!("1 warning", "1 个警告"), say!("{warnings} warnings", "{warnings} 个警告", warnings)),
        counted(infos, say!("1 info", "1 个提示"), say!("{infos} infos", "{infos} 个提示", infos)),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let found = if parts.is_empty() { NO_FINDINGS.into_string(lang) } else { parts.join(say!(", ", "、").get(lang)) };
    let fixed = counted(
        fixed,
        say!("1 finding fixed; ", "已修复 1 个问题；"),
        say!("{fixed} findings fixed; ", "已修复 {fixed} 个问题；", fixed),
    );
    // A fix that would bring another finding is dropped: that is known when it was tried.
    let known = run.tried.then(|| run.files.iter().filter_map(|file| file.fixed.as_ref()).map(Fixed::count).sum());
    let fixable = match (known, fixable) {
        (Some(0), _) | (None, 0) => String::new(),
        (Some(count), _) => {
            say!(" ({count} fixable with --fix)", "（其中 {count} 个可用 --fix 修复）", count).into_string(lang)
        }
        (None, count) => say!(" ({count} may be fixable with --fix)", "（其中 {count} 个也许可用 --fix 修复）", count)
            .into_string(lang),
    };
    let summary = match files {
        1 => say!("{found} in 1 file", "1 个文件：{found}", found),
        _ => say!("{found} in {files} files", "{files} 个文件：{found}", found, files),
    };
    let held = match held {
        0 => String::new(),
        _ => say!("; {held} held by the baseline", "；另有 {held} 个记录在基线中", held).into_string(lang),
    };
    fixed.unwrap_or_default() + &summary.into_string(lang) + &fixable + &held
}

/// What a baseline holds once it is written, in one line for people.
#[must_use]
pub fn renewed(path: &Path, baseline: &Renewed, lang: Lang) -> String {
    let path = path.display().to_string();
    let Renewed { findings, files, added, removed, .. } = baseline;
    let change = match (added, removed) {
        (0, 0) => say!("unchanged", "没有变化"),
        _ => say!("{added} added, {removed} removed", "新增 {added} 个，移除 {removed} 个", added, removed),
    };
    let findings = match findings {
        1 => say!("1 finding", "1 个问题"),
        _ => say!("{findings} findings", "{findings} 个问题", findings),
    };
    let files = match files {
        1 => say!("1 file", "1 个文件"),
        _ => say!("{files} files", "{files} 个文件", files),
    };
    let said = say!(
        "baseline {path}: {findings} in {files} ({change})",
        "基线 {path}：{files}，{findings}（{change}）",
        path = escape::line(&path),
        findings,
        files,
        change
    );
    said.into_string(lang)
}

/// What was fixed in a file, in one line for people.
#[must_use]
pub fn fixed(name: &str, fixed: &Fixed, lang: Lang) -> String {
    let (name, rules) = (escape::line(name), fixed.rules());
    let done = match &fixed.creates {
        None => say!("fixed {name}: {rules}", "已修复 {name}：{rules}", name, rules),
        Some(file) => say!(
            "fixed {name}: {rules}; created {file} beside it",
            "已修复 {name}：{rules}；并在它旁边新建了 {file}",
            name,
            rules,
            file = file.name
        ),
    };
    done.into_string(lang)
}

/// That fixing a file stopped before every fix was tried, in one line for people.
#[must_use]
pub fn cut_short(name: &str, lang: Lang) -> String {
    let said = say!(
        "{name}: too many fixes are in each other's way, so that not all were tried; run `swrctl lint --fix` again for the rest",
        "{name}：互相妨碍的修复太多，没有全部尝试；其余的请再次运行 `swrctl lint --fix`",
        name = escape::line(name)
    );
    said.into_string(lang)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
struct Tally {
    /// Dockerfiles: what is found in policies is beside them.
    files: usize,
    errors: usize,
    warnings: usize,
    infos: usize,
    /// Findings that offer a fix.
    fixable: usize,
    /// Findings that a baseline holds; they count nowhere else.
    held: usize,
}

impl Tally {
    fn of(run: &LintRun) -> Self {
        let count = |level| findings(run).filter(|(_, finding)| finding.level == level).count();
        Self {
            files: run.files.iter().filter(|file| file.origin != Origin::Policy).count(),
            errors: count(Level::Error),
            warnings: count(Level::Warning),
            infos: count(Level::Info) + count(Level::Style),
            fixable: findings(run).filter(|(_, finding)| finding.fix.is_some()).count(),
            held: run.files.iter().map(|file| file.report.held.len()).sum(),
        }
    }
}

/// Every finding with its file, in the order of the report.
fn findings(run: &LintRun) -> impl Iterator<Item = (&LintedFile, &Finding)> {
    run.files.iter().flat_map(|file| file.report.findings.iter().map(move |finding| (file, finding)))
}

const NO_FINDINGS: Wording = say!("no findings", "没有发现问题");

/// Whether the finding makes its file fail.
fn fails(file: &LintedFile, finding: &Finding) -> bool {
    file.fail_on != Level::Off && finding.level >= file.fail_on
}

/// Where a finding begins and ends, as people count; the end is exclusive.
#[derive(Clone, Copy, Debug)]
struct Place<'a> {
    source: &'a Source,
    span: Span,
    start: Position,
    end: Position,
}

impl<'a> Place<'a> {
    fn of(finding: &'a Finding) -> Self {
        let label = &finding.diagnostic.labels[0];
        Self::new(&label.source, label.span)
    }

    fn new(source: &'a Source, span: Span) -> Self {
        Self { source, span, start: source.position(span.start), end: source.position(span.end.max(span.start)) }
    }
}

/// The message in one line that is safe to show.
fn message(finding: &Finding, lang: Lang) -> String {
    escape::line(finding.diagnostic.problem.message.get(lang)).into_owned()
}

/// The message and, in a line of its own, what to do.
fn message_and_help(finding: &Finding, lang: Lang) -> String {
    let help = finding.diagnostic.problem.help.as_ref();
    let help = help.map(|help| format!("\n{}{}", HELP.get(lang), escape::line(help.get(lang))));
    message(finding, lang) + &help.unwrap_or_default()
}

/// The rule and what other linters call it.
fn title(finding: &Finding) -> String {
    match finding.aliases {
        [] => finding.rule.to_owned(),
        aliases => format!("{} ({})", finding.rule, aliases.join(", ")),
    }
}

/// A level by the word for it.
pub(super) const fn word(level: Level) -> &'static str {
    match level {
        Level::Off => "off",
        Level::Style => "style",
        Level::Info => "info",
        Level::Warning => "warning",
        Level::Error => "error",
    }
}
