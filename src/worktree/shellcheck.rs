//! Asks the program `shellcheck` about the scripts of many Dockerfiles, many in one process.

mod program;

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use rayon::slice::ParallelSlice as _;

use self::program::ShellCheckProgram;
use crate::diag::{Diagnostic, Problem, Severity, Wording, say};
use crate::lint::policy::ShellCheck;
use crate::lint::{ShellFinding, ShellScript};

/// Most scripts that one process gets: starting one costs as much as two or three scripts.
const MAX_BATCH: usize = 32;

/// The scripts of one Dockerfile, and whether they have to be looked at.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) mode: ShellCheck,
    pub(super) scripts: Vec<ShellScript>,
}

/// What is known about the scripts.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// One for each question.
    pub(super) findings: Vec<Vec<ShellFinding>>,
    /// Every script was looked at, or it is a finding that it was not.
    pub(super) complete: bool,
    /// That ShellCheck is not installed.
    pub(super) note: Option<Diagnostic>,
}

/// Never loses a finding in silence: a script that ShellCheck cannot be asked about is a finding or in the note.
pub(super) fn ask(questions: &[Question]) -> Answers {
    if questions.iter().all(|question| question.scripts.is_empty()) {
        return Answers { findings: vec![Vec::new(); questions.len()], complete: true, note: None };
    }
    match ShellCheckProgram::find() {
        Ok(Some(program)) => Answers { findings: run(&program, questions), complete: true, note: None },
        Ok(None) => missing(questions),
        Err(reason) => {
            let findings = questions.iter().map(|question| unchecked(question, &reason, &REPAIR)).collect();
            Answers { findings, complete: true, note: None }
        }
    }
}

const REPAIR: Wording = say!(
    "install ShellCheck 0.7 or newer, or write `shellcheck \"off\"` or `--shellcheck off`",
    "安装 ShellCheck 0.7 或更新的版本，或者写 `shellcheck \"off\"` 或 `--shellcheck off`"
);
const INSTALL: Wording = say!(
    "install it (`apt-get install shellcheck`, `dnf install ShellCheck`, `apk add shellcheck`, \
     `brew install shellcheck`), or write `shellcheck \"off\"` or `--shellcheck off`",
    "安装它（`apt-get install shellcheck`、`dnf install ShellCheck`、`apk add shellcheck`、\
     `brew install shellcheck`），或者写 `shellcheck \"off\"` 或 `--shellcheck off`"
);

/// One finding for all scripts of a Dockerfile.
fn unchecked(question: &Question, reason: &Wording, help: &Wording) -> Vec<ShellFinding> {
    question.scripts.first().map(|script| script.unchecked(reason.clone(), help.clone())).into_iter().collect()
}

fn missing(questions: &[Question]) -> Answers {
    let required = |question: &&Question| question.mode == ShellCheck::Require;
    let one = |question| match question {
        question if required(&question) => {
            unchecked(question, &say!("it is required and not installed", "要求使用它，而它没有安装"), &INSTALL)
        }
        _ => Vec::new(),
    };
    let skipped: usize =
        questions.iter().filter(|question| !required(question)).map(|question| question.scripts.len()).sum();
    let note = (skipped > 0).then(|| {
        let message = match skipped {
            1 => say!(
                "ShellCheck is not installed: 1 shell script was not given to it",
                "没有安装 ShellCheck：1 段 shell 脚本没有交给它检查"
            ),
            _ => say!(
                "ShellCheck is not installed: {skipped} shell scripts were not given to it",
                "没有安装 ShellCheck：{skipped} 段 shell 脚本没有交给它检查",
                skipped
            ),
        };
        Diagnostic::from_problem(Severity::Info, Problem::new("shellcheck-missing", message).with_help(INSTALL))
    });
    Answers { findings: questions.iter().map(one).collect(), complete: skipped == 0, note }
}

/// A script and the question it belongs to.
type Asked<'q> = (usize, &'q ShellScript);

fn run(program: &ShellCheckProgram, questions: &[Question]) -> Vec<Vec<ShellFinding>> {
    let asked =
        questions.iter().enumerate().flat_map(|(at, question)| question.scripts.iter().map(move |one| (at, one)));
    let (long, asked): (Vec<Asked>, Vec<Asked>) = asked.partition(|(_, script)| script.is_too_long());
    let batch = asked.len().div_ceil(rayon::current_num_threads()).clamp(1, MAX_BATCH);
    let answers: Vec<Vec<(usize, ShellFinding)>> =
        asked.par_chunks(batch).map(|batch| run_batch(program, batch)).collect();
    let mut findings = vec![Vec::new(); questions.len()];
    for (at, script) in long {
        findings[at].push(script.unchecked(
            say!("the script is longer than 64 KiB", "脚本超过 64 KiB"),
            say!("move it to a file of its own", "把它移到单独的文件里"),
        ));
    }
    for (at, finding) in answers.into_iter().flatten() {
        findings[at].push(finding);
    }
    findings
}

/// When a batch fails, each of its scripts is asked about alone: so only the one to blame has no answer.
fn run_batch(program: &ShellCheckProgram, batch: &[Asked]) -> Vec<(usize, ShellFinding)> {
    let texts: Vec<&str> = batch.iter().map(|(_, script)| script.text()).collect();
    match (program.check(&texts), batch) {
        (Ok(comments), _) => {
            let answers = batch.iter().zip(comments);
            let said = |((at, script), comments): (&Asked, Vec<_>)| {
                let (at, script) = (*at, *script);
                comments.into_iter().filter_map(move |comment| Some((at, script.finding(comment)?))).collect::<Vec<_>>()
            };
            answers.flat_map(said).collect()
        }
        (Err(reason), [(at, script)]) => {
            let help = say!(
                "simplify the script, or write `# hadolint ignore=shellcheck` above it",
                "简化脚本，或者在它上方写 `# hadolint ignore=shellcheck`"
            );
            vec![(*at, script.unchecked(reason, help))]
        }
        (Err(_), _) => batch.par_iter().flat_map(|one| run_batch(program, std::slice::from_ref(one))).collect(),
    }
}
