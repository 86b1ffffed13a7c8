//! Finds the Dockerfiles that the project names, reads them with what lint must know of their build contexts, and
//! lints them in parallel. Only reads.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::{Glob, GlobMatcher, GlobSet, GlobSetBuilder};
use ignore::WalkBuilder;
use jiff::civil::Date;
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

use crate::diag::{Diagnostic, Problem, Source, Span, Spanned};
use crate::image::Digest;
use crate::lint::policy::{DockerfileSet, Level};
use crate::lint::{self, BuildContext, Finding, LintedDockerfile, Report};
use crate::project::Project;

#[cfg(test)]
mod tests;

/// Largest Dockerfile that is read.
const MAX_SIZE: u64 = 10 * 1024 * 1024;

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
pub fn lint_all(project: &Project, today: Date) -> DockerfileListing {
    let sets: Vec<Matchers> = project.dockerfiles.iter().map(Matchers::new).collect();
    if sets.is_empty() {
        return DockerfileListing::default();
    }
    let mut findings = Vec::new();
    let paths = walk(&project.root, &mut findings);
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
    let files: Vec<_> = owned.into_par_iter().map(|(path, set)| lint_file(project, path, set, today)).collect();
    for (set, section) in project.dockerfiles.iter().enumerate() {
        findings.extend(unmatched_patterns(project, section, |pattern| used.contains(&(set, pattern))));
        let allowed_by = files.iter().filter(|file| file.set == set).flat_map(|file| &file.report.allowed_by);
        let allowed_by = allowed_by.copied().collect();
        findings.extend(lint::stale_overrides(&section.policy, &allowed_by, &project.source, today));
    }
    DockerfileListing { files, findings }
}

/// Lints one Dockerfile again, as apply does before it relies on what the plan saw.
///
/// # Errors
/// When the project has no such section, or the file cannot be read.
pub fn lint_one(project: &Project, path: &str, set: usize, today: Date) -> Result<LintedDockerfile, Problem> {
    if set >= project.dockerfiles.len() {
        let message = format!("`{path}` belongs to a `dockerfiles` section that the project file does not have");
        return Err(Problem::new("unknown-section", message).with_help("plan again"));
    }
    let bytes = read(&project.root.join(path), path)?;
    Ok(lint_bytes(project, path.to_owned(), set, &bytes, today))
}

/// The compiled globs of one section.
struct Matchers {
    patterns: Vec<GlobMatcher>,
    excludes: GlobSet,
}

impl Matchers {
    fn new(section: &DockerfileSet) -> Self {
        let compile = |glob: &Spanned<Glob>| glob.compile_matcher();
        let mut excludes = GlobSetBuilder::new();
        for glob in &section.excludes {
            excludes.add(glob.value.clone());
        }
        // Each glob was compiled alone when the project file was read; a set of them cannot fail for another reason
        // than its size, and then nothing is excluded: more is checked, not less.
        let excludes = excludes.build().unwrap_or_else(|_| GlobSet::empty());
        Self { patterns: section.patterns.iter().map(compile).collect(), excludes }
    }

    /// Indexes of the patterns that name the file; `None` when none does or it is excluded.
    fn matching(&self, path: &str) -> Option<impl Iterator<Item = usize>> {
        if self.excludes.is_match(path) {
            return None;
        }
        let matching = |pattern: &usize| self.patterns[*pattern].is_match(path);
        let found: Vec<_> = (0..self.patterns.len()).filter(matching).collect();
        (!found.is_empty()).then(|| found.into_iter())
    }
}

/// Every file below `root` that git does not ignore, relative and with `/`; in no order.
fn walk(root: &Path, findings: &mut Vec<Diagnostic>) -> Vec<String> {
    let start = if root.as_os_str().is_empty() { Path::new(".") } else { root };
    let walker = WalkBuilder::new(start)
        .hidden(false)
        .parents(true)
        .ignore(false)
        .require_git(false)
        .filter_entry(|entry| entry.file_name() != ".git")
        .build();
    let mut paths = Vec::new();
    for entry in walker {
        match entry {
            // A link is followed, to a file or to nothing: only folders are no Dockerfiles.
            Ok(entry) if !entry.path().is_dir() => {
                paths.extend(entry.path().strip_prefix(start).ok().map(with_slashes));
            }
            Ok(_) => {}
            Err(error) => findings.push(
                Diagnostic::warning("unreadable-folder", format!("Dockerfiles below it are not checked: {error}"))
                    .with_help("make the folder readable, or exclude it"),
            ),
        }
    }
    paths
}

