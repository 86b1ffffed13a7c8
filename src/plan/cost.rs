//! What carrying out a plan asks of registries: requests by kind, beside the bytes.
//!
//! Counted is what every write needs. What depends on the moment is not: logins and redirects, retries, the proofs of
//! the paths, and what an interrupted apply left in a repository that has no tag yet (its blobs are found when their
//! uploads are opened, and are then not sent). Nor are lists of referrers that a registry leaves to its clients, nor
//! deletions: how many requests these take is told by the registry's answers only.

use std::collections::BTreeSet;
use std::ops::AddAssign;

use crate::image::rewrite::ImageTree;
use crate::image::{Descriptor, Digest, RawManifest, Repository};
use crate::migrate::Verify;
use crate::project::Project;
use crate::registry::Limits;

use super::expand::Request;
use super::inventory::Location;
use super::step::{PlannedBlob, Transfer};

/// Requests at both sides; directories are asked nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requests {
    pub source: SourceRequests,
    pub target: TargetRequests,
}

/// All of them GET.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceRequests {
    /// Of manifests, as far as they are not at hand when the plan is carried out, and of a config that tells a platform.
    pub manifests: u64,
    /// Of blobs, each one or as many as it has parts.
    pub blobs: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetRequests {
    /// Of tags, before they are written, and of what is verified.
    pub head: u64,
    /// Of manifests and blobs that are read back.
    pub get: u64,
    /// Mounts, and uploads that are opened.
    pub post: u64,
    /// Blobs and manifests.
    pub put: u64,
}

impl Requests {
    #[must_use]
    pub const fn total(&self) -> u64 {
        let Self { source, target } = self;
        // Numbers of a saved plan may be anything.
        let read = source.manifests.saturating_add(source.blobs).saturating_add(target.get);
        read.saturating_add(target.head).saturating_add(target.post).saturating_add(target.put)
    }
}

impl AddAssign for Requests {
    fn add_assign(&mut self, other: Self) {
        let pairs = [
            (&mut self.source.manifests, other.source.manifests),
            (&mut self.source.blobs, other.source.blobs),
            (&mut self.target.head, other.target.head),
            (&mut self.target.get, other.target.get),
            (&mut self.target.post, other.target.post),
            (&mut self.target.put, other.target.put),
        ];
        for (sum, part) in pairs {
            *sum = sum.saturating_add(part);
        }
    }
}

/// Counts requests while steps are planned one after another: what several targets of one source need is read once.
pub(super) struct Costs<'a> {
    project: &'a Project,
    layouts: &'a BTreeSet<String>,
    /// Manifests that an earlier step reads, and configs, to know the image: wherever they are, they are the same.
    read: BTreeSet<Digest>,
    /// And blobs, to move them as they are, or recompressed: then once more.
    moved: BTreeSet<(Location, Digest, bool)>,
    /// Manifests that an earlier step writes by their digests, by the first section that names the place, and repository.
    children: BTreeSet<(&'a str, Repository, Digest)>,
}

impl<'a> Costs<'a> {
    pub(super) const fn new(project: &'a Project, layouts: &'a BTreeSet<String>) -> Self {
        Self { project, layouts, read: BTreeSet::new(), moved: BTreeSet::new(), children: BTreeSet::new() }
    }

    /// What writing an image costs.
    pub(super) fn of(&mut self, request: &'a Request, image: &ImageTree, blobs: &[PlannedBlob]) -> Requests {
        let mut requests = Requests::default();
        let uploads = || blobs.iter().filter(|blob| blob.transfer == Transfer::Upload);
        if !self.layouts.contains(&request.source.registry) {
            let recompressed = |digest: &Digest| image.recompress.iter().any(|layer| layer.digest == *digest);
            let at = |digest: &Digest| (request.source.clone(), digest.clone(), recompressed(digest));
            requests.source.manifests = count(image.reads.iter().filter(|digest| self.read.insert((*digest).clone())));
            let moved = uploads().map(|blob| &blob.descriptor).filter(|blob| self.moved.insert(at(&blob.digest)));
            let moved: Vec<&Descriptor> = moved.collect();
            requests.source.blobs = self.reads_of(&request.source, moved.into_iter());
        }
        if !self.layouts.contains(&request.target.registry) {
            let mounts = count(blobs.iter().filter(|blob| matches!(blob.transfer, Transfer::Mount { .. })));
            // A referrer is written whatever is there. Everything else is looked at before its manifests are read, and
            // right before it is written.
            let looked_at = if request.subject.is_none() { 2 } else { 0 };
            requests.target.head = looked_at + u64::from(request.verify >= Verify::Digest);
            if request.verify == Verify::Pull {
                // A recompressed layer is about as large as it was.
                let blobs = self.reads_of(&request.target, image.blobs.iter().chain(&image.recompress));
                requests.target.get = count(image.manifests.iter()).saturating_add(blobs);
            }
            requests.target.post = mounts + count(uploads());
            let (home, repository) = (self.project.home(&request.target.registry), &request.target.repository);
            // What is read back is written by its digest before its tag leads there.
            let is_tagged_last = request.verify == Verify::Pull && request.target.reference.tag().is_some();
            let by_digest = image.manifests.len().saturating_sub(usize::from(!is_tagged_last));
            let children = image.manifests.iter().take(by_digest);
            let at = |child: &RawManifest| (home, repository.clone(), child.digest.clone());
            requests.target.put =
                count(uploads()) + count(children.filter(|child| self.children.insert(at(child)))) + 1;
        }
        requests
    }

    /// Requests for blobs at a registry.
    fn reads_of<'b>(&self, place: &Location, blobs: impl Iterator<Item = &'b Descriptor>) -> u64 {
        let declared = self.project.registry(&place.registry).map(|declared| declared.limits);
        let connections_per_blob = declared.and_then(|limits| limits.connections_per_blob);
        let limits = Limits { connections_per_blob, ..Limits::default() };
        blobs.fold(0, |sum, blob| sum.saturating_add(limits.requests_for(blob.size)))
    }
}

fn count<T>(items: impl Iterator<Item = T>) -> u64 {
    items.count() as u64
}
