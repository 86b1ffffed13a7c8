//! Which findings baselines hold: for each Dockerfile by its place, over all of them by what is left.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::paths::LintRun;
use super::places::located;
use super::policies::{PolicyFinding, strictest};
use super::subject::{Linted, Subject};
use crate::lint::baseline::{Baseline, Judged, Renewed};
use crate::lint::policy::{Level, Policy};

/// What a baseline knows a Dockerfile by.
#[derive(Clone, Debug)]
pub struct Known {
    pub baseline: Arc<Baseline>,
    pub name: String,
}

impl Known {
    pub(super) fn of(policy: &Policy, file: &Path) -> Option<Self> {
        let baseline = Arc::clone(policy.baseline.as_ref()?);
        let name = baseline.name_of(&located(file));
        Some(Self { baseline, name })
    }
}

/// Dockerfiles by their baselines, in the order of their paths.
type ByBaseline<'a> = BTreeMap<PathBuf, (&'a Arc<Baseline>, Vec<Judged<'a>>)>;

fn by_baseline<'a>(files: impl Iterator<Item = (&'a Known, Judged<'a>)>) -> ByBaseline<'a> {
    let mut all = ByBaseline::new();
    for (Known { baseline, .. }, judged) in files {
        all.entry(baseline.path().to_owned()).or_insert_with(|| (baseline, Vec::new())).1.push(judged);
    }
    all
}

/// Baselines that hold what is not there any more.
pub(super) fn stale<'a>(files: impl Iterator<Item = &'a (Subject<'a>, Linted)>) -> Vec<PolicyFinding> {
    let mut fail_on: BTreeMap<&Path, Level> = BTreeMap::new();
    let known = files.filter_map(|(subject, Linted { report, .. })| {
        let known = subject.known.as_ref()?;
        let level = fail_on.entry(known.baseline.path()).or_insert(Level::Off);
        *level = strictest(*level, subject.policy.fail_on);
        Some((known, Judged { name: &known.name, report }))
    });
    let all = by_baseline(known);
    let stale = |(baseline, judged): &(&Arc<Baseline>, Vec<Judged>)| {
        let diagnostic = baseline.stale(judged, |name| is_there(baseline, name))?;
        Some(PolicyFinding { diagnostic, fail_on: fail_on[baseline.path()] })
    };
    all.values().filter_map(stale).collect()
}

/// The baselines that hold for the files of a run, each with what it would be if it were written now.
#[must_use]
pub fn renewals(run: &LintRun) -> Vec<(Arc<Baseline>, Renewed)> {
    let known = run.files.iter().filter_map(|file| {
        let known = file.known.as_ref()?;
        Some((known, Judged { name: &known.name, report: &file.report }))
    });
    let all = by_baseline(known);
    let renewed = |(baseline, judged): &(&Arc<Baseline>, Vec<Judged>)| {
        (Arc::clone(baseline), baseline.renewed(judged, |name| is_there(baseline, name)))
    };
    all.values().map(renewed).collect()
}

fn is_there(baseline: &Baseline, name: &str) -> bool {
    baseline.file(name).symlink_metadata().is_ok()
}
