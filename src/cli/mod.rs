//! Arguments and wiring, one file a command; nothing is decided here.

mod apply;
mod args;
mod baseline;
mod endpoint_policy;
mod explain;
mod fix;
mod generate;
mod graph;
mod hadolint;
mod help;
mod help_texts;
mod init;
mod lint;
mod network;
mod output;
mod plan;
mod report_file;
mod session;
mod telling;
mod usage;
mod validate;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::FromArgMatches;
use clap::parser::ValueSource;

pub use args::Cli;
use args::{Color, Command, Generated};
use output::{Failure, Output};

use crate::diag::Lang;

/// Runs a command line and says how the process ends: 0 fine, 1 error or blocked, 2 changes pending
/// (only with `--detailed-exitcode`).
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let output = Output::new(Color::Auto, help::asked(&args));
    let (cli, names_project) = match parse(args, output.stdout.lang) {
        Ok(parsed) => parsed,
        Err(error) => {
            show_usage(&error, &output);
            // Clap's own code for wrong usage is 2, which means "changes pending" here.
            return if error.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        }
    };
    let output = Output::new(cli.color, cli.lang);
    match dispatch(cli, names_project, &output) {
        Ok(code) => code,
        Err(failure) => failure.show(&output),
    }
}

/// The command line, and whether it (or the environment) names a project file.
fn parse(args: Vec<OsString>, lang: Lang) -> Result<(Cli, bool), clap::Error> {
    let matches = help::command(lang).try_get_matches_from(args)?;
    let names_project = matches.value_source("file").is_some_and(|source| source != ValueSource::DefaultValue);
    let cli = Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut help::command(lang)))?;
    Ok((cli, names_project))
}

/// Prints help, or what is wrong with the arguments. Clap indents empty lines, which is undone.
fn show_usage(error: &clap::Error, output: &Output) {
    let style = if error.use_stderr() { &output.stderr } else { &output.stdout };
    let text = error.render();
    let text = if style.color { text.ansi().to_string() } else { text.to_string() };
    let text = match style.lang {
        Lang::En => text,
        Lang::Zh => usage::chinese(error, style).unwrap_or_else(|| help::with_words(&text, style.lang)),
    };
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let text = lines.join("\n") + "\n";
    let stream: &mut dyn Write = if error.use_stderr() { &mut io::stderr() } else { &mut io::stdout() };
    let _ = stream.write_all(text.as_bytes());
}

fn dispatch(cli: Cli, names_project: bool, output: &Output) -> Result<ExitCode, Failure> {
    match cli.command {
        Command::Init(args) => init::run(&cli.file, &args, output),
        Command::Validate => validate::run(&cli.file, output),
        Command::Plan(args) => plan::run(&cli.file, &args, output),
        Command::Apply(args) => apply::run(&cli.file, &args, output),
        Command::Lint(args) => lint::run(&cli.file, names_project, &args, output),
        Command::Network(args) => network::run(&cli.file, &args, output),
        Command::Generate(args) => match args.what {
            Generated::EndpointPolicy => endpoint_policy::run(&cli.file, &args, output),
        },
        Command::Explain { rule } => explain::run(rule.as_deref(), output),
        Command::Graph(args) => graph::run(&cli.file, &args, output),
        Command::Completions { shell } => generate::completions(shell),
        Command::Man { dir } => generate::man(dir.as_deref()),
    }
}
