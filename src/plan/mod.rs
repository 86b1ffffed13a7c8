//! The planner: what is declared and what was observed become steps in a DAG. Pure: no sockets, files or clock.
//!
//! [`expand`] turns migrations into one [`Request`] a tag, as far as listings are known; [`plan`] decides an action
//! for each, with the gates (lint, network) that it depends on. `apply` has nothing left to choose.

mod address;
mod blobs;
mod cost;
mod decision;
mod document;
mod expand;
mod files;
mod fixes;
mod gates;
mod graph;
mod idle;
mod inventory;
mod layers;
mod merge;
mod organizations;
mod outcome;
mod paths;
mod planner;
mod prune;
#[cfg(test)]
mod schema;
mod scope;
mod step;
#[cfg(test)]
mod tests;

pub use address::Address;
pub use blobs::Holders;
pub use cost::{Requests, SourceRequests, TargetRequests};
pub use document::DocumentError;
pub use expand::{
    Catalog, Expansion, Listings, Request, Unlisted, expand, needed_catalogs, needed_created, needed_tags,
};
pub use fixes::{fix_addresses, planned_report};
pub use graph::{Graph, StepId};
pub use inventory::{Inventory, Location, Observed, SyncFacts};
pub use layers::large_layers;
pub use merge::target_conflict;
pub use organizations::{Organization, needed_organizations};
pub use outcome::{Event, Outcome, TARGET_MOVED, Tally};
pub use planner::{Plan, plan, used_registries};
pub use prune::{Surplus, TargetTags, needed_target_tags, surplus};
pub use scope::{Scope, ScopeError};
pub use step::{
    Action, FileEdit, FileWork, FixWork, LintFinding, LintWork, NetworkWork, OrganizationWork, PlannedBlob, PruneWork,
    SelectWork, Step, SyncWork, Transfer, Work,
};
