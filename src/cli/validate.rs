//! `swrctl validate`

use std::path::Path;
use std::process::ExitCode;

use crate::project;

use super::output::{Failure, Output};

pub(super) fn run(file: &Path, output: &Output) -> Result<ExitCode, Failure> {
    let (project, warnings) = project::load(file)?;
    output.show(&warnings);
    let count = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let parts = [
        count(project.registries.len(), "registry section"),
        count(project.dockerfiles.len(), "dockerfiles section"),
        count(project.networks.len(), "network section"),
        count(project.migrations.len(), "migration"),
    ];
    Output::print(&format!("{} is valid: {}.\n", file.display(), parts.join(", ")))?;
    Ok(ExitCode::SUCCESS)
}
