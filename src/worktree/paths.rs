//! Lints what a command line names: files, folders and standard input, with or without a project file.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::baselines::{self, Known};
use super::places::{Places, located};
use super::policies::policy_files;
use super::sections::Matchers;
use super::subject::{Linted, Opened, Subject, Together, lint_together, read_all, unreadable_file};
use super::walk::{shown, walk, with_slashes};
use jiff::civil::Date;

use crate::diag::{Diagnostic, Wording, say};
use crate::dockerfile::is_dockerfile;
use crate::lint::fix::Fixed;
use crate::lint::policy::{DockerfileSet, Level, Policy};
use crate::lint::{AskBases, Report};
use crate::project::Project;

/// Something to lint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A file, or a folder with everything below it that is named as a Dockerfile or that the project names.
    Path(PathBuf),
    /// Standard input; with a path, it is linted as if it were that file.
    Stdin(Option<PathBuf>),
}

/// A Dockerfile by the name that people know it by, and what is to be said about it.
#[derive(Clone, Debug)]
pub struct LintedFile {
    /// As it was written on the command line, or relative to the current directory; with `/`.
    pub name: String,
    pub origin: Origin,
    /// Findings of this level or worse fail it.
    pub fail_on: Level,
    pub report: Report,
    /// What fixes make of it, where they are wanted and there are any.
    pub fixed: Option<Fixed>,
    /// What its baseline knows it by.
    pub known: Option<Known>,
}

/// Where a Dockerfile came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Disk(PathBuf),
    /// What standard input held; nothing where it could not be read.
    Stdin(Vec<u8>),
    /// It is no Dockerfile: findings are about the policy that it holds.
    Policy,
}

/// Dockerfiles that were linted together, and files of policies in which something is wrong.
#[derive(Clone, Debug, Default)]
pub struct LintRun {
    /// Sorted by name.
    pub files: Vec<LintedFile>,
    /// What is wrong beside the files: folders without a Dockerfile, or that cannot be read.
    pub findings: Vec<Diagnostic>,
    /// Fixes were tried: what they make of the files is known.
    pub tried: bool,
}

/// Lints what the project names, as a plan does; with `fixes`, also says what they make of each file.
#[must_use]
pub fn lint_declared(project: &Project, today: Date, fixes: bool, ask: AskBases) -> LintRun {
    let super::Listing { files, findings, policies } = super::list(project, today, |_| fixes, ask);
    let file = |(_, (subject, linted)): (usize, (Subject, Linted))| {
        linted_file(Origin::Disk(subject.root.join(&subject.path)), subject, linted)
    };
    LintRun { files: in_order(files.into_iter().map(file).chain(policy_files(policies))), findings, tried: fixes }
}

fn linted_file(origin: Origin, subject: Subject, linted: Linted) -> LintedFile {
    let Subject { name, policy, known, .. } = subject;
    let Linted { report, fixed, .. } = linted;
    LintedFile { name, origin, fail_on: policy.fail_on, report, fixed, known }
}

/// Lints what a command line names, each file once.
///
/// A file that a section of the project names gets that section's policy, every other one `policy`. In folders, git's
/// ignore rules hold and so do the project's excludes; a file that is named itself is always linted. With `fixes`, also
/// says what they make of each file.
#[must_use]
pub fn lint_inputs(
    inputs: &[Input],
    (project, policy): (Option<&Project>, &Policy),
    today: Date,
    fixes: bool,
    ask: AskBases,
) -> LintRun {
    let desk = Desk { fixes, ..Desk::new(project, policy, today) };
    let mut findings = Vec::new();
    // Where they are, as bytes: a path is compared part by part.
    let mut named: BTreeMap<OsString, String> = BTreeMap::new();
    let mut places = Places::default();
    let mut links: Vec<(PathBuf, String)> = Vec::new();
    let mut opened = Vec::new();
    for input in inputs {
        match input {
            Input::Stdin(path) => opened.push(desk.read_stdin(path.as_deref())),
            Input::Path(path) if path.is_dir() => {
                let found = desk.dockerfiles(path, &mut findings);
                if found.is_empty() {
                    findings.push(no_dockerfile(path));
                }
                let (found_links, found): (Vec<_>, Vec<_>) = found.into_iter().partition(|(file, _)| file.is_symlink());
                links.extend(found_links);
                for (file, name) in found {
                    named.entry(file.into_os_string()).or_insert(name);
                }
            }
            Input::Path(path) => {
                if let Entry::Vacant(entry) = named.entry(places.locate(path).into_os_string()) {
                    entry.insert(shown(path));
                }
            }
        }
    }
    // A link that was met in a folder is linted where its file is not.
    for (link, name) in links {
        let target = link.canonicalize().map(PathBuf::into_os_string);
        if !target.is_ok_and(|target| named.contains_key(&target)) {
            named.entry(link.into_os_string()).or_insert(name);
        }
    }
    let read: Vec<_> = named.par_iter().map(|(file, name)| desk.open(Path::new(file), name.clone())).collect();
    opened.extend(read);
    let (origins, opened): (Vec<_>, Vec<_>) = opened.into_iter().unzip();
    let Together { linted, notes } = lint_together(opened, ask);
    let policies = policy_files(baselines::stale(linted.iter()));
    findings.extend(notes);
    let file = |(origin, (subject, linted))| linted_file(origin, subject, linted);
    let files = in_order(origins.into_iter().zip(linted).map(file).chain(policies));
    LintRun { files, findings, tried: fixes }
}

