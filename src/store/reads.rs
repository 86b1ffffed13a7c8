//! What was read of sources: tags, targets and indexes that share a manifest ask for it once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::Error;
use crate::image::{Digest, Platform, RawManifest};

/// Manifests, and platforms out of configs, by digest: whoever holds the content, it is the same.
#[derive(Debug, Default)]
pub struct Reads {
    pub(super) manifests: Once<RawManifest>,
    pub(super) platforms: Once<Option<Platform>>,
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
}
