//! `swrctl lint --baseline` and `--write-baseline`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::LintArgs;
use super::output::{Failure, Output};
use crate::apply::files;
use crate::diag::{Lang, Problem, say};
use crate::lint::Notice;
use crate::lint::baseline::{Baseline, NamedBy, Renewed};
use crate::lint::policy::{DockerfileSet, Policy};
use crate::project::{Baselines, read_baseline};
use crate::report::lint::renewed;
use crate::worktree::{LintRun, renewals};

/// Where a baseline is written when nobody names one: beside the project file, or in the current folder.
const DEFAULT: &str = "swr-baseline.json";

/// Which baselines the command line asks for.
#[derive(Debug)]
pub(super) struct Wanted {
    /// Goes before those that the project file names.
    file: Option<PathBuf>,
    /// They are written, so that a file may be missing.
    write: bool,
    none: bool,
}

impl Wanted {
    pub(super) fn of(args: &LintArgs) -> Result<Self, Problem> {
        let named = args.write_baseline.clone().flatten();
        if let (Some(written), Some(read)) = (&named, &args.baseline)
            && written != read
        {
            let problem = Problem::new(
                "wrong-usage",
                say!("--baseline and --write-baseline name two files", "--baseline 和 --write-baseline 写了两个文件"),
            );
            return Err(problem.with_help(say!("name the file once", "文件只写一次")));
        }
        if args.write_baseline.is_some() && args.paths.iter().any(|path| path == Path::new("-")) {
            let problem = Problem::new(
                "wrong-usage",
                say!(
                    "a baseline holds findings of files, not of standard input",
                    "基线记录文件的问题，不记录标准输入的"
                ),
            );
            return Err(problem.with_help(say!("name files or folders instead of `-`", "写文件或文件夹，而不是 `-`")));
        }
        let json = |path: &&PathBuf| path.extension().is_some_and(|extension| extension == "json");
        if args.write_baseline == Some(None)
            && let Some(path) = args.paths.iter().find(json)
        {
            let path = path.display();
            let problem = Problem::new(
                "wrong-usage",
                say!("`{path}` is taken for a Dockerfile here", "`{path}` 在这里被当作 Dockerfile", path),
            );
            return Err(problem.with_help(say!(
                "write `--write-baseline={path}`, with `=`",
                "写 `--write-baseline={path}`，带 `=`",
                path
            )));
        }
        let write = args.write_baseline.is_some();
        Ok(Self { file: named.or_else(|| args.baseline.clone()), write, none: args.no_baseline })
    }

    /// What becomes of the baselines that the project file names.
    pub(super) const fn declared(&self) -> Baselines {
        if self.none || self.file.is_some() {
            Baselines::Leave
        } else if self.write {
            Baselines::Renew
        } else {
            Baselines::Read
        }
    }

    /// Gives a baseline of the command line to every policy; where none is named and one is to be written, that is one
    /// in `root`.
    pub(super) fn lay_over<'p>(
        &self,
        root: &Path,
        policy: &'p mut Policy,
        sections: impl Iterator<Item = &'p mut DockerfileSet>,
    ) -> Result<(), Failure> {
        let mut policies: Vec<_> = sections.map(|section| &mut section.policy).chain([policy]).collect();
        let unnamed = self.write && policies.iter().all(|policy| policy.baseline.is_none());
        let Some(file) = self.file.clone().or_else(|| unnamed.then(|| root.join(DEFAULT))) else { return Ok(()) };
        let baseline = read_baseline(&file, self.write, NamedBy::CommandLine).map_err(|found| vec![found])?;
        for policy in &mut policies {
            policy.baseline = Some(Arc::clone(&baseline));
        }
        Ok(())
    }
}

/// Writes what was found to the baselines that hold for it; what is left is what no baseline can hold.
pub(super) fn write(run: &mut LintRun, lang: Lang) -> Result<(), Failure> {
    for (baseline, new) in renewals(run) {
        write_file(&baseline, &new)?;
        Output::say(&renewed(baseline.path(), &new, lang));
        if baseline.text().is_none() && baseline.named_by() == NamedBy::CommandLine {
            let path = baseline.path().display();
            let node = format!("baseline \"{path}\"");
            let hint = say!(
                "go by it with `--baseline {path}`, or with `{node}` in a `dockerfiles` section",
                "用 `--baseline {path}` 使用它，或者在 `dockerfiles` 节中写 `{node}`",
                path,
                node
            );
            Output::say(hint.get(lang));
        }
    }
    for file in run.files.iter_mut().filter(|file| file.known.is_some()) {
        file.report.hold_all(file.fail_on);
    }
    run.forget(&[Notice::StaleBaseline]);
    Ok(())
}

fn write_file(baseline: &Baseline, new: &Renewed) -> Result<(), Problem> {
    let path = baseline.path();
    let name = path.display().to_string();
    match baseline.text() {
        None => files::create(path, &name, new.text.as_bytes()),
        Some(text) if text == new.text => Ok(()),
        Some(text) => files::replace(path, &name, text.as_bytes(), new.text.as_bytes()),
    }
}
