//! How each blob gets to its target, so that the plan can say the bytes that will move.
//!
//! What a repository holds it holds for every section that leads there; that a login may read what another one wrote or
//! reads is not known, so mounts stay within a login: that of a section, and of others of the same place that log in alike.

use std::collections::{BTreeMap, BTreeSet};

use crate::image::rewrite::ImageTree;
use crate::image::{Descriptor, Digest, Repository};
use crate::project::Project;

use super::expand::Request;
use super::inventory::{Inventory, Location, Observed, SyncFacts};
use super::step::{PlannedBlob, Transfer};

/// What targets hold, kept up to date as steps are planned one after another.
pub(super) struct Holdings<'a> {
    project: &'a Project,
    layouts: &'a BTreeSet<String>,
    /// By the first section that names the place, and digest.
    holders: BTreeMap<(&'a str, Digest), Coming>,
}

#[derive(Default)]
struct Coming {
    now: Holders,
    /// Once the steps planned so far are done.
    soon: Holders,
}

/// Repositories of one place that hold one blob, each with the [logins](Project::login) that write there.
#[derive(Clone, Debug, Default)]
pub struct Holders(BTreeMap<Repository, BTreeSet<String>>);

impl Holders {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[must_use]
    pub fn contains(&self, repository: &Repository) -> bool {
        self.0.contains_key(repository)
    }

    /// A repository from which a login may mount the blob.
    #[must_use]
    pub fn mountable(&self, login: &str) -> Option<&Repository> {
        self.0.iter().find(|(_, logins)| logins.contains(login)).map(|(repository, _)| repository)
    }

    pub fn add(&mut self, login: &str, repository: &Repository) {
        self.0.entry(repository.clone()).or_default().insert(login.to_owned());
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl<'a> Holdings<'a> {
    pub(super) fn new(project: &'a Project, inventory: &'a Inventory) -> Self {
        let mut holdings = Self { project, layouts: &inventory.layouts, holders: BTreeMap::new() };
        for (section, repository, digest) in &inventory.held {
            holdings.note(section, repository, digest);
        }
        holdings.note_sources(inventory);
        holdings.note_tags(inventory);
        holdings
    }

    fn note(&mut self, section: &'a str, repository: &Repository, digest: &Digest) {
        let (home, login) = (self.project.home(section), self.project.login(section));
        self.holders.entry((home, digest.clone())).or_default().now.add(login, repository);
    }

    /// What is copied within one registry is there already, in the repository that it is copied from.
    fn note_sources(&mut self, inventory: &'a Inventory) {
        for (Request { source, target, .. }, tree) in read_images(inventory) {
            // Directories were looked into.
            let is_registry = !self.layouts.contains(&target.registry);
            if is_registry && self.project.home(&source.registry) == self.project.home(&target.registry) {
                for blob in &tree.blobs {
                    self.note(&source.registry, &source.repository, &blob.digest);
                }
            }
        }
    }

    /// A tag that leads to an image which was read, for whatever tag, holds its blobs; but where something is to be
    /// written, each blob was asked for, and may have been lost; directories are asked always, which costs nothing.
    fn note_tags(&mut self, inventory: &'a Inventory) {
        let read: BTreeMap<&Digest, &ImageTree> =
            read_images(inventory).filter_map(|(_, tree)| Some((tree.digest()?, tree))).collect();
        let asked = self.asked(inventory);
        for (target, facts) in &inventory.syncs {
            let Observed::Known(Some(present)) = &facts.target else { continue };
            if self.layouts.contains(&target.registry) || asked.contains(&self.place_of(target)) {
                continue;
            }
            for blob in read.get(present).into_iter().flat_map(|tree| &tree.blobs) {
                self.note(&target.registry, &target.repository, &blob.digest);
            }
        }
    }

    /// Repositories that get something new: they were looked into, blob by blob. So was every directory.
    fn asked(&self, inventory: &'a Inventory) -> BTreeSet<(&'a str, &'a Repository)> {
        let gets_something = |request: &Request, tree: &ImageTree| match &inventory.syncs[&request.target].target {
            Observed::Known(held) => held.as_ref() != tree.digest(),
            Observed::Unknown { .. } => true,
        };
        let looked_into = read_images(inventory)
            .filter(|(request, tree)| self.layouts.contains(&request.target.registry) || gets_something(request, tree));
        looked_into.map(|(request, _)| self.place_of(&request.target)).collect()
    }

    fn place_of(&self, target: &'a Location) -> (&'a str, &'a Repository) {
        (self.project.home(&target.registry), &target.repository)
    }

    /// Plans `blobs` to a target and notes that its repository will hold them. Returns the bytes to move as well.
    pub(super) fn place<'b>(
        &mut self,
        target: &'a Location,
        blobs: impl IntoIterator<Item = &'b Descriptor>,
    ) -> (Vec<PlannedBlob>, u64) {
        let home = self.project.home(&target.registry);
        let (login, mut bytes) = (self.project.login(&target.registry), 0);
        let planned = blobs
            .into_iter()
            .map(|descriptor| {
                let transfer = self.place_one((home, login), target, &descriptor.digest);
                if transfer == Transfer::Upload {
                    // Manifests may lie about sizes.
                    bytes = u64::saturating_add(bytes, descriptor.size);
                }
                PlannedBlob { descriptor: descriptor.clone(), transfer }
            })
            .collect();
        (planned, bytes)
    }

    fn place_one(&mut self, (home, login): (&'a str, &str), target: &Location, digest: &Digest) -> Transfer {
        let Location { registry, repository, .. } = target;
        let shared = self.layouts.contains(registry);
        let Coming { now, soon } = self.holders.entry((home, digest.clone())).or_default();
        let among = |holders: &Holders| holders.contains(repository) || (shared && !holders.is_empty());
        if among(now) {
            now.add(login, repository);
            return Transfer::Present;
        }
        let from = now.mountable(login).or_else(|| soon.mountable(login)).cloned();
        let coming = among(soon);
        soon.add(login, repository);
        match from {
            _ if coming => Transfer::Coming,
            Some(from) => Transfer::Mount { from },
            None => Transfer::Upload,
        }
    }
}

fn read_images(inventory: &Inventory) -> impl Iterator<Item = (&Request, &ImageTree)> {
    let requests = inventory.expansion.requests.iter();
    requests.filter_map(|request| match inventory.syncs.get(&request.target) {
        Some(SyncFacts { image: Some(Ok(tree)), .. }) => Some((request, tree)),
        _ => None,
    })
}
