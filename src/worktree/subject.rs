//! Dockerfiles on disk: reads them with what lint must know of their build contexts, and lints them.

use std::cell::{LazyCell, OnceCell};
use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use rayon::iter::{
    IndexedParallelIterator as _, IntoParallelIterator as _, IntoParallelRefIterator as _, ParallelIterator as _,
};

use super::archives::archives;
use super::baselines::Known;
use super::files::read_files;
use super::folders::Folders;
use super::nested::nested;
use super::shellcheck::{self, Question};
use super::tree::absent;
use super::walk::with_slashes;
use jiff::civil::Date;

use crate::diag::{Diagnostic, Problem, Source, Span, Wording, say};
use crate::dockerfile::Dockerfile;
use crate::image::Digest;
use crate::lint::fix::{Fixed, NewFile, fix};
use crate::lint::policy::{Level, Policy, ShellCheck};
use crate::lint::{
    self, AskBases, BaseAnswers, BaseImages, BaseQuestions, BuildContext, Fact, Finding, Needs, Notice, Report,
    ShellFinding,
};

/// Largest Dockerfile that is read.
pub(super) const MAX_SIZE: u64 = 10 * 1024 * 1024;

/// A Dockerfile that is to be linted, and by what.
#[derive(Debug)]
pub(super) struct Subject<'a> {
    /// What people know it by.
    pub(super) name: String,
    /// Where paths of the policy start: the widest build context.
    pub(super) root: PathBuf,
    /// Relative to `root`, with `/`.
    pub(super) path: String,
    pub(super) policy: &'a Policy,
    /// What the policy's baseline knows it by.
    pub(super) known: Option<Known>,
    /// The project file that holds the policy.
    pub(super) project: Option<&'a Arc<Source>>,
    pub(super) today: Date,
    /// Whether fixes are wanted.
    pub(super) fixes: bool,
    /// Whether it is a file, beside which a fix may put another one.
    pub(super) on_disk: bool,
}

/// What became of a Dockerfile.
#[derive(Debug)]
pub(super) struct Linted {
    pub(super) digest: Digest,
    pub(super) report: Report,
    pub(super) fixed: Option<Fixed>,
}

/// Dockerfiles that were linted together.
#[derive(Debug)]
pub(super) struct Together<'a> {
    pub(super) linted: Vec<(Subject<'a>, Linted)>,
    /// Whom lint would have asked in vain: ShellCheck, registries.
    pub(super) notes: Vec<Diagnostic>,
}

/// What Dockerfiles that are linted together share.
#[derive(Debug)]
struct Surroundings {
    folders: Folders,
    bases: Arc<BaseImages>,
}

/// A Dockerfile whose text is there, or the reason why it is not.
#[derive(Debug)]
pub(super) struct Opened<'a> {
    subject: Subject<'a>,
    content: Result<Content, Problem>,
}

#[derive(Debug)]
struct Content {
    digest: Digest,
    dockerfile: Arc<Dockerfile>,
}

/// Lints Dockerfiles, each with what becomes of it, and asks ShellCheck and registries about all of them together.
pub(super) fn lint_together<'a>(opened: Vec<Opened<'a>>, ask: AskBases) -> Together<'a> {
    let folders = Folders::of(opened.iter().map(|opened| opened.subject.root.join(&opened.subject.path)));
    let questions = opened.par_iter().map(Opened::base_questions).reduce(BaseQuestions::default, BaseQuestions::and);
    let BaseAnswers { images, mut notes } = if questions.is_empty() { BaseAnswers::default() } else { ask(questions) };
    let around = Surroundings { folders, bases: images.into() };
    let questions: Vec<_> = opened.par_iter().map(|opened| opened.question(&around)).collect();
    let mut answers = shellcheck::ask(&questions);
    let findings = std::mem::take(&mut answers.findings);
    let complete = answers.complete;
    let asked = opened.into_par_iter().zip(findings);
    let mut linted: Vec<_> = asked.map(|(opened, shell)| opened.lint(&around, shell, complete)).collect();
    // What is left after fixing is at other places.
    let left: Vec<_> = linted.par_iter().map(|(subject, linted)| subject.question_left(&around, linted)).collect();
    for ((subject, linted), shell) in linted.iter_mut().zip(shellcheck::ask(&left).findings) {
        if let Some(fixed) = linted.fixed.as_mut().filter(|_| !shell.is_empty()) {
            fixed.report = subject.report_left(&around, fixed, shell);
        }
    }
    notes.extend(answers.note);
    Together { linted, notes }
}

impl<'a> Opened<'a> {
    fn question(&self, around: &Surroundings) -> Question {
        let dockerfile = self.content.as_ref().ok().map(|content| &*content.dockerfile);
        self.subject.question(around, dockerfile)
    }

    fn base_questions(&self) -> BaseQuestions {
        let content = self.content.as_ref().ok();
        content.map(|content| lint::base_questions(&content.dockerfile, self.subject.policy)).unwrap_or_default()
    }

