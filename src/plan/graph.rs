//! The DAG of steps. Acyclic by construction: a step is added after those it depends on.

use std::collections::BTreeSet;

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::Bfs;

/// A step's place in its plan; steps stand after those they depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId(NodeIndex);

impl StepId {
    #[must_use]
    pub fn index(self) -> usize {
        self.0.index()
    }
}

/// Which step waits for which.
#[derive(Clone, Debug, Default)]
pub struct Graph(DiGraph<(), ()>);

impl Graph {
    /// Adds the next step, behind the steps of `after`.
    pub fn add(&mut self, after: &[StepId]) -> StepId {
        let node = self.0.add_node(());
        let after: BTreeSet<_> = after.iter().collect();
        for gate in after {
            self.0.add_edge(gate.0, node, ());
        }
        StepId(node)
    }

    pub fn ids(&self) -> impl Iterator<Item = StepId> + use<> {
        self.0.node_indices().map(StepId)
    }

    /// What `step` waits for, in the order of the plan.
    #[must_use]
    pub fn gates(&self, step: StepId) -> Vec<StepId> {
        let mut gates: Vec<_> = self.0.neighbors_directed(step.0, Direction::Incoming).map(StepId).collect();
        gates.sort();
        gates
    }

    /// What waits for `step`, in the order of the plan.
    #[must_use]
    pub fn dependents(&self, step: StepId) -> Vec<StepId> {
        let mut dependents: Vec<_> = self.0.neighbors(step.0).map(StepId).collect();
        dependents.sort();
        dependents
    }

    /// Everything that waits for `step`, directly or not.
    #[must_use]
    pub fn descendants(&self, step: StepId) -> Vec<StepId> {
        let mut walk = Bfs::new(&self.0, step.0);
        let mut found: Vec<_> =
            std::iter::from_fn(|| walk.next(&self.0)).filter(|n| *n != step.0).map(StepId).collect();
        found.sort();
        found
    }
}
