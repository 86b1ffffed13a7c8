//! hadolint's settings as a policy: `.hadolint.yaml` and the variables `HADOLINT_…`. No I/O.

mod environment;
mod settings;
pub(super) mod sight;
#[cfg(test)]
mod tests;
mod yaml;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use environment::VARIABLES;

use self::settings::Reader;
use super::policy::{Level, Override, Policy, Profile};
use crate::diag::{Diagnostic, Severity, Source};

/// What hadolint was told, in terms of our own.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Lowest level that fails; hadolint's own default is `info`.
    fail_on: Option<Level>,
    no_fail: bool,
    /// In hadolint's order of weight: what it ignores comes last.
    policy: Policy,
    /// The output format by hadolint's name.
    pub format: Option<String>,
}

impl Settings {
    /// Reads the settings files, and then the variables by their names and values, which add to it.
    ///
    /// # Errors
    /// Everything that is wrong, warnings among it.
    pub fn read(
        file: Option<&Arc<Source>>,
        variables: &[(&'static str, String)],
    ) -> Result<(Self, Vec<Diagnostic>), Vec<Diagnostic>> {
        let mut reader = Reader::default();
        if let Some(file) = file {
            reader.file(file);
        }
        environment::read(&mut reader, variables);
        let (settings, found) = reader.finish();
        if found.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
            Err(found)
        } else {
            Ok((settings, found))
        }
    }

    /// The policy of somebody who has nothing but these settings.
    #[must_use]
    pub fn into_policy(self) -> Policy {
        let fail_on = if self.no_fail { Level::Off } else { self.fail_on.unwrap_or(Level::Info) };
        Policy { profile: Profile::Hadolint, fail_on, ..self.policy }
    }

    /// Lays the settings below what a policy says itself; `says` tells which of its parts it does say.
    pub fn lay_below(self, policy: &mut Policy, says: Says) {
        let own = std::mem::take(policy);
        let below = self.into_policy();
        let overrides: Vec<Override> = below.overrides.into_iter().chain(own.overrides).collect();
        *policy = Policy {
            profile: if says.profile { own.profile } else { below.profile },
            fail_on: if says.fail_on { own.fail_on } else { below.fail_on },
            pragmas: if says.pragmas { own.pragmas } else { below.pragmas },
            base_images: if own.base_images.is_empty() { below.base_images } else { own.base_images },
            labels: if says.labels { own.labels } else { below.labels },
            shellcheck: own.shellcheck,
            baseline: own.baseline,
            online: own.online,
            platforms: own.platforms,
            overrides,
        };
    }
}

/// Parts of a policy that are written out, and so go before hadolint's settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "one for each part, none depends on another")]
pub struct Says {
    pub profile: bool,
    pub fail_on: bool,
    pub pragmas: bool,
    pub labels: bool,
}

/// Where hadolint looks for its settings, first to last: the current folder, then the user's.
#[must_use]
pub fn candidates(current: &Path, config: Option<&Path>, home: Option<&Path>) -> Vec<PathBuf> {
    let both = |path: PathBuf| ["yaml", "yml"].map(|extension| path.with_added_extension(extension));
    let user = home.map(|home| home.join(".config"));
    let config = config.map(Path::to_owned).or_else(|| user.clone());
    let places = [
        Some(current.join(".hadolint")),
        config.map(|config| config.join("hadolint")),
        user.map(|config| config.join("hadolint")),
        home.map(|home| home.join(".hadolint/hadolint")),
        home.map(|home| home.join("hadolint/config")),
        home.map(|home| home.join(".hadolint")),
    ];
    places.into_iter().flatten().flat_map(both).collect()
}
