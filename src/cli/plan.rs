//! `swrctl plan`

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use crate::diag::{Problem, Wording, say};
use crate::report;

use super::args::{PlanArgs, file_option};
use super::output::{Failure, Output};
use super::session::Session;

pub(super) fn run(file: &Path, args: &PlanArgs, output: &Output) -> Result<ExitCode, Failure> {
    let session = Session::open(file, None, output)?;
    let planned = session.plan(&args.scope, output)?;
    let document = || output.stdout.lang.write(|| planned.plan.to_json());
    if let Some(path) = &args.out {
        save(path, &document())?;
    }
    if args.json {
        Output::print(&document())?;
    } else {
        Output::print(&report::plan(&planned.plan, &output.stdout))?;
    }
    if let Some(path) = &args.out {
        // As this was called: `apply` reads the project file, too.
        let saved = say!(
            "saved the plan; carry it out with: swrctl {named}apply {path}",
            "计划已保存；执行命令：swrctl {named}apply {path}",
            named = file_option(file),
            path = path.display()
        );
        Output::say(saved.get(output.stderr.lang));
    }
    if planned.failed || planned.plan.is_blocked() {
        return Ok(ExitCode::FAILURE);
    }
    let pending = args.detailed_exitcode && planned.plan.has_changes();
    Ok(if pending { ExitCode::from(2) } else { ExitCode::SUCCESS })
}

/// Writes all of the plan or nothing.
fn save(path: &Path, text: &str) -> Result<(), Problem> {
    write_whole(path, text).map_err(|error| {
        let (path, reason) = (path.display(), Wording::of_system(&error));
        let message =
            say!("cannot save the plan to {path}: {reason}", "无法把计划保存到 {path}：{reason}", path, reason);
        Problem::new("plan-file", message).with_help(WRITABLE)
    })
}

/// What to do where a file cannot be written.
pub(super) const WRITABLE: Wording =
    say!("name a file in a directory that you may write to", "换一个有写权限的目录里的文件");

pub(super) fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    // As drafts are: a relative path may be on another mount, where a mount namespace was entered.
    let path = std::path::absolute(path)?;
    let parent = path.parent().unwrap_or(&path);
    // A file of our own opening has the rights that a shell's `>` gives, and errors that name no temporary file.
    let create = |path: &Path| File::options().write(true).create_new(true).open(path);
    let mut file = tempfile::Builder::new().make_in(parent, create)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
