//! Which repositories of a target hold which blob, so that every blob is uploaded once and mounted from then on; and
//! which children of indexes they hold.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use super::recompress::Recompressions;
use crate::image::{Digest, Repository};
use crate::plan::{Plan, Transfer, Work};

/// Repositories of one target that hold one blob. Locked while the blob is on its way: whoever needs it too waits,
/// and then finds it.
pub(super) type Holders = Arc<tokio::sync::Mutex<BTreeSet<Repository>>>;

/// Whether a child was written into a repository in this run. Locked while the manifest, or an index above it, is being
/// written: registries that write a manifest anew take it for damaged meanwhile.
pub(super) type Child = Arc<tokio::sync::Mutex<bool>>;

/// Every blob of every target of a plan.
#[derive(Debug, Default)]
pub(super) struct Shelves {
    blobs: Mutex<HashMap<(String, Digest), Holders>>,
    children: Mutex<HashMap<(String, Repository, Digest), Child>>,
    pub(super) recompressions: Arc<Recompressions>,
}

impl Shelves {
    /// What targets held when the plan was made: what it calls present, and what it mounts from a repository that no
    /// earlier step fills.
    pub(super) fn promised_by(plan: &Plan) -> Self {
        let mut held: BTreeMap<(String, Digest), BTreeSet<Repository>> = BTreeMap::new();
        let mut coming = BTreeSet::new();
        for step in plan.steps() {
            let Work::Sync(sync) = &step.work else { continue };
            let (registry, repository) = (&sync.target.registry, &sync.target.repository);
            for blob in &sync.blobs {
                let digest = &blob.descriptor.digest;
                let holder = match &blob.transfer {
                    Transfer::Present => Some(repository),
                    Transfer::Mount { from } => Some(from).filter(|from| !coming.contains(&(registry, digest, *from))),
                    Transfer::Coming | Transfer::Upload => None,
                };
                if let Some(holder) = holder {
                    held.entry((registry.clone(), digest.clone())).or_default().insert(holder.clone());
                }
                coming.insert((registry, digest, repository));
            }
        }
        let shelves = held.into_iter().map(|(key, holders)| (key, Arc::new(tokio::sync::Mutex::new(holders))));
        Self { blobs: Mutex::new(shelves.collect()), ..Self::default() }
    }

    pub(super) fn holders(&self, registry: &str, digest: &Digest) -> Holders {
        let mut shelves = self.blobs.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Arc::clone(shelves.entry((registry.to_owned(), digest.clone())).or_default())
    }

    pub(super) fn child(&self, registry: &str, repository: &Repository, digest: &Digest) -> Child {
        let mut children = self.children.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Arc::clone(children.entry((registry.to_owned(), repository.clone(), digest.clone())).or_default())
    }
}