fn in_order(files: impl Iterator<Item = LintedFile>) -> Vec<LintedFile> {
    let mut files: Vec<_> = files.collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files
}

fn no_dockerfile(folder: &Path) -> Diagnostic {
    let folder = folder.display();
    let message = say!("there is no Dockerfile below `{folder}`", "`{folder}` 之下没有 Dockerfile", folder);
    let help = say!(
        "name the files themselves if they are called otherwise; what git ignores is not looked at",
        "如果文件叫别的名字，就直接写出文件；git 忽略的文件不会查看"
    );
    Diagnostic::warning("no-dockerfile", message).with_help(help)
}

/// What decides how a file is linted.
struct Desk<'a> {
    project: Option<Sections<'a>>,
    current: PathBuf,
    policy: &'a Policy,
    today: Date,
    fixes: bool,
}

/// The sections of a project, with the folder that their patterns start from.
struct Sections<'a> {
    project: &'a Project,
    root: PathBuf,
    matchers: Vec<Matchers>,
}

impl Sections<'_> {
    /// The path of a file below the project's folder.
    fn relative(&self, file: &Path) -> Option<String> {
        file.strip_prefix(&self.root).ok().map(with_slashes)
    }

    /// The first section that names a file.
    fn owner(&self, path: &str) -> Option<usize> {
        self.matchers.iter().position(|matchers| matchers.matching(path).is_some())
    }

    fn excludes(&self, path: &str) -> bool {
        self.owner(path).is_none() && self.matchers.iter().any(|matchers| matchers.excludes(path))
    }
}

impl<'a> Desk<'a> {
    fn new(project: Option<&'a Project>, policy: &'a Policy, today: Date) -> Self {
        let project = project.map(|project| Sections {
            project,
            root: located(&project.root.join("swr.kdl")).parent().unwrap_or(Path::new("/")).to_owned(),
            matchers: project.dockerfiles.iter().map(Matchers::new).collect(),
        });
        Self {
            project,
            current: Path::new(".").canonicalize().unwrap_or_else(|_| "/".into()),
            policy,
            today,
            fixes: false,
        }
    }

    /// The Dockerfiles below a folder: where they are, and what they are called.
    fn dockerfiles(&self, folder: &Path, findings: &mut Vec<Diagnostic>) -> Vec<(PathBuf, String)> {
        let root = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let found = walk(folder, findings).into_iter().filter(|path| self.wants(&root.join(path), path));
        found.map(|path| (root.join(&path), shown(&folder.join(&path)))).collect()
    }

    /// Whether a file that was met in a folder is to be linted.
    fn wants(&self, file: &Path, path: &Path) -> bool {
        let is_named = path.file_name().and_then(|name| name.to_str()).is_some_and(is_dockerfile);
        let declared = self.project.as_ref().and_then(|sections| Some((sections, sections.relative(file)?)));
        declared.map_or(is_named, |(sections, path)| {
            sections.owner(&path).is_some() || (is_named && !sections.excludes(&path))
        })
    }

    fn open(&self, file: &Path, name: String) -> (Origin, Opened<'_>) {
        (Origin::Disk(file.to_owned()), self.subject(file, name).open())
    }

    fn read_stdin(&self, path: Option<&Path>) -> (Origin, Opened<'_>) {
        let name = path.map_or_else(|| "<stdin>".to_owned(), shown);
        let file = path.map_or_else(|| self.current.join("Dockerfile"), located);
        let read = read_all(std::io::stdin().lock(), 0, &name).unwrap_or_else(|error| {
            let message = say!(
                "standard input cannot be read: {reason}",
                "无法读取标准输入：{reason}",
                reason = Wording::of_system(&error)
            );
            Err(unreadable_file(message, say!("name a file instead of `-`", "写出文件，而不是 `-`")))
        });
        let input = read.as_ref().ok().cloned().unwrap_or_default();
        let subject = Subject { on_disk: false, ..self.subject(&file, name) };
        (Origin::Stdin(input), subject.opened(read))
    }

    fn subject(&self, file: &Path, name: String) -> Subject<'_> {
        let section = self.section(file);
        let policy = section.map_or(self.policy, |(_, section)| &section.policy);
        let project = section.map(|(project, _)| &project.source);
        let (root, path) = self.place(file);
        let root = root.to_owned();
        let known = Known::of(policy, file);
        let (today, fixes) = (self.today, self.fixes);
        Subject { name, root, path, policy, known, project, today, fixes, on_disk: true }
    }

    /// The section of the project that names a file.
    fn section(&self, file: &Path) -> Option<(&'a Project, &'a DockerfileSet)> {
        let sections = self.project.as_ref()?;
        let owner = sections.owner(&sections.relative(file)?)?;
        Some((sections.project, &sections.project.dockerfiles[owner]))
    }

    /// The widest build context of a file, and its path there: the project's folder, or the current one, or its own.
    fn place<'p>(&'p self, file: &'p Path) -> (&'p Path, String) {
        let own = file.parent().unwrap_or(file);
        let project = self.project.iter().map(|sections| sections.root.as_path());
        let mut roots = project.chain([self.current.as_path(), own]);
        let below = |root: &'p Path| Some((root, with_slashes(file.strip_prefix(root).ok()?)));
        roots.find_map(below).unwrap_or((own, String::new()))
    }
}
