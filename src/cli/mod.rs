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
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

pub use args::Cli;
use args::{Color, Command};
use output::{Failure, Output};

/// Runs a command line and says how the process ends: 0 fine, 1 error or blocked, 2 changes pending
/// (only with `--detailed-exitcode`).
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            show_usage(&error);
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

/// Prints help, or what is wrong with the arguments. Clap indents empty lines, which is undone.
fn show_usage(error: &clap::Error) {
    let output = Output::new(Color::Auto);
    let style = if error.use_stderr() { &output.stderr } else { &output.stdout };
    let text = error.render();
    let text = if style.color { text.ansi().to_string() } else { text.to_string() };
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let text = lines.join("\n") + "\n";
    let stream: &mut dyn Write = if error.use_stderr() { &mut io::stderr() } else { &mut io::stdout() };
    let _ = stream.write_all(text.as_bytes());
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
