//! The project file: `swr.kdl` as typed, validated declarations. Reads text; only [`load`] and [`init`] touch files.

mod check;
mod declaration;
pub mod init;
mod kdl;
mod limits;
mod load;
mod rights;
mod section;
mod services;

use std::path::PathBuf;
use std::sync::Arc;

pub use declaration::{
    Auth, BadByteRate, ByteRate, Edition, Limits, Place, Project, Provider, RegistryDecl, SecretSource, Tls,
};
pub use limits::LayerLimits;
pub use load::{Baselines, load, load_with, read_baseline, read_settings};
pub use rights::Use;
pub use services::ServiceNames;

use crate::diag::{Diagnostic, Severity, Source};

/// A project with the warnings about it, or everything that is wrong with its file.
pub type Parsed = Result<(Project, Vec<Diagnostic>), Vec<Diagnostic>>;

impl Project {
    /// Reads a project file's text; `root` is the directory that its relative paths start from.
    ///
    /// # Errors
    /// Every fault of the file with its place, in the order of the file, warnings among them. No message and no source
    /// of one shows a secret that the file holds.
    pub fn parse(source: Arc<Source>, root: PathBuf) -> Parsed {
        let faults = kdl::Faults::default();
        let sections = kdl::read(source.text(), &section::DOCUMENT, &faults).map(|nodes| {
            let mut sections = section::read(&nodes, &faults);
            check::check(&mut sections, &root, &faults);
            sections
        });
        let failed = faults.any_error();
        let found = faults.into_diagnostics(&source);
        let complete = sections.and_then(|sections| Some((sections.name.clone()?, sections)));
        let Some((name, sections)) = complete.filter(|_| !failed) else { return Err(found) };
        debug_assert!(found.iter().all(|diagnostic| diagnostic.severity < Severity::Error));
        let section::Sections { name: _, registries, dockerfiles, networks, migrations } = sections;
        Ok((Project { name, source, root, registries, dockerfiles, networks, migrations }, found))
    }
}

#[cfg(test)]
mod examples;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod tests;
