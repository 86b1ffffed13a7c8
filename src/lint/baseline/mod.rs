//! Findings that were there before: a baseline holds them, so that an old repository starts clean and only new ones are
//! told. No I/O.
//!
//! A finding is known by its file, its rule and the text of the line that it begins in. Lines may move; a line that is
//! changed is new, and so is what is found in it. What is found about a stage as a whole, at its FROM, is there whatever
//! the version of the base.

mod document;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::policy::Level;
use super::{Finding, Notice, Report, SHELLCHECK, rule};
use crate::diag::{Diagnostic, Source, Span, say};

/// What a finding is known by within its file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Mark {
    /// The rule's name, or ShellCheck's code.
    rule: String,
    /// The first line of the finding: blanks are one, and what is very long is cut off.
    text: String,
}

/// Findings of one file, each with how often it is there.
type Counts = BTreeMap<Mark, usize>;

/// A file that holds findings.
#[derive(Clone, Debug)]
pub struct Baseline {
    /// As people wrote it.
    path: PathBuf,
    /// Where the paths in it start; absolute, without links.
    folder: PathBuf,
    named_by: NamedBy,
    /// What the file says; nothing when it is not there yet.
    source: Option<Arc<Source>>,
    files: BTreeMap<String, Counts>,
    /// Where in the file each finding stands.
    places: BTreeMap<(String, Mark), Span>,
}

/// Who says that the baseline is gone by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedBy {
    ProjectFile,
    CommandLine,
}

/// A Dockerfile that was linted, as a baseline has to know of it.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'a> {
    /// Its name in the baseline.
    pub name: &'a str,
    pub report: &'a Report,
}

/// A baseline as it would be written now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewed {
    pub text: String,
    /// How many findings it holds.
    pub findings: usize,
    /// In so many files.
    pub files: usize,
    /// Findings that it did not hold before.
    pub added: usize,
    /// Findings that it holds no more.
    pub removed: usize,
}

impl Mark {
    /// None for what is found about the run and not about the file.
    fn of(finding: &Finding) -> Option<Self> {
        let code = finding.diagnostic.problem.code.as_str();
        if code == SHELLCHECK || rule(code).is_none() {
            return None;
        }
        let label = &finding.diagnostic.labels[0];
        let line = label.source.line(label.source.position(label.span.start).line);
        let text = normal(line.map_or("", |line| label.source.slice(line)));
        let whole = normal(label.source.slice(label.span)) == text;
        Some(Self { rule: code.to_owned(), text: if whole { without_version(&text) } else { text } })
    }
}

/// The words of a line, and no more of it than people read: lines may have megabytes, and a finding in each word.
fn normal(line: &str) -> String {
    const LONGEST: usize = 160;
    let line = &line[..line.floor_char_boundary(20 * LONGEST)];
    let mut text = String::new();
    for word in line.split_whitespace() {
        if !text.is_empty() {
            text.push(' ');
        }
        text.extend(word.chars().take(LONGEST));
        if let Some((end, _)) = text.char_indices().nth(LONGEST) {
            text.truncate(end);
            break;
        }
    }
    text
}

/// A FROM without its image's tag and digest; another line as it is.
fn without_version(line: &str) -> String {
    let mut words: Vec<&str> = line.split(' ').collect();
    let image = words.iter_mut().skip(1).find(|word| !word.starts_with("--"));
    if let Some(image) = image.filter(|_| line.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("from "))) {
        let named = image.split('@').next().unwrap_or_default();
        let name = named.rfind('/').map_or(0, |at| at + 1);
        *image = named[name..].find(':').map_or(named, |at| &named[..name + at]);
    }
    words.join(" ")
}

impl Report {
    /// Takes out what `baseline` holds of the file that it calls `name`: as many of a finding as it counts.
    pub fn hold(&mut self, baseline: &Baseline, name: &str, fail_on: Level) {
        let Some(mut left) = baseline.files.get(name).cloned() else { return };
        self.take_out(fail_on, |mark| match left.get_mut(mark) {
            Some(count) if *count > 0 => {
                *count -= 1;
                true
            }
            _ => false,
        });
    }

    /// Takes out everything that a baseline can hold.
    pub fn hold_all(&mut self, fail_on: Level) {
        self.take_out(fail_on, |_| true);
    }

    fn take_out(&mut self, fail_on: Level, mut is_held: impl FnMut(&Mark) -> bool) {
        let findings = std::mem::take(&mut self.findings).into_iter();
        let is_held = |finding: &Finding| Mark::of(finding).is_some_and(|mark| is_held(&mark));
        let (held, told): (Vec<_>, _) = findings.partition(is_held);
        self.held.extend(held);
        self.findings = told;
        self.judge(fail_on);
    }
}

impl Baseline {
    /// One that is about to be written; `folder` is absolute and without links.
    #[must_use]
    pub const fn new(path: PathBuf, folder: PathBuf, named_by: NamedBy) -> Self {
        Self { path, folder, named_by, source: None, files: BTreeMap::new(), places: BTreeMap::new() }
    }

    #[must_use]
    pub const fn named_by(&self) -> NamedBy {
        self.named_by
    }

    /// The command that writes it again.
    #[must_use]
    pub fn renewal(&self) -> String {
        match self.named_by {
            NamedBy::ProjectFile => "swrctl lint --write-baseline".to_owned(),
            NamedBy::CommandLine => format!("swrctl lint --write-baseline={}", self.path.display()),
        }
    }

