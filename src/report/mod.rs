//! Renders what the other layers found, for people and for machines. Pure, but for `progress`, which draws on the
//! terminal while an apply runs.

pub mod diagnostic;
pub mod diff;
pub mod escape;
mod excerpt;
pub mod explain;
mod graph;
pub mod lint;
pub mod network;
mod outcome;
mod plan;
pub mod progress;
pub mod run;
mod size;

pub use diagnostic::Style;
pub use graph::{dot, mermaid};
pub use outcome::{end, event_json, outcome, outcomes, summary_json};
pub use plan::human as plan;
pub use size::Bytes;