fn with_slashes(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

fn unmatched_patterns(
    project: &Project,
    section: &DockerfileSet,
    is_used: impl Fn(usize) -> bool,
) -> impl Iterator<Item = Diagnostic> {
    let idle = section.patterns.iter().enumerate().filter(move |(index, _)| !is_used(*index));
    idle.map(|(_, pattern)| {
        Diagnostic::warning("unused-pattern", format!("`{}` matches no file", pattern.glob()))
            .at(&project.source, pattern.span, "no such Dockerfile")
            .with_help("correct the pattern or delete it; files that git ignores are not looked at")
    })
}

fn lint_file(project: &Project, path: String, set: usize, today: Date) -> LintedDockerfile {
    match read(&project.root.join(&path), &path) {
        Ok(bytes) => lint_bytes(project, path, set, &bytes, today),
        Err(problem) => {
            let source = Arc::new(Source::new(path.clone(), ""));
            let diagnostic = Diagnostic::from(problem).at(&source, Span::default(), "");
            let finding =
                Finding { rule: "unreadable-file", aliases: &[], practice: None, level: Level::Error, diagnostic };
            let report = Report { findings: vec![finding], failed: true, ..Report::default() };
            LintedDockerfile { path, set, digest: Digest::sha256(&[]), report }
        }
    }
}

/// Reads a Dockerfile that is not larger than it may be, whatever its metadata says.
fn read(file: &Path, path: &str) -> Result<Vec<u8>, Problem> {
    let unreadable = |error: std::io::Error| {
        Problem::new("unreadable-file", format!("`{path}` cannot be read: {error}"))
            .with_help("make it readable, or exclude it in the project file")
    };
    let metadata = std::fs::metadata(file).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(Problem::new("unreadable-file", format!("`{path}` is no file"))
            .with_help("exclude it in the project file, or make the pattern narrower"));
    }
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).map_err(unreadable)?;
    opened.take(MAX_SIZE + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_SIZE {
        let message = format!("`{path}` is larger than 10 MiB, the most that is checked");
        return Err(Problem::new("unreadable-file", message)
            .with_help("move data out of it, or exclude it in the project file"));
    }
    Ok(bytes)
}

fn lint_bytes(project: &Project, path: String, set: usize, bytes: &[u8], today: Date) -> LintedDockerfile {
    let source = Arc::new(Source::new(path.clone(), String::from_utf8_lossy(bytes)));
    let context = build_context(&project.root, &path);
    let policy = &project.dockerfiles[set].policy;
    let report = lint::lint(&source, Path::new(&path), policy, &context, Some(&project.source), today);
    LintedDockerfile { path, set, digest: Digest::sha256(bytes), report }
}

/// The build context that Docker's users expect: the Dockerfile's directory, unless only the project's root has an
/// ignore file; then the image is built from the root, as in `docker build -f services/a/Dockerfile .`.
///
/// `<name of the Dockerfile>.dockerignore` beside the Dockerfile comes before `.dockerignore`, as in BuildKit.
fn build_context(root: &Path, path: &str) -> BuildContext {
    let file = root.join(path);
    let directory = file.parent().unwrap_or(root);
    let own = PathBuf::from(format!("{path}.dockerignore"));
    let beside = Path::new(path).with_file_name(".dockerignore");
    let at_root = PathBuf::from(".dockerignore");
    let candidates = [(own, directory), (beside, directory), (at_root, root)];
    let found = candidates.into_iter().find_map(|(ignore_file, directory)| {
        let bytes = std::fs::read(root.join(&ignore_file)).ok()?;
        let source = Source::new(with_slashes(&ignore_file), String::from_utf8_lossy(&bytes));
        Some((Arc::new(source), directory))
    });
    let (ignore_file, directory) = match found {
        Some((ignore_file, directory)) => (Some(ignore_file), directory),
        None => (None, directory),
    };
    BuildContext { ignore_file, entries: entries(directory) }
}

/// Names directly in a directory; what cannot be listed holds nothing to report.
fn entries(directory: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}
