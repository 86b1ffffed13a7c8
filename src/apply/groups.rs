//! Which steps are carried out together: those that bring one image to several targets.

use std::collections::HashMap;

use crate::image::Digest;
use crate::plan::{Location, Plan, Step, StepId, Work};
use crate::project::Project;

/// Every step stands in one group.
pub(super) struct Groups {
    groups: Vec<Group>,
    /// By step.
    of: Vec<usize>,
}

#[derive(Default)]
struct Group {
    steps: Vec<StepId>,
    /// Steps that wait for a gate.
    waiting: usize,
}

/// What steps of one group have in common, and which of those for the same target one is.
type Key = (Location, Digest, usize);

impl Groups {
    pub(super) fn of(plan: &Plan, project: &Project) -> Self {
        let (mut groups, mut of) = (Vec::<Group>::new(), Vec::with_capacity(plan.steps().len()));
        let (mut known, mut numbers) = (HashMap::<Key, usize>::new(), HashMap::new());
        for id in plan.graph().ids() {
            let group = match image(plan.step(id), project) {
                Some((source, digest, target)) => {
                    // The same image to one target under two names: the second mounts what the first brought.
                    let number = numbers.entry((source, digest, target)).or_insert(0);
                    *number += 1;
                    *known.entry((source.clone(), digest.clone(), *number)).or_insert(groups.len())
                }
                None => groups.len(),
            };
            if group == groups.len() {
                groups.push(Group::default());
            }
            groups[group].steps.push(id);
            groups[group].waiting += 1;
            of.push(group);
        }
        Self { groups, of }
    }

    pub(super) fn steps(&self, group: usize) -> &[StepId] {
        &self.groups[group].steps
    }

    /// Notes that a step waits no more; its group, when that was the last one.
    pub(super) fn settle(&mut self, step: StepId) -> Option<usize> {
        let group = self.of[step.index()];
        let waiting = &mut self.groups[group].waiting;
        *waiting -= 1;
        (*waiting == 0).then_some(group)
    }
}

/// Source, content and target's place of a step that writes an image.
fn image<'a>(step: &'a Step, project: &'a Project) -> Option<(&'a Location, &'a Digest, &'a str)> {
    match &step.work {
        Work::Sync(sync) if step.action.is_change() => {
            Some((&sync.source, sync.source_digest.as_ref()?, project.home(&sync.target.registry)))
        }
        _ => None,
    }
}
