//! How each blob gets to its target, so that the plan can say the bytes that will move.

use std::collections::{BTreeMap, BTreeSet};

use crate::image::{Descriptor, Digest, Repository};

use super::inventory::Inventory;
use super::step::{PlannedBlob, Transfer};

/// What targets hold, kept up to date as steps are planned one after another.
pub(super) struct Holdings<'a> {
    layouts: &'a BTreeSet<String>,
    /// Repositories that hold a blob, by registry and digest.
    held: BTreeMap<(String, Digest), BTreeSet<Repository>>,
}

impl<'a> Holdings<'a> {
    pub(super) fn new(inventory: &'a Inventory) -> Self {
        let mut held: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for (registry, repository, digest) in &inventory.held {
            held.entry((registry.clone(), digest.clone())).or_default().insert(repository.clone());
        }
        Self { layouts: &inventory.layouts, held }
    }

    /// Plans `blobs` into a repository and notes that it will hold them. Returns the bytes to move as well.
    pub(super) fn place(
        &mut self,
        registry: &str,
        repository: &Repository,
        blobs: &[Descriptor],
    ) -> (Vec<PlannedBlob>, u64) {
        let mut bytes = 0;
        let planned = blobs
            .iter()
            .map(|descriptor| {
                let transfer = self.place_one(registry, repository, &descriptor.digest);
                if transfer == Transfer::Upload {
                    bytes += descriptor.size;
                }
                PlannedBlob { descriptor: descriptor.clone(), transfer }
            })
            .collect();
        (planned, bytes)
    }

    fn place_one(&mut self, registry: &str, repository: &Repository, digest: &Digest) -> Transfer {
        let shared = self.layouts.contains(registry);
        let holders = self.held.entry((registry.to_owned(), digest.clone())).or_default();
        let transfer = match holders.first() {
            None => Transfer::Upload,
            Some(_) if shared || holders.contains(repository) => Transfer::Present,
            Some(first) => Transfer::Mount { from: first.clone() },
        };
        holders.insert(repository.clone());
        transfer
    }
}
