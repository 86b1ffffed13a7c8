//! The DAG of steps. Acyclic by construction: a step is added after those it depends on.

use std::collections::{BTreeSet, HashMap};

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::Bfs;

/// A step's place in its plan; steps stand after those they depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId(usize);

impl StepId {
    #[must_use]
    pub fn index(self) -> usize {
        self.0
    }
}

/// Which step waits for which.
///
/// Thousands of steps wait for the same thousand gates: between gates and steps stands a node for each set of gates,
/// so that edges grow with the steps and not with their product.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    nodes: DiGraph<Node, ()>,
    steps: Vec<NodeIndex>,
    sets: HashMap<Vec<StepId>, NodeIndex>,
}

#[derive(Clone, Copy, Debug)]
enum Node {
    Step(StepId),
    /// Stands for all its gates.
    Set,
}

impl Graph {
    /// Adds the next step, behind the steps of `after`.
    pub fn add(&mut self, after: &[StepId]) -> StepId {
        let id = StepId(self.steps.len());
        let node = self.nodes.add_node(Node::Step(id));
        self.steps.push(node);
        if !after.is_empty() {
            let gates: BTreeSet<StepId> = after.iter().copied().collect();
            let set = self.set(gates.into_iter().collect());
            self.nodes.add_edge(set, node, ());
        }
        id
    }

    fn set(&mut self, gates: Vec<StepId>) -> NodeIndex {
        if let Some(set) = self.sets.get(&gates) {
            return *set;
        }
        let set = self.nodes.add_node(Node::Set);
        for gate in &gates {
            self.nodes.add_edge(self.steps[gate.0], set, ());
        }
        self.sets.insert(gates, set);
        set
    }

    pub fn ids(&self) -> impl Iterator<Item = StepId> + use<> {
        (0..self.steps.len()).map(StepId)
    }

    /// What `step` waits for, in the order of the plan.
    #[must_use]
    pub fn gates(&self, step: StepId) -> Vec<StepId> {
        self.neighbours(step, Direction::Incoming)
    }

    /// What waits for `step`, in the order of the plan.
    #[must_use]
    pub fn dependents(&self, step: StepId) -> Vec<StepId> {
        self.neighbours(step, Direction::Outgoing)
    }

    /// The steps behind the sets next to `step`.
    fn neighbours(&self, step: StepId, direction: Direction) -> Vec<StepId> {
        let sets = self.nodes.neighbors_directed(self.steps[step.0], direction);
        let steps = sets.flat_map(|set| self.nodes.neighbors_directed(set, direction));
        let found: BTreeSet<StepId> = steps.filter_map(|node| self.step(node)).collect();
        found.into_iter().collect()
    }

    /// Everything that waits for `step`, directly or not, in the order of the plan.
    #[must_use]
    pub fn descendants(&self, step: StepId) -> Vec<StepId> {
        let mut walk = Bfs::new(&self.nodes, self.steps[step.0]);
        let nodes = std::iter::from_fn(|| walk.next(&self.nodes));
        let mut found: Vec<_> = nodes.filter_map(|node| self.step(node)).filter(|found| *found != step).collect();
        found.sort_unstable();
        found
    }

    fn step(&self, node: NodeIndex) -> Option<StepId> {
        match self.nodes[node] {
            Node::Step(id) => Some(id),
            Node::Set => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_behind_the_same_gates_share_them() {
        let mut graph = Graph::default();
        let gates: Vec<StepId> = (0..1_000).map(|_| graph.add(&[])).collect();
        let steps: Vec<StepId> = (0..1_000).map(|_| graph.add(&gates)).collect();
        assert_eq!(graph.nodes.edge_count(), 2_000);
        assert_eq!(graph.gates(steps[999]), gates);
        assert_eq!(graph.dependents(gates[0]), steps);
    }

    #[test]
    fn descendants_are_found_at_any_distance() {
        let mut graph = Graph::default();
        let first = graph.add(&[]);
        let second = graph.add(&[first, first]);
        let third = graph.add(&[first, second]);
        let apart = graph.add(&[]);
        assert_eq!(graph.descendants(first), [second, third]);
        assert_eq!(graph.dependents(first), [second, third]);
        assert_eq!((graph.gates(third), graph.descendants(apart)), (vec![first, second], vec![]));
    }
}
