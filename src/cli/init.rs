//! `swrctl init`

use std::path::Path;
use std::process::ExitCode;

use crate::diag::Problem;
use crate::project::init;

use super::args::InitArgs;
use super::output::{Failure, Output};
use super::plan::write_whole;

pub(super) fn run(file: &Path, args: &InitArgs) -> Result<ExitCode, Failure> {
    if file.exists() && !args.force {
        let problem = Problem::new("exists", format!("{} is there already", file.display()));
        return Err(problem.with_help("edit it, or replace it with `swrctl init --force`").into());
    }
    let folder = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let text = init::starter(&init::scan(folder));
    write_whole(file, &text).map_err(|error| {
        Problem::new("cannot-write", format!("cannot write {}: {error}", file.display()))
            .with_help("name a file in a directory that you may write to with --file")
    })?;
    let plan = if file == Path::new("swr.kdl") { String::new() } else { format!(" --file {}", file.display()) };
    Output::print(&format!("Wrote {}. Edit it, then run `swrctl plan{plan}`.\n", file.display()))?;
    Ok(ExitCode::SUCCESS)
}
