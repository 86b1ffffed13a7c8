//! What rules know of the world: tables only, each as of a year. Nothing here decides anything.

pub(super) mod bystanders;
pub(super) mod context_files;
pub(super) mod daemons;
pub(super) mod end_of_life;
pub(super) mod installers;
pub(super) mod programs;
pub(super) mod recommends;
pub(super) mod runtimes;
pub(super) mod servers;
pub(super) mod spdx;
