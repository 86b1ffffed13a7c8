//! Which repositories of a target hold which blob, so that every blob is uploaded once and mounted from then on; and
//! which children of indexes they hold. Sections that lead to one place share all that.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use super::recompress::Recompressions;
use crate::image::{Digest, Repository};
use crate::plan::{Holders, Plan, Transfer, Work};
use crate::project::Project;

/// Who holds one blob at one place. Locked while the blob is on its way: whoever needs it too waits, and then finds it.
pub(super) type Shelf = Arc<tokio::sync::Mutex<Holders>>;

/// Whether a child was written into a repository in this run. Locked while the manifest, or an index above it, is being
/// written: registries that write a manifest anew take it for damaged meanwhile.
pub(super) type Child = Arc<tokio::sync::Mutex<bool>>;

/// Every blob of every target of a plan.
#[derive(Debug)]
pub(super) struct Shelves {
    project: Arc<Project>,
    /// By the first section that names the place.
    blobs: Mutex<HashMap<(String, Digest), Shelf>>,
    children: Mutex<HashMap<(String, Repository, Digest), Child>>,
    pub(super) recompressions: Arc<Recompressions>,
}

impl Shelves {
    /// What targets held when the plan was made: what it calls present, and what it mounts from a repository that no
    /// earlier step fills.
    pub(super) fn promised_by(plan: &Plan, project: &Arc<Project>) -> Self {
        let mut held: BTreeMap<(String, Digest), Holders> = BTreeMap::new();
        let mut coming = BTreeSet::new();
        for step in plan.steps() {
            let Work::Sync(sync) = &step.work else { continue };
            let (section, repository) = (&sync.target.registry, &sync.target.repository);
            let home = project.home(section);
            for blob in &sync.blobs {
                let digest = &blob.descriptor.digest;
                let holder = match &blob.transfer {
                    Transfer::Present => Some(repository),
                    Transfer::Mount { from } => Some(from).filter(|from| !coming.contains(&(home, digest, *from))),
                    Transfer::Coming | Transfer::Upload => None,
                };
                if let Some(holder) = holder {
                    held.entry((home.to_owned(), digest.clone())).or_default().add(project.login(section), holder);
                }
                coming.insert((home, digest, repository));
            }
        }
        let shelves = held.into_iter().map(|(key, holders)| (key, Arc::new(tokio::sync::Mutex::new(holders))));
        Self {
            project: Arc::clone(project),
            blobs: Mutex::new(shelves.collect()),
            children: Mutex::default(),
            recompressions: Arc::default(),
        }
    }

    pub(super) fn shelf(&self, section: &str, digest: &Digest) -> Shelf {
        let key = (self.project.home(section).to_owned(), digest.clone());
        let mut shelves = self.blobs.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(shelves.entry(key).or_default())
    }

    pub(super) fn child(&self, section: &str, repository: &Repository, digest: &Digest) -> Child {
        let key = (self.project.home(section).to_owned(), repository.clone(), digest.clone());
        let mut children = self.children.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(children.entry(key).or_default())
    }
}
