//! Migrations: which images move from where to where. Selection is pure; listings come from outside.

mod filter;
mod select;

pub use filter::{TagFilter, TagPattern, VersionRange, version_of};
pub use select::{Flatten, RepositoryPattern};

use crate::diag::{Span, Spanned};
use crate::image::{Platform, Repository};

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
    /// Tries after the first, for what is temporary.
    pub retries: u32,
    pub span: Span,
}

/// One `image` line.
#[derive(Clone, Debug)]
pub struct ImageRule {
    pub repositories: Spanned<RepositoryPattern>,
    pub tags: TagFilter,
    /// Platforms to keep of an index; empty keeps all.
    pub platforms: Vec<Spanned<Platform>>,
    /// `as`: the target repository, below the target's organization; only with one literal repository.
    pub rename: Option<Spanned<Repository>>,
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

impl Migration {
    pub const DEFAULT_RETRIES: u32 = 3;
}
