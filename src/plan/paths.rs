//! By which paths a plan moves what it moves.

use std::collections::BTreeMap;

use crate::network::TakenPath;

use super::planner::Plan;
use super::step::Work;

impl Plan {
    /// The paths to the registries that its changes read from or write to, as they were when it was made.
    #[must_use]
    pub fn used_paths(&self) -> BTreeMap<&str, &TakenPath> {
        let gates = self.graph.ids().filter_map(|id| match &self.step(id).work {
            Work::Network(work) => Some((id, work)),
            _ => None,
        });
        let is_used = |id| self.graph.descendants(id).into_iter().any(|step| self.step(step).action.is_change());
        gates.filter(|(id, _)| is_used(*id)).map(|(_, work)| (work.registry.as_str(), &work.path)).collect()
    }
}
