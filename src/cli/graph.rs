//! `swrctl graph`

use std::path::Path;
use std::process::ExitCode;

use crate::report;

use super::args::{GraphArgs, GraphFormat};
use super::output::{Failure, Output};
use super::session::Session;

pub(super) fn run(file: &Path, args: &GraphArgs, output: &Output) -> Result<ExitCode, Failure> {
    let session = Session::open(file, None, output)?;
    let planned = session.plan(&args.scope, output)?;
    let text = match args.format {
        GraphFormat::Dot => report::dot(&planned.plan),
        GraphFormat::Mermaid => report::mermaid(&planned.plan),
    };
    Output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}