    /// Takes what the file says.
    ///
    /// # Errors
    /// Where it is no baseline of this version.
    pub fn with(mut self, source: &Arc<Source>) -> Result<Self, Diagnostic> {
        for (file, mark, count, place) in document::read(source, &self.renewal())? {
            self.places.insert((file.clone(), mark.clone()), place);
            self.files.entry(file).or_default().insert(mark, count);
        }
        self.source = Some(Arc::clone(source));
        Ok(self)
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the file says; none when it is not there yet.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.source.as_ref().map(|source| source.text())
    }

    /// The file of a name in the baseline.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// What the baseline calls a file: its path from the baseline's folder, with `/`. `file` is absolute, and no folder
    /// in it is a link.
    #[must_use]
    pub fn name_of(&self, file: &Path) -> String {
        let (mut from, mut to) = (self.folder.components().peekable(), file.components().peekable());
        while from.peek().is_some() && from.peek() == to.peek() {
            from.next();
            to.next();
        }
        let up = from.map(|_| "..".into());
        let down = to.map(|part: Component| part.as_os_str().to_string_lossy());
        up.chain(down).collect::<Vec<_>>().join("/")
    }

    /// What was found in the files that were linted. Other files stay as they are, unless they are gone; so do findings
    /// that were not looked for.
    fn counted(&self, judged: &[Judged], is_there: impl Fn(&str) -> bool) -> BTreeMap<String, Counts> {
        let names: BTreeSet<_> = judged.iter().map(|file| file.name).collect();
        let mut files = self.files.clone();
        files.retain(|name, _| names.contains(name.as_str()) || is_there(name));
        for Judged { name, report } in judged {
            let reported = || report.held.iter().chain(&report.findings);
            if reported().any(is_unreadable) {
                continue;
            }
            let mut found = Counts::new();
            for mark in reported().filter_map(Mark::of) {
                *found.entry(mark).or_default() += 1;
            }
            let failed = reported().any(|one| one.diagnostic.problem.code.as_str() == SHELLCHECK);
            let unjudged = |mark: &Mark| {
                rule(&mark.rule)
                    .is_some_and(|rule| report.unjudged.contains(rule.name) || failed && rule.name == SHELLCHECK)
            };
            let counts = files.entry((*name).to_owned()).or_default();
            counts.retain(|mark, _| unjudged(mark));
            for (mark, count) in found {
                let known = counts.entry(mark).or_default();
                *known = count.max(*known);
            }
        }
        files.retain(|_, counts| !counts.is_empty());
        files
    }

    /// The baseline with what was found in `judged`; `is_there` says whether a file that it names still exists.
    #[must_use]
    pub fn renewed(&self, judged: &[Judged], is_there: impl Fn(&str) -> bool) -> Renewed {
        let files = self.counted(judged, is_there);
        Renewed {
            text: document::write(&files),
            findings: files.values().flat_map(BTreeMap::values).sum(),
            files: files.len(),
            added: more(&files, &self.files).map(|(.., more)| more).sum(),
            removed: more(&self.files, &files).map(|(.., more)| more).sum(),
        }
    }

    /// That it holds findings which are not there any more: they would let new ones of the same kind pass.
    #[must_use]
    pub fn stale(&self, judged: &[Judged], is_there: impl Fn(&str) -> bool) -> Option<Diagnostic> {
        const SHOWN: usize = 5;
        let source = self.source.as_ref()?;
        let files = self.counted(judged, is_there);
        let gone: Vec<_> = more(&self.files, &files).collect();
        let count: usize = gone.iter().map(|(.., count)| count).sum();
        let message = match count {
            0 => return None,
            1 => say!("the baseline holds a finding that is not there any more", "基线中有 1 个问题已经不存在"),
            _ => say!(
                "the baseline holds {count} findings that are not there any more",
                "基线中有 {count} 个问题已经不存在",
                count
            ),
        };
        let help = say!(
            "shrink it with `{renew}`, so that they cannot come back unseen",
            "用 `{renew}` 缩减它，以免这些问题悄悄回来",
            renew = self.renewal()
        );
        let diagnostic = Diagnostic::warning(Notice::StaleBaseline.name(), message);
        let shown = gone.into_iter().take(SHOWN).fold(diagnostic, |diagnostic, (file, mark, gone)| {
            let place = self.places.get(&(file.to_owned(), mark.clone())).copied().unwrap_or_default();
            let held = self.files[file][mark];
            let label = if gone == held {
                say!("not found any more", "已经不存在")
            } else {
                say!("{left} of {held} are left", "{held} 个中还剩 {left} 个", left = held - gone, held)
            };
            diagnostic.at(source, place, label)
        });
        Some(shown.with_help(help))
    }
}

/// What `a` counts beyond `b`: the file, the finding, and how many more.
fn more<'a>(
    a: &'a BTreeMap<String, Counts>,
    b: &'a BTreeMap<String, Counts>,
) -> impl Iterator<Item = (&'a str, &'a Mark, usize)> {
    let all = a.iter().flat_map(|(file, counts)| counts.iter().map(move |(mark, count)| (file, mark, *count)));
    all.filter_map(|(file, mark, count)| {
        let other = b.get(file).and_then(|counts| counts.get(mark)).copied().unwrap_or_default();
        (count > other).then(|| (file.as_str(), mark, count - other))
    })
}

/// Whether the file was not there to be linted.
fn is_unreadable(finding: &Finding) -> bool {
    rule(finding.rule).is_none()
}