    /// `complete`: ShellCheck looked at all that it was asked about.
    fn lint(self, around: &Surroundings, shell: Vec<ShellFinding>, complete: bool) -> (Subject<'a>, Linted) {
        let Self { subject, content } = self;
        let linted = match content {
            Ok(content) => subject.lint(around, content, shell, complete),
            Err(problem) => {
                Linted { digest: Digest::sha256(&[]), report: unreadable(&subject.name, problem), fixed: None }
            }
        };
        (subject, linted)
    }
}

impl<'a> Subject<'a> {
    /// Reads the file.
    pub(super) fn open(self) -> Opened<'a> {
        let bytes = self.read();
        self.opened(bytes)
    }

    /// Takes what was read elsewhere for the file's content.
    pub(super) fn opened(self, bytes: Result<Vec<u8>, Problem>) -> Opened<'a> {
        let content = bytes.map(|bytes| {
            let source = Arc::new(Source::new(self.name.as_str(), String::from_utf8_lossy(&bytes)));
            Content { digest: Digest::sha256(&bytes), dockerfile: Arc::new(Dockerfile::parse(&source)) }
        });
        Opened { subject: self, content }
    }

    fn question(&self, around: &Surroundings, dockerfile: Option<&Dockerfile>) -> Question {
        let mode = self.policy.shellcheck;
        let scripts = dockerfile.filter(|_| mode != ShellCheck::Off).map(|dockerfile| {
            let place = self.place(around);
            lint::shell_scripts(dockerfile, self.policy, &place.context(dockerfile))
        });
        Question { mode, scripts: scripts.unwrap_or_default() }
    }

    fn question_left(&self, around: &Surroundings, linted: &Linted) -> Question {
        let wanted = linted.fixed.as_ref().filter(|_| self.policy.shellcheck != ShellCheck::Off);
        self.question(around, wanted.map(|fixed| Dockerfile::parse(&fixed.after)).as_ref())
    }

    /// Reads the file if it is not larger than it may be, whatever its metadata says.
    pub(super) fn read(&self) -> Result<Vec<u8>, Problem> {
        let file = self.root.join(&self.path);
        let unreadable = |error: std::io::Error| {
            let gone = error.kind() == std::io::ErrorKind::NotFound;
            let help = if gone {
                say!("correct its path, or leave it out", "改正它的路径，或者去掉它")
            } else {
                say!("make it readable, or leave it out", "让它可读，或者去掉它")
            };
            let message = say!(
                "`{file}` cannot be read: {reason}",
                "无法读取 `{file}`：{reason}",
                file = self.name,
                reason = Wording::of_system(&error)
            );
            unreadable_file(message, help)
        };
        let metadata = std::fs::metadata(&file).map_err(unreadable)?;
        if !metadata.is_file() {
            let message = say!("`{file}` is no file", "`{file}` 不是文件", file = self.name);
            return Err(unreadable_file(message, say!("name a file or a folder", "写出文件或文件夹")));
        }
        let file = std::fs::File::open(&file).map_err(unreadable)?;
        read_all(file, metadata.len(), &self.name).map_err(unreadable)?
    }

    fn lint(&self, around: &Surroundings, content: Content, shell: Vec<ShellFinding>, complete: bool) -> Linted {
        let Content { digest, dockerfile } = content;
        let place = self.place(around);
        // ShellCheck is not asked after every fix.
        let mut lint =
            |dockerfile: &Dockerfile, created: Option<&NewFile>| self.report(dockerfile, &place, created, Vec::new());
        let fixed = self.fixes.then(|| fix(&dockerfile, &lint(&dockerfile, None), &mut lint));
        let fixed = fixed.filter(|fixed| fixed.cut_short || !fixed.changes_nothing());
        let mut report = self.report(&dockerfile, &place, None, shell);
        if !complete || self.policy.shellcheck == ShellCheck::Off {
            report.unjudged.insert(lint::SHELLCHECK);
        }
        Linted { digest, report, fixed }
    }

    /// What is said about the fixed file.
    fn report_left(&self, around: &Surroundings, fixed: &Fixed, shell: Vec<ShellFinding>) -> Report {
        let dockerfile = Dockerfile::parse(&fixed.after);
        let mut report = self.report(&dockerfile, &self.place(around), fixed.creates.as_ref(), shell);
        report.findings.iter_mut().for_each(|finding| finding.fix = None);
        report
    }

    /// What is said about `dockerfile` in this place, once the file is there that a fix creates.
    fn report(
        &self,
        dockerfile: &Dockerfile,
        place: &Place,
        created: Option<&NewFile>,
        shell: Vec<ShellFinding>,
    ) -> Report {
        let mut context = BuildContext { shell, takes_files: self.on_disk, ..place.context(dockerfile) };
        if let Some(file) = created {
            context.ignore_file = Some(Arc::new(Source::new(file.name, file.text.as_str()))).into();
        }
        let mut report = lint::lint(dockerfile, Path::new(&self.path), self.policy, &context, self.project, self.today);
        if let Some(Known { baseline, name }) = &self.known {
            report.hold(baseline, name, self.policy.fail_on);
        }
        report
    }

    fn place<'f>(&'f self, around: &'f Surroundings) -> Place<'f> {
        Place::new(&self.root, &self.path, around)
    }
}

