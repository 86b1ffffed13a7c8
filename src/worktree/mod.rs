//! Files on disk. Finds Dockerfiles, those that the project names or those of a command line, reads them with what lint
//! must know of their build contexts, and lints them in parallel; reads the files in which a project keeps lines. Only
//! reads.

mod archives;
mod baselines;
mod files;
mod folders;
mod managed;
mod nested;
mod paths;
mod places;
mod policies;
mod sections;
mod shellcheck;
mod subject;
mod tree;
mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

pub use baselines::{Known, renewals};
pub use managed::{managed_facts, managed_files, read as read_managed, writer};
pub use paths::{Input, LintRun, LintedFile, Origin, lint_declared, lint_inputs};

use self::policies::PolicyFinding;
use self::sections::{Matchers, unmatched_patterns};
use self::subject::{Linted, Subject, Together, lint_together};
use self::walk::{shown, walk, with_slashes};
use jiff::civil::Date;

use crate::diag::{Diagnostic, Problem, say};
use crate::lint::{self, AskBases, BaseAnswers, LintedDockerfile};
use crate::project::Project;

#[cfg(test)]
mod tests;

/// All Dockerfiles of a project.
#[derive(Clone, Debug, Default)]
pub struct DockerfileListing {
    /// Sorted by path.
    pub files: Vec<LintedDockerfile>,
    /// What is wrong with the sections themselves: patterns that match nothing, overrides of no use, folders that
    /// cannot be read.
    pub findings: Vec<Diagnostic>,
}

/// Finds and lints every Dockerfile that the project names.
///
/// Files that git ignores are left out, hidden ones are not. A file that cannot be read counts as failed.
#[must_use]
pub fn lint_all(project: &Project, today: Date, ask: AskBases) -> DockerfileListing {
    let Listing { files, mut findings, policies } = list(project, today, |set| project.dockerfiles[set].fixes, ask);
    findings.extend(policies.into_iter().map(|finding| finding.diagnostic));
    DockerfileListing { files: files.into_iter().map(|(set, file)| finished(file, set)).collect(), findings }
}

/// As [`DockerfileListing`], with all that is known of each file and the section that owns it.
#[derive(Default)]
struct Listing<'a> {
    files: Vec<(usize, (Subject<'a>, Linted))>,
    /// What kept files from being looked at.
    findings: Vec<Diagnostic>,
    policies: Vec<PolicyFinding>,
}

/// Also says what fixes make of the files of sections that `fixes` names.
fn list<'p>(project: &'p Project, today: Date, fixes: impl Fn(usize) -> bool + Sync, ask: AskBases) -> Listing<'p> {
    let sets: Vec<Matchers> = project.dockerfiles.iter().map(Matchers::new).collect();
    if sets.is_empty() {
        return Listing::default();
    }
    let (mut findings, mut policies) = (Vec::new(), Vec::new());
    let paths = walk(&project.root, &mut findings).into_iter().map(|path| with_slashes(&path));
    let mut used = BTreeSet::new();
    let mut owned = BTreeMap::new();
    for path in paths {
        for (set, matchers) in sets.iter().enumerate() {
            if let Some(patterns) = matchers.matching(&path) {
                used.extend(patterns.map(|pattern| (set, pattern)));
                owned.entry(path.clone()).or_insert(set);
            }
        }
    }
    let doubled = linked_beside_their_files(&project.root, &owned);
    owned.retain(|path, _| !doubled.contains(path));
    let sets: Vec<_> = owned.values().copied().collect();
    let open = |(path, set)| Subject { fixes: fixes(set), ..subject(project, path, set, today) }.open();
    let Together { linted, notes } = lint_together(owned.into_par_iter().map(open).collect(), ask);
    let files: Vec<_> = sets.into_iter().zip(linted).collect();
    for (set, section) in project.dockerfiles.iter().enumerate() {
        let fail_on = section.policy.fail_on;
        let about = |diagnostic| PolicyFinding { diagnostic, fail_on };
        let unmatched = unmatched_patterns(project, section, |pattern| used.contains(&(set, pattern)));
        policies.extend(unmatched.map(about));
        let own = || files.iter().filter(|(owner, _)| *owner == set).map(|(_, (_, linted))| &linted.report);
        let unjudged = own().flat_map(|report| report.unjudged.iter().copied()).collect();
        let mut allowed_by: BTreeSet<_> = own().flat_map(|report| report.allowed_by.iter().copied()).collect();
        allowed_by.extend(lint::overrides_about(&section.policy, &unjudged));
        let stale = lint::stale_overrides(&section.policy, &allowed_by, &project.source, today);
        // hadolint says nothing about idle settings of its own.
        let (own, foreign): (Vec<_>, _) =
            stale.into_iter().partition(|found| Arc::ptr_eq(&found.labels[0].source, &project.source));
        policies.extend(own.into_iter().map(about));
        findings.extend::<Vec<_>>(foreign);
    }
    policies.extend(baselines::stale(files.iter().map(|(_, file)| file)));
    findings.extend(notes);
    Listing { files, findings, policies }
}

/// Links whose file belongs to the same section: that is linted under its own name.
fn linked_beside_their_files(root: &Path, owned: &BTreeMap<String, usize>) -> BTreeSet<String> {
    let Ok(real) = root.canonicalize() else { return BTreeSet::new() };
    let file_of = |path: &str| {
        let link = root.join(path);
        let target = link.is_symlink().then(|| link.canonicalize().ok()).flatten()?;
        target.strip_prefix(&real).ok().map(with_slashes)
    };
    let beside = |(path, set): &(&String, &usize)| file_of(path).is_some_and(|file| owned.get(&file) == Some(set));
    owned.iter().filter(beside).map(|(path, _)| path.clone()).collect()
}

/// Lints one Dockerfile again, as apply does before it relies on what the plan saw; also says whether its policy has
/// registries asked about its images. They are not asked again: rules that need them are left to the plan.
///
/// # Errors
/// When the project has no such section, or the file cannot be read.
pub fn lint_again(
    project: &Project,
    (path, set): (&str, usize),
    today: Date,
) -> Result<(LintedDockerfile, bool), Problem> {
    let Some(section) = project.dockerfiles.get(set) else {
        let message = say!(
            "`{path}` belongs to a `dockerfiles` section that the project file does not have",
            "项目文件里没有 `{path}` 所属的 `dockerfiles` 小节",
            path
        );
        return Err(Problem::new("unknown-section", message).with_help(say!("plan again", "重新制定计划")));
    };
    let subject = subject(project, path.to_owned(), set, today);
    let bytes = subject.read()?;
    let mut needs_registries = false;
    let together = lint_together(vec![subject.opened(Ok(bytes))], &mut |_| {
        needs_registries = true;
        BaseAnswers::default()
    });
    let mut linted = finished(together.linted.into_iter().next().expect("one was given"), set);
    if needs_registries {
        linted.report.leave_unjudged(section.policy.fail_on);
    }
    Ok((linted, needs_registries))
}

fn finished((subject, linted): (Subject, Linted), set: usize) -> LintedDockerfile {
    let Linted { digest, report, fixed, .. } = linted;
    LintedDockerfile { path: subject.path, set, digest, report, fixed }
}

fn subject(project: &Project, path: String, set: usize, today: Date) -> Subject<'_> {
    let policy = &project.dockerfiles[set].policy;
    Subject {
        name: shown(&project.root.join(&path)),
        root: project.root.clone(),
        known: Known::of(policy, &project.root.join(&path)),
        path,
        policy,
        project: Some(&project.source),
        today,
        fixes: false,
        on_disk: true,
    }
}
