//! Applies fixes in rounds: all that do not get in each other's way at once, then those that the fixed file asks for.
//!
//! Every step leaves fewer findings and no rule with more of them, so that it comes to an end.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::together::Together;
use super::{Edit, Fix, NewFile, edited};
use crate::diag::{Source, Span};
use crate::dockerfile::Dockerfile;
use crate::lint::{Finding, Report};

/// A file without and with its fixes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixed {
    pub before: Arc<Source>,
    pub after: Arc<Source>,
    pub creates: Option<NewFile>,
    /// How many findings of each rule are gone.
    pub gone: BTreeMap<&'static str, usize>,
    /// What is left to be said.
    pub report: Report,
    /// Finding out which fixes go together took too long: some that may be good were not tried.
    pub cut_short: bool,
}

/// A file that fixing writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change<'f> {
    /// Name of a file beside the Dockerfile; none for the Dockerfile itself.
    pub beside: Option<&'static str>,
    /// None for a file that is not there yet.
    pub before: Option<&'f str>,
    pub after: &'f str,
}

impl Change<'_> {
    /// What the file is called when the Dockerfile is called `dockerfile`.
    #[must_use]
    pub fn name(&self, dockerfile: &str) -> String {
        self.beside.map_or_else(|| dockerfile.to_owned(), |name| beside(dockerfile, name))
    }
}

fn counted(gone: impl Iterator<Item = (&'static str, usize)>) -> String {
    let words = gone.map(|(rule, count)| match count {
        1 => rule.to_owned(),
        _ => format!("{rule} ({count})"),
    });
    words.collect::<Vec<_>>().join(", ")
}

/// The name of a file in the folder of another.
#[must_use]
pub fn beside(file: &str, name: &str) -> String {
    file.rfind('/').map_or_else(|| name.to_owned(), |at| format!("{}{name}", &file[..=at]))
}

impl Fixed {
    /// How many findings are gone.
    #[must_use]
    pub fn count(&self) -> usize {
        self.gone.values().sum()
    }

    /// The rules whose findings are gone, with their numbers where there are several: for people.
    #[must_use]
    pub fn rules(&self) -> String {
        counted(self.gone.iter().map(|(rule, count)| (*rule, *count)))
    }

    /// How many findings one of the changes takes away, and those rules.
    #[must_use]
    pub fn gone_by(&self, change: &Change) -> (usize, String) {
        let asks = |rule: &str| self.creates.as_ref().is_some_and(|file| file.rule == rule);
        let gone = self.gone.iter().filter(|(rule, _)| asks(rule) == change.beside.is_some());
        let gone = gone.map(|(rule, count)| (*rule, *count));
        (gone.clone().map(|(_, count)| count).sum(), counted(gone))
    }

    /// What is to be written; nothing where nothing could be fixed.
    ///
    /// A new file comes first: what is changed may count on it.
    pub fn changes(&self) -> impl Iterator<Item = Change<'_>> {
        let (before, after) = (self.before.text(), self.after.text());
        let own = (before != after).then_some(Change { beside: None, before: Some(before), after });
        let created = self.creates.as_ref();
        let created = created.map(|file| Change { beside: Some(file.name), before: None, after: &file.text });
        created.into_iter().chain(own)
    }

    #[must_use]
    pub fn changes_nothing(&self) -> bool {
        self.changes().next().is_none()
    }
}

/// Applies what `report` offers, and what is offered after that, until nothing is.
///
/// `report` is what `lint` says about the file. A fix that does not lead to fewer findings, or that gives a rule more
/// of them, is not applied. Where that cannot be settled within bounds, what proved good so far is applied and the rest is
/// left to the next time.
#[must_use]
pub fn fix(
    dockerfile: &Arc<Dockerfile>,
    report: &Report,
    lint: &mut dyn FnMut(&Dockerfile, Option<&NewFile>) -> Report,
) -> Fixed {
    let mut state = State { dockerfile: Arc::clone(dockerfile), creates: None, report: report.clone() };
    let mut bench = Bench { lint, tries: tries(dockerfile.source.text().len()), cut_short: false };
    while let Some(next) = bench.round(&state) {
        state = next;
    }
    let cut_short = bench.cut_short;
    let State { dockerfile: after, creates, report: mut left } = state;
    // What could be fixed is.
    left.findings.iter_mut().for_each(|finding| finding.fix = None);
    let (before, after) = (Arc::clone(&dockerfile.source), Arc::clone(&after.source));
    Fixed { before, after, creates, gone: gone(report, &left), report: left, cut_short }
}

/// How often a file may be linted on the way: a few times for a large one.
fn tries(bytes: usize) -> usize {
    const BYTES: usize = 8 * 1024 * 1024;
    (BYTES / (bytes + 1)).clamp(24, 500)
}

fn gone(before: &Report, after: &Report) -> BTreeMap<&'static str, usize> {
    let count = |report: &Report| {
        let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
        report.findings.iter().for_each(|finding| *counts.entry(finding.rule).or_default() += 1);
        counts
    };
    let left = count(after);
    let gone = count(before).into_iter().map(|(rule, count)| (rule, count - left.get(rule).unwrap_or(&0).min(&count)));
    gone.filter(|(_, count)| *count > 0).collect()
}

