//! What was observed: the planner's only knowledge of the world.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::diag::{Problem, Wording};
use crate::image::rewrite::ImageTree;
use crate::image::{Descriptor, Digest, ManifestReference, Repository};
use crate::lint::LintedDockerfile;
use crate::network::PathReport;
use crate::network::managed::FileFacts;
use crate::project::Project;

use super::expand::Expansion;
use super::organizations::Organization;
use super::prune::Surplus;

/// A fact, or why it could not be found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observed<T> {
    Known(T),
    Unknown { why: Problem },
}

impl<T> From<Result<T, Problem>> for Observed<T> {
    fn from(result: Result<T, Problem>) -> Self {
        match result {
            Ok(value) => Self::Known(value),
            Err(why) => Self::Unknown { why },
        }
    }
}

/// A tag, or a manifest by its digest, in one of the declared registries.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Location {
    /// Name of a `registry` section.
    pub registry: String,
    pub repository: Repository,
    pub reference: ManifestReference,
}

impl Location {
    /// The same under the first section that names its registry: what is found at one place is one thing, whoever logs in.
    #[must_use]
    pub fn at_home(&self, project: &Project) -> Self {
        Self { registry: project.home(&self.registry).to_owned(), ..self.clone() }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.reference.tag().is_some() { ':' } else { '@' };
        write!(f, "{}/{}{sign}{}", self.registry, self.repository, self.reference)
    }
}

/// What both sides of one request hold.
#[derive(Clone, Debug)]
pub struct SyncFacts {
    pub source: Observed<Option<Descriptor>>,
    /// What its tag holds.
    pub target: Observed<Option<Digest>>,
    /// The image as it would be written, where something has to be: read only when digests do not settle it.
    pub image: Option<Result<ImageTree, Problem>>,
    /// The target holds the same image, written in other words; looked at only where that is good enough.
    pub equivalent: bool,
    /// What its signatures and referrers lose because its digest changes.
    pub unsigned: Option<Wording>,
    /// Why it is not known what refers to it.
    pub referrers_unknown: Option<Problem>,
}

/// Everything observed for one project.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    pub dockerfiles: Vec<LintedDockerfile>,
    /// Files in which the project keeps lines, where something is to be done or said about them.
    pub files: Vec<FileFacts>,
    /// By name of the registry; OCI layouts have no path to prove.
    pub paths: BTreeMap<String, PathReport>,
    pub expansion: Expansion,
    /// Whether they exist, as far as that was found out.
    pub organizations: BTreeMap<Organization, Observed<bool>>,
    /// By target; a request without facts is blocked by its gates.
    pub syncs: BTreeMap<Location, SyncFacts>,
    /// Tags at targets that no rule produces.
    pub surplus: Vec<Surplus>,
    /// Blobs known to be at a target, under one of the sections that lead there; in an OCI layout every repository holds what one holds.
    pub held: BTreeSet<(String, Repository, Digest)>,
    /// Names of registries that are OCI layouts: their blobs belong to no repository.
    pub layouts: BTreeSet<String>,
}
