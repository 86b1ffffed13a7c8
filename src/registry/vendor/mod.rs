//! What registries offer beside the distribution specification, each by its vendor's own API.
//!
//! Owns how these APIs are asked and paged; connections, pacing, limits and retries are the registry client's. No image
//! needs any of this to be moved.

mod call;
mod sign;
mod swr;

pub use swr::{Creation, Management};

use super::{Client, Secret};
use crate::image::RegistryHost;

/// Whose API stands beside the registry's, and what it takes to ask it.
#[derive(Clone, Debug, Default)]
pub enum Vendor {
    /// Nobody's.
    #[default]
    None,
    /// SWR's management API, which takes requests that are signed with an access key.
    Swr { host: RegistryHost, keys: AccessKeys },
}

/// An access key of Huawei Cloud (AK and SK).
#[derive(Clone, Debug)]
pub struct AccessKeys {
    pub access_key: String,
    pub secret_key: Secret,
}

impl Vendor {
    /// Where the API is, when not at the registry's own host.
    pub(super) fn host(&self) -> Option<&RegistryHost> {
        match self {
            Self::None => None,
            Self::Swr { host, .. } => Some(host),
        }
    }

    /// What must not come back in a message.
    pub(super) fn secret(&self) -> Option<&Secret> {
        match self {
            Self::None => None,
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
            (Vendor::None, _) => None,
        }
    }
}