/// The file as it would be after some fixes.
#[derive(Clone)]
struct State {
    dockerfile: Arc<Dockerfile>,
    creates: Option<NewFile>,
    report: Report,
}

struct Bench<'l> {
    lint: &'l mut dyn FnMut(&Dockerfile, Option<&NewFile>) -> Report,
    tries: usize,
    cut_short: bool,
}

/// The fixes of a round that proved good, and the file with them.
struct Progress<'f> {
    kept: Vec<&'f Fix>,
    best: State,
}

impl Bench<'_> {
    /// The file with the fixes that are good of those it offers; none where no fix leads further.
    fn round(&mut self, state: &State) -> Option<State> {
        let mut waiting = offers(&state.report);
        let mut progress = Progress { kept: Vec::new(), best: state.clone() };
        while !waiting.is_empty() && !self.cut_short {
            let (batch, rest) = apart(waiting);
            self.keep_good(state, &mut progress, &batch);
            // Of two that are in each other's way the second has its turn when the first was no good.
            waiting = rest;
            let kept = Together::of(progress.kept.iter().copied());
            waiting.retain(|fix| kept.admits(fix));
        }
        (!progress.kept.is_empty()).then_some(progress.best)
    }

    /// Keeps what is good of `batch`, which is mostly all of it; halves lead to what is not.
    fn keep_good<'f>(&mut self, start: &State, progress: &mut Progress<'f>, batch: &[&'f Fix]) {
        let Some(tries) = self.tries.checked_sub(1) else {
            self.cut_short = true;
            return;
        };
        self.tries = tries;
        let fixes: Vec<&Fix> = progress.kept.iter().chain(batch).copied().collect();
        if let Some(next) = self.attempt(start, &fixes).filter(|next| improves(next, &progress.best, batch.len())) {
            *progress = Progress { kept: fixes, best: next };
        } else if batch.len() > 1 {
            let (first, second) = batch.split_at(batch.len() / 2);
            self.keep_good(start, progress, first);
            self.keep_good(start, progress, second);
        }
    }

    /// The file with these fixes; none when it is not what they were meant to make of it.
    fn attempt(&mut self, start: &State, fixes: &[&Fix]) -> Option<State> {
        let mut edits: Vec<&Edit> = fixes.iter().flat_map(|fix| &fix.edits).collect();
        edits.sort();
        let before = &start.dockerfile.source;
        let text = edited(before.text(), edits.iter().copied());
        let dockerfile = Dockerfile::parse(&Arc::new(Source::new(before.name(), text)));
        if !is_intact(&start.dockerfile, &edits, &dockerfile) {
            return None;
        }
        let created = fixes.iter().find_map(|fix| fix.creates.clone());
        let creates = start.creates.clone().or(created);
        let report = (self.lint)(&dockerfile, creates.as_ref());
        Some(State { dockerfile: Arc::new(dockerfile), creates, report })
    }
}

/// What the findings offer, each thing once, in the order of the file.
fn offers(report: &Report) -> Vec<&Fix> {
    let mut offers: Vec<&Fix> = report.findings.iter().filter_map(|finding| finding.fix.as_ref()).collect();
    offers.sort_by(|a, b| a.edits.cmp(&b.edits));
    offers.dedup();
    offers
}

/// Takes fixes that can be made at once, the first ones first; returns the rest too.
fn apart(fixes: Vec<&Fix>) -> (Vec<&Fix>, Vec<&Fix>) {
    let mut taken = Together::default();
    fixes.into_iter().partition(|fix| {
        let joins = taken.admits(fix);
        if joins {
            taken.add(fix);
        }
        joins
    })
}

/// At least one finding less for every fix, and none that was not there.
fn improves(next: &State, before: &State, fixes: usize) -> bool {
    let (left, found) = (&next.report.findings, &before.report.findings);
    left.len() + fixes <= found.len() && !has_new_finding(found, left)
}

/// Whether a rule, by what other linters call its findings, says more than it did. Messages may change with the text
/// they quote, and places do.
pub(super) fn has_new_finding(before: &[Finding], after: &[Finding]) -> bool {
    let mut known: BTreeMap<_, usize> = BTreeMap::new();
    for finding in before {
        *known.entry((finding.rule, finding.aliases)).or_default() += 1;
    }
    after.iter().any(|finding| match known.get_mut(&(finding.rule, finding.aliases)) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    })
}

/// Whether the fixed file reads without errors, and every instruction that no edit touches is where it has to be.
pub(super) fn is_intact(before: &Dockerfile, edits: &[&Edit], after: &Dockerfile) -> bool {
    let found: HashSet<_> = after.instructions.iter().map(|line| (line.span, *line.keyword, line.on_build)).collect();
    let mut edits = edits.iter().peekable();
    let (mut removed, mut added) = (0, 0);
    after.errors.is_empty()
        && before.instructions.iter().all(|line| {
            while let Some(edit) = edits.next_if(|edit| edit.span.end < line.span.start) {
                removed += edit.span.len();
                added += edit.text.len();
            }
            let touched = edits.peek().is_some_and(|edit| edit.span.start <= line.span.end);
            let moved = Span::new(line.span.start + added - removed, line.span.end + added - removed);
            touched || found.contains(&(moved, *line.keyword, line.on_build))
        })
}
