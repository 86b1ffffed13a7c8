//! How each blob gets to its target, so that the plan can say the bytes that will move.

use std::collections::{BTreeMap, BTreeSet};

use crate::image::{Descriptor, Digest, Repository};

use super::inventory::Inventory;
use super::step::{PlannedBlob, Transfer};

/// What targets hold, kept up to date as steps are planned one after another.
pub(super) struct Holdings<'a> {
    layouts: &'a BTreeSet<String>,
    /// By registry and digest.
    holders: BTreeMap<(String, Digest), Holders>,
}

/// Repositories of one target that hold one blob.
#[derive(Default)]
struct Holders {
    now: BTreeSet<Repository>,
    /// Once the steps planned so far are done.
    soon: BTreeSet<Repository>,
}

impl<'a> Holdings<'a> {
    pub(super) fn new(inventory: &'a Inventory) -> Self {
        let mut holders: BTreeMap<_, Holders> = BTreeMap::new();
        for (registry, repository, digest) in &inventory.held {
            holders.entry((registry.clone(), digest.clone())).or_default().now.insert(repository.clone());
        }
        Self { layouts: &inventory.layouts, holders }
    }

    /// Plans `blobs` into a repository and notes that it will hold them. Returns the bytes to move as well.
    pub(super) fn place<'b>(
        &mut self,
        registry: &str,
        repository: &Repository,
        blobs: impl IntoIterator<Item = &'b Descriptor>,
    ) -> (Vec<PlannedBlob>, u64) {
        let mut bytes = 0;
        let planned = blobs
            .into_iter()
            .map(|descriptor| {
                let transfer = self.place_one(registry, repository, &descriptor.digest);
                if transfer == Transfer::Upload {
                    // Manifests may lie about sizes.
                    bytes = u64::saturating_add(bytes, descriptor.size);
                }
                PlannedBlob { descriptor: descriptor.clone(), transfer }
            })
            .collect();
        (planned, bytes)
    }

    fn place_one(&mut self, registry: &str, repository: &Repository, digest: &Digest) -> Transfer {
        let shared = self.layouts.contains(registry);
        let holders = self.holders.entry((registry.to_owned(), digest.clone())).or_default();
        let among = |set: &BTreeSet<Repository>| set.contains(repository) || (shared && !set.is_empty());
        if among(&holders.now) {
            return Transfer::Present;
        }
        if among(&holders.soon) {
            return Transfer::Coming;
        }
        let from = holders.now.first().or(holders.soon.first()).cloned();
        holders.soon.insert(repository.clone());
        from.map_or(Transfer::Upload, |from| Transfer::Mount { from })
    }
}
