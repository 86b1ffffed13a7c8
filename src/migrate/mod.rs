//! Migrations: which images move from where to where. Selection is pure; listings come from outside.

mod filter;
mod select;

pub use filter::{Age, Newest, TagFilter, TagPattern, VersionRange, version_of};
pub use select::{Copied, Flatten, RepositoryPattern};

use crate::diag::{Span, Spanned};
use crate::image::{Digest, Platform, Repository, Tag};

/// One `migrate` section.
#[derive(Clone, Debug)]
pub struct Migration {
    /// Name of a `registry` section.
    pub source: Spanned<String>,
    /// Names of `registry` sections, at least one.
    pub targets: Vec<Spanned<String>>,
    pub images: Vec<ImageRule>,
    pub attestations: Attestations,
    /// Leave target tags alone that exist, whatever they hold.
    pub missing_only: bool,
    /// Leave target tags alone whose image differs only in how its manifests are written.
    pub accept_equivalent: bool,
    /// What refers to the images is carried along.
    pub referrers: Option<Spanned<Referrers>>,
    /// Delete tags of the targets that the rules do not produce.
    pub prune: Option<Prune>,
    /// Tries after the first, for what is temporary.
    pub retries: u32,
    pub verify: Verify,
    pub span: Span,
}

/// Signatures, SBOMs and whatever else refers to an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Referrers {
    /// Also what cosign keeps under tags.
    Everything,
    /// Referrers of these artifact types.
    Types(Vec<String>),
}

/// Deleting at the targets is asked for, up to a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prune {
    /// Where there is more to delete, nothing is deleted.
    pub max_delete: usize,
}

/// What is read back at the target once an image is written there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verify {
    /// Nothing: the registry's answer to the push counts.
    #[default]
    None,
    /// The digest that its tag holds.
    Digest,
    /// Every byte of its manifests, config and layers.
    Pull,
}

/// One `image` line.
#[derive(Clone, Debug)]
pub struct ImageRule {
    pub repositories: Spanned<RepositoryPattern>,
    /// This manifest of one repository, whatever its tags hold; then `tags` is empty.
    pub digest: Option<Spanned<Digest>>,
    pub tags: TagFilter,
    /// Platforms to keep of an index; empty keeps all.
    pub platforms: Vec<Spanned<Platform>>,
    /// `as`: the target repository, below the target's organization; only with one literal repository.
    pub rename: Option<Spanned<Repository>>,
    /// What the one image of this rule is tagged with at the target, where its tag at the source is another or none.
    pub retag: Option<Spanned<Tag>>,
    pub flatten: Flatten,
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Attestations {
    /// Carried along, unless the target cannot hold them.
    #[default]
    Keep,
    Drop,
}

impl Verify {
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::None
    }
}

impl Migration {
    pub const DEFAULT_RETRIES: u32 = 3;
}
