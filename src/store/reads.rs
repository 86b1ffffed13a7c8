//! What was read of sources: tags, targets and indexes that share a manifest ask for it once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::OnceCell;

use super::Error;
use crate::image::{Digest, Platform, RawManifest};

/// Manifests, and what configs say, by digest: whoever holds the content, it is the same.
#[derive(Debug, Default)]
pub struct Reads {
    pub(super) manifests: Once<RawManifest>,
    pub(super) configs: Once<ConfigFacts>,
}

/// What the config of an image says of it.
#[derive(Clone, Debug)]
pub(super) struct ConfigFacts {
    pub(super) platform: Option<Platform>,
    pub(super) created: Option<Timestamp>,
    /// How many layers it names by the digests of what they hold.
    pub(super) layers: usize,
}

/// Values by digest, each made once; who asks while it is being made waits for it. A failure is not kept.
#[derive(Debug)]
pub(super) struct Once<T>(Mutex<HashMap<Digest, Arc<OnceCell<T>>>>);

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Once<T> {
    pub(super) async fn get(&self, digest: &Digest, make: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let cell = {
            let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(cells.entry(digest.clone()).or_default())
        };
        cell.get_or_try_init(|| make).await.cloned()
    }

    /// Keeps what was read on another way.
    pub(super) fn put(&self, digest: Digest, value: T) {
        let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cells.entry(digest).or_insert_with(|| Arc::new(OnceCell::new_with(Some(value))));
    }
}