/// Reads to the end, or says that there is too much. `expected` is how many bytes there seem to be.
pub(super) fn read_all(from: impl Read, expected: u64, name: &str) -> std::io::Result<Result<Vec<u8>, Problem>> {
    // One more, so that the end is met without growing.
    let mut bytes = Vec::with_capacity(usize::try_from(expected.min(MAX_SIZE)).unwrap_or(0) + 1);
    from.take(MAX_SIZE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_SIZE {
        let message = say!(
            "`{name}` is larger than 10 MiB, the most that is checked",
            "`{name}` 超过 10 MiB，这是检查的上限",
            name
        );
        let help = say!("move data out of it, or leave it out", "把数据移出去，或者去掉它");
        return Ok(Err(unreadable_file(message, help)));
    }
    Ok(Ok(bytes))
}

pub(super) fn unreadable_file(message: Wording, help: Wording) -> Problem {
    Problem::new(Notice::UnreadableFile.name(), message).with_help(help)
}

/// The report on a file that is not there to be linted.
fn unreadable(name: &str, problem: Problem) -> Report {
    let source = Arc::new(Source::new(name, ""));
    let diagnostic = Diagnostic::from(problem).on(&source, Span::default());
    let rule = Notice::UnreadableFile.name();
    let finding = Finding { rule, aliases: &[], practice: None, level: Level::Error, diagnostic, fix: None };
    Report { findings: vec![finding], failed: true, ..Report::default() }
}

/// The build context that Docker's users expect: the Dockerfile's directory, unless only the project's root has an
/// ignore file; then the image is built from the root, as in `docker build -f services/a/Dockerfile .`.
///
/// `<name of the Dockerfile>.dockerignore` beside the Dockerfile comes before `.dockerignore`, as in BuildKit.
#[derive(Debug)]
struct Place<'a> {
    root: &'a Path,
    path: &'a str,
    around: &'a Surroundings,
    found: OnceCell<Found>,
}

#[derive(Debug)]
struct Found {
    directory: PathBuf,
    ignore_file: Option<Arc<Source>>,
    /// A `.dockerignore` beside the Dockerfile says that this folder is the context: another one is a guess.
    certain: bool,
}

impl<'a> Place<'a> {
    const fn new(root: &'a Path, path: &'a str, around: &'a Surroundings) -> Self {
        Self { root, path, around, found: OnceCell::new() }
    }

    fn found(&self) -> &Found {
        self.found.get_or_init(|| {
            let file = self.root.join(self.path);
            let directory = file.parent().unwrap_or(self.root);
            let own = PathBuf::from(format!("{}.dockerignore", self.path));
            let beside = Path::new(self.path).with_file_name(".dockerignore");
            let at_root = PathBuf::from(".dockerignore");
            let candidates = [(own, directory, false), (beside, directory, true), (at_root, self.root, false)];
            let found = candidates.into_iter().find_map(|(ignore_file, directory, certain)| {
                let bytes = std::fs::read(self.root.join(&ignore_file)).ok()?;
                let source = Source::new(with_slashes(&ignore_file), String::from_utf8_lossy(&bytes));
                Some(Found { directory: directory.to_owned(), ignore_file: Some(Arc::new(source)), certain })
            });
            found.unwrap_or_else(|| Found { directory: directory.to_owned(), ignore_file: None, certain: false })
        })
    }

    /// What there is to know of this context; the Dockerfile says what matters of it.
    fn context<'p>(&'p self, dockerfile: &'p Dockerfile) -> BuildContext<'p> {
        let needs = Rc::new(LazyCell::new(move || Needs::of(dockerfile)));
        let folder = {
            let needs = Rc::clone(&needs);
            move || if needs.folder() { self.around.folders.get(&self.found().directory) } else { Arc::default() }
        };
        let files = {
            let (needs, folder) = (Rc::clone(&needs), folder.clone());
            move || read_files(&self.found().directory, &needs.files(&folder()))
        };
        let archives = {
            let needs = Rc::clone(&needs);
            move || archives(&self.found().directory, needs.added())
        };
        let absent = {
            let needs = Rc::clone(&needs);
            move || {
                let found = self.found();
                if found.certain { absent(&found.directory, needs.copied()) } else { BTreeSet::new() }
            }
        };
        BuildContext {
            absent: Fact::new(absent),
            tree: Fact::new(|| self.around.folders.tree(&self.found().directory)),
            archives: Fact::new(archives),
            ignore_file: Fact::new(|| self.found().ignore_file.clone()),
            folder: Fact::new(folder),
            nested: Fact::new(|| nested(&self.found().directory)),
            files: Fact::new(files),
            bases: Arc::clone(&self.around.bases),
            ..BuildContext::default()
        }
    }
}
