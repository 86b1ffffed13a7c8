//! One Dockerfile on disk: reads it with what lint must know of its build context, and lints it.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::Date;

use super::files::read_files;
use super::walk::with_slashes;
use crate::diag::{Diagnostic, Problem, Source, Span};
use crate::image::Digest;
use crate::lint::fix::{Fixed, NewFile, fix};
use crate::lint::policy::{Level, Policy};
use crate::lint::{self, BuildContext, Finding, Report};

/// Largest Dockerfile that is read.
pub(super) const MAX_SIZE: u64 = 10 * 1024 * 1024;

/// A Dockerfile that is to be linted, and by what.
#[derive(Debug)]
pub(super) struct Subject<'a> {
    /// What people know it by.
    pub(super) name: String,
    /// Where paths of the policy start: the widest build context.
    pub(super) root: &'a Path,
    /// Relative to `root`, with `/`.
    pub(super) path: String,
    pub(super) policy: &'a Policy,
    /// The project file that holds the policy.
    pub(super) project: Option<&'a Arc<Source>>,
    pub(super) today: Date,
    /// Whether fixes are wanted.
    pub(super) fixes: bool,
}

/// What became of a Dockerfile.
#[derive(Debug)]
pub(super) struct Linted {
    pub(super) digest: Digest,
    pub(super) report: Report,
    pub(super) fixed: Option<Fixed>,
}

impl Linted {
    /// There was nothing to lint.
    pub(super) fn failed(report: Report) -> Self {
        Self { digest: Digest::sha256(&[]), report, fixed: None }
    }
}

impl Subject<'_> {
    /// Lints the file; one that cannot be read is a finding.
    pub(super) fn lint(&self) -> Linted {
        match self.read() {
            Ok(bytes) => self.lint_bytes(&bytes),
            Err(problem) => Linted::failed(unreadable(&self.name, problem)),
        }
    }

    /// Reads the file if it is not larger than it may be, whatever its metadata says.
    pub(super) fn read(&self) -> Result<Vec<u8>, Problem> {
        let file = self.root.join(&self.path);
        let unreadable = |error: std::io::Error| {
            let gone = error.kind() == std::io::ErrorKind::NotFound;
            let fix = if gone { "correct its path" } else { "make it readable" };
            Problem::new("unreadable-file", format!("`{}` cannot be read: {error}", self.name))
                .with_help(format!("{fix}, or leave it out"))
        };
        let metadata = std::fs::metadata(&file).map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(Problem::new("unreadable-file", format!("`{}` is no file", self.name))
                .with_help("name a file or a folder"));
        }
        read_all(std::fs::File::open(&file).map_err(unreadable)?, &self.name).map_err(unreadable)?
    }

    pub(super) fn lint_bytes(&self, bytes: &[u8]) -> Linted {
        let source = Arc::new(Source::new(self.name.as_str(), String::from_utf8_lossy(bytes)));
        let place = Place::of(self.root, &self.path);
        let report = self.report(&source, &place, None);
        let fixable = self.fixes && report.findings.iter().any(|finding| finding.fix.is_some());
        let fixed = fixable.then(|| fix(&source, &report, &mut |source, created| self.report(source, &place, created)));
        let fixed = fixed.filter(|fixed| !fixed.changes_nothing());
        Linted { digest: Digest::sha256(bytes), report, fixed }
    }

    /// What is said about `source` in this place, once the file is there that a fix creates.
    fn report(&self, source: &Arc<Source>, place: &Place, created: Option<&NewFile>) -> Report {
        let mut context = place.context(source);
        if let Some(file) = created {
            context.ignore_file = Some(Arc::new(Source::new(file.name, file.text.as_str())));
        }
        lint::lint(source, Path::new(&self.path), self.policy, &context, self.project, self.today)
    }
}

/// Reads to the end, or says that there is too much.
pub(super) fn read_all(from: impl Read, name: &str) -> std::io::Result<Result<Vec<u8>, Problem>> {
    let mut bytes = Vec::new();
    from.take(MAX_SIZE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_SIZE {
        let message = format!("`{name}` is larger than 10 MiB, the most that is checked");
        return Ok(Err(Problem::new("unreadable-file", message).with_help("move data out of it, or leave it out")));
    }
    Ok(Ok(bytes))
}

/// The report on a file that is not there to be linted.
pub(super) fn unreadable(name: &str, problem: Problem) -> Report {
    let source = Arc::new(Source::new(name, ""));
    let diagnostic = Diagnostic::from(problem).at(&source, Span::default(), "");
    let finding =
        Finding { rule: "unreadable-file", aliases: &[], practice: None, level: Level::Error, diagnostic, fix: None };
    Report { findings: vec![finding], failed: true, ..Report::default() }
}

/// The build context that Docker's users expect: the Dockerfile's directory, unless only the project's root has an
/// ignore file; then the image is built from the root, as in `docker build -f services/a/Dockerfile .`.
///
/// `<name of the Dockerfile>.dockerignore` beside the Dockerfile comes before `.dockerignore`, as in BuildKit.
#[derive(Debug)]
struct Place {
    directory: PathBuf,
    ignore_file: Option<Arc<Source>>,
    entries: BTreeSet<String>,
}

impl Place {
    fn of(root: &Path, path: &str) -> Self {
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
        Self { directory: directory.to_owned(), ignore_file, entries: entries(directory) }
    }

    fn context(&self, dockerfile: &Arc<Source>) -> BuildContext {
        let files = read_files(&self.directory, &lint::files_to_read(dockerfile));
        BuildContext { ignore_file: self.ignore_file.clone(), entries: self.entries.clone(), files }
    }
}

/// Names directly in a directory; what cannot be listed holds nothing to report.
fn entries(directory: &Path) -> BTreeSet<String> {
    // The current directory's path may be empty.
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}
