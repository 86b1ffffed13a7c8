//! `swrctl validate`

use std::path::Path;
use std::process::ExitCode;

use crate::diag::{Wording, say};
use crate::project;

use super::output::{Failure, Output};

pub(super) fn run(file: &Path, output: &Output) -> Result<ExitCode, Failure> {
    let (project, warnings) = project::load(file)?;
    output.show(&warnings);
    let parts = [
        Wording::counted(project.registries.len(), &say!("registry section", "个 registry 小节")),
        Wording::counted(project.dockerfiles.len(), &say!("dockerfiles section", "个 dockerfiles 小节")),
        Wording::counted(project.networks.len(), &say!("network section", "个 network 小节")),
        Wording::counted(project.migrations.len(), &say!("migration", "个迁移")),
    ];
    let parts = Wording::joined(parts, &say!(", ", "，"));
    let valid = say!("{file} is valid: {parts}.", "{file} 有效：{parts}。", file = file.display(), parts);
    Output::print(&format!("{}\n", valid.get(output.stdout.lang)))?;
    Ok(ExitCode::SUCCESS)
}
