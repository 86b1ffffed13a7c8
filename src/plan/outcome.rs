//! What became of each step, and the events of an apply as they happen.

use std::time::Duration;

use crate::diag::{Problem, Wording, say};
use crate::image::Digest;

use super::address::Address;
use super::step::Action;

/// Code of the problem that a target's tag is not what it was when the plan was made.
pub const TARGET_MOVED: &str = "target-moved";

/// Exactly one for every step of a plan that was applied.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub enum Outcome {
    /// The gate is open.
    Passed { note: Wording },
    /// The target was already as planned.
    Unchanged { note: Wording },
    Created {
        bytes: u64,
        /// Of a sync: what the target's tag holds now.
        #[serde(skip_serializing_if = "Option::is_none")]
        digest: Option<Digest>,
    },
    Updated {
        bytes: u64,
        /// Of a sync: what the target's tag holds now.
        #[serde(skip_serializing_if = "Option::is_none")]
        digest: Option<Digest>,
    },
    /// The tag is gone.
    Deleted,
    /// The plan said so already.
    Blocked { problem: Problem },
    /// Not tried, because of another step or an interrupt.
    Skipped { because: Wording },
    Failed {
        problem: Problem,
        /// Moved all the same.
        bytes: u64,
    },
}

impl Outcome {
    /// Why a step is skipped that the user did not let begin.
    pub const INTERRUPTED: Wording = say!("interrupted", "被中断");

    /// Where nothing moved.
    #[must_use]
    pub const fn failed(problem: Problem) -> Self {
        Self::Failed { problem, bytes: 0 }
    }

    /// Its name in documents and reports.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Passed { .. } => "passed",
            Self::Unchanged { .. } => "unchanged",
            Self::Created { .. } => "created",
            Self::Updated { .. } => "updated",
            Self::Deleted => "deleted",
            Self::Blocked { .. } => "blocked",
            Self::Skipped { .. } => "skipped",
            Self::Failed { .. } => "failed",
        }
    }

    /// What the target's tag of a sync that was written holds now.
    #[must_use]
    pub const fn digest(&self) -> Option<&Digest> {
        match self {
            Self::Created { digest, .. } | Self::Updated { digest, .. } => digest.as_ref(),
            _ => None,
        }
    }

    /// Does this open the way for the steps that come after?
    #[must_use]
    pub const fn is_success(&self) -> bool {
        !matches!(self, Self::Blocked { .. } | Self::Skipped { .. } | Self::Failed { .. })
    }
}

/// Something that happened while a plan was applied.
#[derive(Clone, Debug)]
pub enum Event {
    Started {
        address: Address,
        action: Action,
        bytes: u64,
    },
    /// Bytes of blobs on their way to the target since the last such event; what is sent again counts once.
    Moved {
        address: Address,
        bytes: u64,
    },
    /// A blob of so many bytes that the target took over from another of its repositories.
    Mounted {
        address: Address,
        bytes: u64,
    },
    /// A transfer is tried again after something temporary.
    Retried {
        address: Address,
        /// From 1.
        attempt: u32,
        /// Tries that are allowed after the first.
        retries: u32,
        pause: Duration,
        problem: Problem,
    },
    Finished {
        address: Address,
        outcome: Outcome,
    },
    /// First Ctrl-C: nothing new is started.
    Stopping,
}

/// How many steps ended how; open gates are not counted, as a plan does not count them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Tally {
    pub created: usize,
    pub updated: usize,
    pub deleted: usize,
    pub unchanged: usize,
    pub blocked: usize,
    pub skipped: usize,
    pub failed: usize,
    /// Bytes moved.
    pub bytes: u64,
}

impl Tally {
    #[must_use]
    pub fn of<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>) -> Self {
        let mut tally = Self::default();
        for outcome in outcomes {
            match outcome {
                Outcome::Passed { .. } => {}
                Outcome::Unchanged { .. } => tally.unchanged += 1,
                Outcome::Created { bytes, .. } => {
                    tally.created += 1;
                    tally.bytes = tally.bytes.saturating_add(*bytes);
                }
                Outcome::Updated { bytes, .. } => {
                    tally.updated += 1;
                    tally.bytes = tally.bytes.saturating_add(*bytes);
                }
                Outcome::Deleted => tally.deleted += 1,
                Outcome::Blocked { .. } => tally.blocked += 1,
                Outcome::Skipped { .. } => tally.skipped += 1,
                Outcome::Failed { bytes, .. } => {
                    tally.failed += 1;
                    tally.bytes = tally.bytes.saturating_add(*bytes);
                }
            }
        }
        tally
    }

    #[must_use]
    pub const fn is_success(&self) -> bool {
        self.blocked + self.skipped + self.failed == 0
    }
}
