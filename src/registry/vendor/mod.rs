//! What registries offer beside the distribution specification, each by its vendor's own API.
//!
//! Owns how these APIs are asked and paged; connections, pacing, limits and retries are the registry client's. No image
//! needs any of this to be moved.

mod call;
mod harbor;
mod hub;
mod sign;
mod swr;

pub use swr::{Creation, Management};

use std::collections::BTreeMap;

use super::{Client, Error, Secret};
use crate::image::{Digest, Listed, RegistryHost, Repository, Tag};

/// Whose API stands beside the registry's, and what it takes to ask it.
#[derive(Clone, Debug, Default)]
pub enum Vendor {
    /// Nobody's.
    #[default]
    None,
    /// Harbor's, at the registry's own host.
    Harbor,
    /// Docker Hub's.
    DockerHub { host: RegistryHost },
    /// SWR's management API, which takes requests that are signed with an access key.
    Swr {
        host: RegistryHost,
        keys: AccessKeys,
        /// Its lists of tags stand in for HEAD requests.
        tag_lists: bool,
    },
}

/// An access key of Huawei Cloud (AK and SK).
#[derive(Clone, Debug)]
pub struct AccessKeys {
    pub access_key: String,
    pub secret_key: Secret,
}

impl Vendor {
    #[must_use]
    pub fn docker_hub() -> Self {
        Self::DockerHub { host: "hub.docker.com".parse().expect("a host name") }
    }

    /// Where the API is, when not at the registry's own host.
    pub(super) fn host(&self) -> Option<&RegistryHost> {
        match self {
            Self::None | Self::Harbor => None,
            Self::DockerHub { host } | Self::Swr { host, .. } => Some(host),
        }
    }

    /// What must not come back in a message.
    pub(super) fn secret(&self) -> Option<&Secret> {
        match self {
            Self::None | Self::Harbor | Self::DockerHub { .. } => None,
            Self::Swr { keys, .. } => Some(&keys.secret_key),
        }
    }
}

impl Client {
    /// SWR's management API, where it is known and there are keys for it.
    #[must_use]
    pub fn management(&self) -> Option<Management<'_>> {
        match self.vendor() {
            (Vendor::Swr { keys, .. }, root) => Some(Management::new(self, root, keys)),
            (Vendor::None | Vendor::Harbor | Vendor::DockerHub { .. }, _) => None,
        }
    }

    /// What the tags of a repository hold as a list of the vendor says it, nothing where it knows no such repository; it
    /// may be behind. `None` where no list is wanted.
    pub async fn listed_digests(&self, repository: &Repository) -> Option<Result<BTreeMap<Tag, Digest>, Error>> {
        let (Vendor::Swr { keys, tag_lists: true, .. }, root) = self.vendor() else { return None };
        Some(match Management::new(self, root, keys).digests(repository).await {
            Err(error) if error.is_not_found() => Ok(BTreeMap::new()),
            listed => listed,
        })
    }

    /// The repositories that there are, or those of one namespace (organization, project): as the vendor's API lists them,
    /// by the registry's own catalog where it has none. A catalog lists all namespaces.
    pub async fn repositories(&self, namespace: Option<&Repository>) -> Result<Listed<Repository>, Error> {
        match (self.vendor(), namespace) {
            ((Vendor::Harbor, root), _) => match harbor::repositories(self, root, namespace).await {
                // Before Harbor 2 the API was elsewhere.
                Err(error) if error.is_not_found() => self.catalog().await,
                listed => listed,
            },
            ((Vendor::DockerHub { .. }, root), Some(namespace)) => hub::repositories(self, root, namespace).await,
            ((Vendor::Swr { keys, .. }, root), _) => Management::new(self, root, keys).repositories(namespace).await,
            ((Vendor::None, _), _) | ((Vendor::DockerHub { .. }, _), None) => self.catalog().await,
        }
    }
}
