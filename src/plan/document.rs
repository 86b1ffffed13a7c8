//! A plan as a document: `plan --json` and `plan --out` write it, `apply PLANFILE` reads it. It holds no secret.

use std::collections::BTreeMap;

use crate::image::Digest;

use super::address::Address;
use super::graph::Graph;
use super::planner::Plan;
use super::step::{Action, Step};

/// Version of the document's form; a reader refuses every other.
pub(super) const FORMAT_VERSION: u32 = 1;

#[derive(serde::Serialize, serde::Deserialize)]
struct Document {
    format_version: u32,
    project: String,
    project_digest: Digest,
    partial: bool,
    summary: Summary,
    steps: Vec<Entry>,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Summary {
    create: usize,
    update: usize,
    delete: usize,
    blocked: usize,
    bytes: u64,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Entry {
    #[serde(flatten)]
    step: Step,
    /// Addresses of earlier steps that it waits for.
    gates: Vec<Address>,
}

/// Why a text is not a plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    #[error("it is not a plan of swrctl: {0}")]
    Malformed(String),
    #[error("it has format version {found}, and this swrctl reads version {FORMAT_VERSION}")]
    Version { found: u64 },
    #[error("its step {step} waits for {gate}, which does not stand before it")]
    Order { step: Address, gate: Address },
}

impl Plan {
    /// The plan as one JSON document.
    #[must_use]
    pub fn to_json(&self) -> String {
        let entries = self.graph.ids().zip(&self.steps).map(|(id, step)| Entry {
            step: step.clone(),
            gates: self.graph.gates(id).into_iter().map(|gate| self.step(gate).address.clone()).collect(),
        });
        let document = Document {
            format_version: FORMAT_VERSION,
            project: self.project.clone(),
            project_digest: self.project_digest.clone(),
            partial: self.partial,
            summary: Summary {
                create: self.count(Action::Create),
                update: self.count(Action::Update),
                delete: 0,
                blocked: self.count(Action::Blocked),
                bytes: self.bytes(),
            },
            steps: entries.collect(),
        };
        let mut text = serde_json::to_string_pretty(&document).expect("a plan has string keys only");
        text.push('\n');
        text
    }

    /// # Errors
    /// When the text is not a plan of this version.
    pub fn from_json(text: &str) -> Result<Self, DocumentError> {
        let malformed = |error: serde_json::Error| DocumentError::Malformed(error.to_string());
        let version: serde_json::Value = serde_json::from_str(text).map_err(malformed)?;
        match version.get("format_version").and_then(serde_json::Value::as_u64) {
            Some(found) if found == u64::from(FORMAT_VERSION) => {}
            Some(found) => return Err(DocumentError::Version { found }),
            None => return Err(DocumentError::Malformed("it has no `format_version`".to_owned())),
        }
        let document: Document = serde_json::from_value(version).map_err(malformed)?;
        let mut plan = Self {
            project: document.project,
            project_digest: document.project_digest,
            partial: document.partial,
            steps: Vec::with_capacity(document.steps.len()),
            graph: Graph::default(),
        };
        let mut ids = BTreeMap::new();
        for Entry { step, gates } in document.steps {
            let gate = |gate: Address| {
                ids.get(&gate).copied().ok_or_else(|| DocumentError::Order { step: step.address.clone(), gate })
            };
            let gates = gates.into_iter().map(gate).collect::<Result<Vec<_>, _>>()?;
            ids.insert(step.address.clone(), plan.graph.add(&gates));
            plan.steps.push(step);
        }
        Ok(plan)
    }
}
