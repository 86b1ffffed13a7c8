//! `swrctl completions` and `swrctl man`, generated from the command line's definition.

use std::path::Path;
use std::process::ExitCode;

use clap::CommandFactory;

use crate::diag::{Problem, Wording, say};

use super::args::Cli;
use super::output::{Failure, Output};

pub(super) fn completions(shell: clap_complete::Shell) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "swrctl", &mut script);
    Output::print(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn man(dir: Option<&Path>) -> Result<ExitCode, Failure> {
    let problem = |error: std::io::Error| {
        let reason = Wording::of_system(&error);
        Problem::new("cannot-write", say!("cannot write the manual: {reason}", "无法写入手册：{reason}", reason))
    };
    match dir {
        Some(dir) => std::fs::create_dir_all(dir)
            .and_then(|()| clap_mangen::generate_to(Cli::command(), dir))
            .map_err(problem)?,
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command()).render(&mut page).map_err(problem)?;
            Output::print(&String::from_utf8_lossy(&page))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
