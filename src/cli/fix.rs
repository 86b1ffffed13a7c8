//! `swrctl lint --fix` and `--diff`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use super::output::{Failure, Output};
use crate::apply::files;
use crate::diag::{Diagnostic, Lang, Problem};
use crate::lint::fix::Fixed;
use crate::lint::fix::diff::{AROUND, unified};
use crate::report::diff;
use crate::report::lint::{cut_short, fixed};
use crate::worktree::{LintRun, LintedFile, Origin};

/// What fixing a run came to.
#[derive(Debug, Default)]
pub(super) struct Fixing {
    /// Findings that are gone.
    pub(super) gone: usize,
    /// Files that could not be written.
    pub(super) failures: Vec<Diagnostic>,
}

/// Prints what fixing would change.
pub(super) fn show(run: &LintRun, output: &Output) -> Result<(), Failure> {
    let mut text = String::new();
    let mut created = BTreeSet::new();
    for file in &run.files {
        for change in file.fixed.iter().flat_map(Fixed::changes) {
            let name = change.name(&file.name);
            // Several Dockerfiles may ask for one file.
            if change.before.is_some() || created.insert(name.clone()) {
                text += &unified(&name, change.before, Some(change.after), AROUND);
            }
        }
    }
    let terminal = std::io::stdout().is_terminal();
    let shown = if terminal || output.stdout.color { diff::shown(&text, &output.stdout) } else { text };
    // Where both streams meet, the summary is no line of the diff.
    let gap = if terminal && std::io::stderr().is_terminal() && !shown.is_empty() { "\n" } else { "" };
    Output::print(&(shown + gap))?;
    let cut = run.files.iter().filter(|file| file.fixed.as_ref().is_some_and(|fixed| fixed.cut_short));
    cut.for_each(|file| Output::say(&cut_short(&file.name, output.stdout.lang)));
    Ok(())
}

/// Writes what is fixed, standard input's to standard output; what is left of each file becomes its report.
pub(super) fn write(run: &mut LintRun, lang: Lang) -> Result<Fixing, Failure> {
    let mut fixing = Fixing::default();
    let mut created = BTreeSet::new();
    let mut told = String::new();
    for file in &mut run.files {
        let written = match &file.origin {
            Origin::Stdin(input) => {
                let fixed = file.fixed.as_ref().map(|fixed| fixed.after.text().as_bytes());
                Output::write(fixed.unwrap_or(input)).map(|()| true)?
            }
            Origin::Policy => false,
            Origin::Disk(path) => match write_file(file, path, &mut created) {
                Ok(()) => true,
                Err(problem) => {
                    fixing.failures.push(problem.into());
                    false
                }
            },
        };
        if let Some(done) = file.fixed.take().filter(|_| written) {
            if !done.changes_nothing() {
                let _ = writeln!(told, "{}", fixed(&file.name, &done, lang));
            }
            if done.cut_short {
                let _ = writeln!(told, "{}", cut_short(&file.name, lang));
            }
            fixing.gone += done.count();
            file.report = done.report;
        }
    }
    Output::say(told.trim_end());
    Ok(fixing)
}

/// Writes what is changed; `created` holds the files that were created for other Dockerfiles before.
fn write_file(file: &LintedFile, path: &Path, created: &mut BTreeSet<PathBuf>) -> Result<(), Problem> {
    for change in file.fixed.iter().flat_map(Fixed::changes) {
        let name = change.name(&file.name);
        match (change.beside, change.before) {
            (Some(beside), _) => {
                let path = path.with_file_name(beside);
                if !created.contains(&path) {
                    files::create(&path, &name, change.after.as_bytes())?;
                    created.insert(path);
                }
            }
            (None, before) => {
                let before = before.unwrap_or_default().as_bytes();
                files::replace(path, &name, before, change.after.as_bytes())?;
            }
        }
    }
    Ok(())
}
