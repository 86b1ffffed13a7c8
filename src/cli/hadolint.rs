//! hadolint's settings, for who has them and no project file.

use jiff::civil::Date;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diag::{Diagnostic, Lang, Source, Wording, say};
use crate::lint::hadolint::{Settings, VARIABLES, candidates};
use crate::lint::policy::Policy;
use crate::lint::{overrides_about, stale_overrides};
use crate::project::read_settings;
use crate::report::lint::Format;
use crate::worktree::LintRun;

use super::output::{Failure, Output};

/// Settings, and what they were taken from.
pub(super) struct Found {
    pub(super) settings: Settings,
    file: Option<Arc<Source>>,
    variables: Vec<&'static str>,
}

/// What hadolint would go by here: the file that is named, or the first that it would find, and its variables.
///
/// # Errors
/// When the file cannot be read, or something in it or in a variable is wrong.
pub(super) fn find(named: Option<&Path>, output: &Output) -> Result<Option<Found>, Failure> {
    let file = named.map(Path::to_owned).or_else(found).map(|path| read_settings(&path)).transpose()?;
    let value = |name: &'static str| Some((name, std::env::var(name).ok().filter(|value| !value.trim().is_empty())?));
    let variables: Vec<_> = VARIABLES.into_iter().filter_map(value).collect();
    if file.is_none() && variables.is_empty() {
        return Ok(None);
    }
    let (settings, warnings) = Settings::read(file.as_ref(), &variables)?;
    output.show(&warnings);
    Ok(Some(Found { settings, file, variables: variables.into_iter().map(|(name, _)| name).collect() }))
}

fn found() -> Option<PathBuf> {
    let folder = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let config = folder(if cfg!(windows) { "LOCALAPPDATA" } else { "XDG_CONFIG_HOME" });
    let home = std::env::home_dir();
    candidates(Path::new(""), config.as_deref(), home.as_deref()).into_iter().find(|path| path.is_file())
}

impl Found {
    /// Names what counts, in one line for people.
    pub(super) fn announce(&self, lang: Lang) {
        let file = self.file.as_ref().map(|file| file.name());
        let names: Vec<_> = file.into_iter().chain(self.variables.iter().copied()).collect();
        let names = Wording::joined(names, &say!(", ", "、"));
        let line = say!("policy: hadolint's, from {names}", "策略：采用 hadolint 的设置，来自 {names}", names);
        Output::say(line.get(lang));
    }

    /// The format that the settings ask for; those of other services are shown to people.
    pub(super) fn format(&self) -> Option<Format> {
        self.settings.format.as_deref().map(|name| match name {
            "json" => Format::Json,
            "checkstyle" => Format::Checkstyle,
            "codeclimate" | "gitlab_codeclimate" => Format::Gitlab,
            "gnu" => Format::Short,
            "sarif" => Format::Sarif,
            "junit" => Format::Junit,
            _ => Format::Human,
        })
    }

    /// Entries that no file of the run needed.
    pub(super) fn idle(&self, policy: &Policy, run: &LintRun, today: Date) -> Vec<Diagnostic> {
        let reports = || run.files.iter().map(|file| &file.report);
        let unjudged = reports().flat_map(|report| report.unjudged.iter().copied()).collect();
        let mut used: BTreeSet<_> = reports().flat_map(|report| report.allowed_by.iter().copied()).collect();
        used.extend(overrides_about(policy, &unjudged));
        let file = self.file.clone().unwrap_or_else(|| Arc::new(Source::new("", "")));
        stale_overrides(policy, &used, &file, today)
    }
}
