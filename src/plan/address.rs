//! Addresses of steps: stable between runs, and what `--target` and `--exclude` match.

use std::fmt;

use super::inventory::Location;
use super::organizations::Organization;

/// `fix.<path>`, `lint.<path>`, `file.<path>`, `network.<registry>`, `organization.<registry>/<name>`,
/// `select.<registry>/<pattern>`,
/// `sync.<registry>/<repository>:<tag>` or `prune.…`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Address(String);

impl Address {
    #[must_use]
    pub fn fix(path: &str) -> Self {
        Self(format!("fix.{path}"))
    }

    #[must_use]
    pub fn file(path: &str) -> Self {
        Self(format!("file.{path}"))
    }

    #[must_use]
    pub fn lint(path: &str) -> Self {
        Self(format!("lint.{path}"))
    }

    #[must_use]
    pub fn network(registry: &str) -> Self {
        Self(format!("network.{registry}"))
    }

    #[must_use]
    pub fn organization(organization: &Organization) -> Self {
        Self(format!("organization.{organization}"))
    }

    #[must_use]
    pub fn select(registry: &str, pattern: &str) -> Self {
        Self(format!("select.{registry}/{pattern}"))
    }

    #[must_use]
    pub fn sync(target: &Location) -> Self {
        Self(format!("sync.{target}"))
    }

    #[must_use]
    pub fn prune(target: &Location) -> Self {
        Self(format!("prune.{target}"))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
