//! Arguments and wiring, one file a command; nothing is decided here.

mod apply;
mod args;
mod generate;
mod graph;
mod init;
mod output;
mod plan;
mod session;
mod validate;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

pub use args::Cli;
use args::Command;
use output::{Failure, Output};

/// Runs a command line and says how the process ends: 0 fine, 1 error or blocked, 2 changes pending
/// (only with `--detailed-exitcode`).
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            // Clap's own code for wrong usage is 2, which means "changes pending" here.
            return if error.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        }
    };
    let output = Output::new(cli.color);
    match dispatch(cli, &output) {
        Ok(code) => code,
        Err(failure) => failure.show(&output),
    }
}

fn dispatch(cli: Cli, output: &Output) -> Result<ExitCode, Failure> {
    match cli.command {
        Command::Init(args) => init::run(&cli.file, &args),
        Command::Validate => validate::run(&cli.file, output),
        Command::Plan(args) => plan::run(&cli.file, &args, output),
        Command::Apply(args) => apply::run(&cli.file, &args, output),
        Command::Graph(args) => graph::run(&cli.file, &args, output),
        Command::Completions { shell } => generate::completions(shell),
        Command::Man { dir } => generate::man(dir.as_deref()),
    }
}
