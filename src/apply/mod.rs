//! Carries a plan out: walks the graph with bounded concurrency, and ends with one outcome for every step.
//!
//! Nothing is decided here. Each step checks again what it relies on; a failed step skips exactly its descendants.

mod attributes;
mod crew;
mod edit;
pub mod files;
mod gates;
mod groups;
mod organization;
mod paths;
mod prune;
mod recompress;
mod session;
mod shelf;
mod sync;
mod tee;
mod transfer;
mod tries;
mod verify;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::diag::{Problem, say};
use crate::image::rewrite::ImageTree;
use crate::migrate::Verify;
use crate::network::TakenPath;
use crate::plan::{Action, Address, Event, Inventory, Location, Outcome, Plan, Step, StepId, Work};
use crate::project::Project;
use crate::registry::{Access, Retry};
use crate::state::Uploads;
use crate::store::{Reads, Store, Stores};

pub use paths::changed_paths;

use groups::Groups;
use shelf::Shelves;
use sync::Copy;

/// Images under way at a time; each registry's own limits hold below it.
const IMAGES_AT_A_TIME: usize = 16;

/// What carrying out a plan needs beside the plan.
pub struct Context {
    pub project: Arc<Project>,
    pub stores: Arc<Stores>,
    /// Images read while planning, by target; what is missing is read again.
    pub images: BTreeMap<Location, ImageTree>,
    /// What had to be read again: steps that share a manifest read it once.
    pub reads: Reads,
    pub today: Date,
    /// The paths that must be as they were when the plan was made, by registry.
    pub pinned: BTreeMap<String, TakenPath>,
    /// Large uploads under way, for the next run.
    pub uploads: Uploads,
    /// What is read back after each push, in place of what the plan says.
    pub verify: Option<Verify>,
    pub events: mpsc::UnboundedSender<Event>,
    /// True once the user wants to stop: what is under way ends, nothing new starts.
    pub stop: watch::Receiver<bool>,
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("project", &self.project.name.value).finish_non_exhaustive()
    }
}

/// The images of an inventory, for [`Context::images`].
#[must_use]
pub fn images_of(inventory: Inventory) -> BTreeMap<Location, ImageTree> {
    let images = inventory.syncs.into_iter();
    images.filter_map(|(target, facts)| Some((target, facts.image?.ok()?))).collect()
}

/// Carries `plan` out. The outcomes stand in the order of the plan's steps.
pub async fn apply(plan: &Plan, context: Context) -> Vec<Outcome> {
    expect_logins(plan, &context.stores);
    let shelves = Arc::new(Shelves::promised_by(plan, &context.project));
    let (sender, ended) = mpsc::unbounded_channel();
    let mut run = Run {
        plan,
        outcomes: vec![None; plan.steps().len()],
        waiting_for: plan.graph().ids().map(|id| plan.graph().gates(id).len()).collect(),
        groups: Groups::of(plan, &context.project),
        ready: BTreeSet::new(),
        running: JoinSet::new(),
        sender,
        ended,
        context: Arc::new(context),
        shelves,
    };
    for id in plan.graph().ids().filter(|id| run.waiting_for[id.index()] == 0).collect::<Vec<_>>() {
        run.settle(id);
    }
    run.drive().await
}

/// Tells what is going to be done where.
fn expect_logins(plan: &Plan, stores: &Stores) {
    let changes = plan.steps().iter().filter(|step| step.action.is_change());
    let wanted = changes.flat_map(|step| match &step.work {
        Work::Sync(sync) => vec![(&sync.source, Access::Pull), (&sync.target, Access::PullPush)],
        Work::Prune(prune) => vec![(&prune.target, Access::Delete)],
        _ => vec![],
    });
    stores.expect(wanted.map(|(place, access)| (place.registry.as_str(), &place.repository, access)));
}

struct Run<'a> {
    plan: &'a Plan,
    outcomes: Vec<Option<Outcome>>,
    /// Gates that have no outcome yet, by step.
    waiting_for: Vec<usize>,
    /// Steps that are carried out together.
    groups: Groups,
    /// Groups whose steps all have open gates or an outcome, by the bytes they move: the largest starts first, so that it
    /// does not make the tail; the plan's order among equals.
    ready: BTreeSet<(u64, Reverse<usize>)>,
    /// One task a group.
    running: JoinSet<()>,
    /// Outcomes of steps, as they come; the sender is given to the tasks.
    sender: mpsc::UnboundedSender<(StepId, Outcome)>,
    ended: mpsc::UnboundedReceiver<(StepId, Outcome)>,
    context: Arc<Context>,
    shelves: Arc<Shelves>,
}

impl Run<'_> {
    async fn drive(mut self) -> Vec<Outcome> {
        loop {
            self.start_what_is_ready();
            // A task sends its outcomes before it ends: with the last task the last outcome is there.
            tokio::select! {
                biased;
                Some((id, outcome)) = self.ended.recv() => self.finish(id, outcome),
                ended = self.running.join_next() => match ended {
                    Some(ended) => ended.expect("a step does not panic"),
                    None => break,
                },
            }
        }
        // Only an interrupt leaves steps without an outcome.
        let outcomes = self.outcomes.into_iter().zip(self.plan.steps()).map(|(outcome, step)| {
            outcome.unwrap_or_else(|| {
                let outcome = Outcome::Skipped { because: Outcome::INTERRUPTED };
                self.context.send(Event::Finished { address: step.address.clone(), outcome: outcome.clone() });
                outcome
            })
        });
        outcomes.collect()
    }

    /// Notes that a step has open gates or an outcome.
    fn settle(&mut self, id: StepId) {
        if let Some(group) = self.groups.settle(id) {
            let size = self.groups.steps(group).iter().map(|id| bytes(self.plan.step(*id))).max();
            self.ready.insert((size.unwrap_or_default(), Reverse(group)));
        }
    }

    fn start_what_is_ready(&mut self) {
        while self.running.len() < IMAGES_AT_A_TIME && !*self.context.stop.borrow() {
            let Some((_, Reverse(group))) = self.ready.pop_last() else { break };
            let mut steps = Vec::new();
            for id in self.groups.steps(group).to_vec() {
                let step = self.plan.step(id);
                if self.outcomes[id.index()].is_some() {
                    continue;
                }
                if step.action == Action::Blocked {
                    self.finish(id, Outcome::Blocked { problem: step.blocked_by() });
                    continue;
                }
                steps.push((id, step.clone()));
            }
            if !steps.is_empty() {
                self.start(steps);
            }
        }
    }

    fn start(&mut self, steps: Vec<(StepId, Step)>) {
        let (context, shelves, sender) = (Arc::clone(&self.context), Arc::clone(&self.shelves), self.sender.clone());
        self.running.spawn(async move {
            for (_, step) in &steps {
                let event = Event::Started { address: step.address.clone(), action: step.action, bytes: bytes(step) };
                context.send(event);
            }
            carry_out(&steps, &context, &shelves, &sender).await;
        });
    }

    fn finish(&mut self, id: StepId, outcome: Outcome) {
        let address = self.plan.step(id).address.clone();
        let opened = outcome.is_success();
        self.context.send(Event::Finished { address: address.clone(), outcome: outcome.clone() });
        self.outcomes[id.index()] = Some(outcome);
        if !opened {
            return self.skip_descendants(id, &address);
        }
        for dependent in self.plan.graph().dependents(id) {
            self.waiting_for[dependent.index()] -= 1;
            if self.waiting_for[dependent.index()] == 0 && self.outcomes[dependent.index()].is_none() {
                self.settle(dependent);
            }
        }
    }

    fn skip_descendants(&mut self, id: StepId, because: &Address) {
        for descendant in self.plan.graph().descendants(id) {
            if self.outcomes[descendant.index()].is_some() {
                continue;
            }
            let step = self.plan.step(descendant);
            let outcome = if step.action == Action::Blocked {
                Outcome::Blocked { problem: step.blocked_by() }
            } else {
                Outcome::Skipped { because: say!("{because} did not succeed", "{because} 没有成功", because) }
            };
            let address = step.address.clone();
            self.context.send(Event::Finished { address, outcome: outcome.clone() });
            self.outcomes[descendant.index()] = Some(outcome);
            self.settle(descendant);
        }
    }
}

impl Context {
    /// The store of a step, which tells of what it asks again.
    fn store(&self, step: &Address, registry: &str) -> Result<Store, Problem> {
        // Requests that nobody waits for any more keep no listener.
        let (events, address) = (self.events.downgrade(), step.clone());
        Ok(self.stores.get(registry)?.watched(move |retry| {
            let Retry { attempt, retries, pause, problem } = retry;
            let event = Event::Retried { address: address.clone(), attempt, retries, pause, problem };
            let _ = events.upgrade().map(|events| events.send(event));
        }))
    }

    /// A listener that went away misses the rest; the work goes on.
    fn send(&self, event: Event) {
        let _ = self.events.send(event);
    }
}

fn bytes(step: &Step) -> u64 {
    match &step.work {
        Work::Sync(sync) => sync.bytes,
        _ => 0,
    }
}

/// Carries out steps that belong together; those of several are syncs.
async fn carry_out(
    steps: &[(StepId, Step)],
    context: &Context,
    shelves: &Shelves,
    ended: &mpsc::UnboundedSender<(StepId, Outcome)>,
) {
    let mut copies = Vec::new();
    for (id, step) in steps {
        let outcome = match &step.work {
            Work::Fix(work) => edit::fix(work, context).await,
            Work::File(work) => edit::file(work, context).await,
            Work::Lint(work) => gates::lint(work, context).await,
            Work::Network(work) => gates::network(work, context).await,
            Work::Organization(_) if step.action == Action::Unchanged => Outcome::Passed { note: step.reason.clone() },
            Work::Organization(work) => organization::create(work, context).await,
            Work::Select(_) => Outcome::Skipped {
                because: say!("it could not be listed when the plan was made", "制定计划时无法列出它"),
            },
            Work::Prune(work) => prune::prune(work, context).await,
            Work::Sync(_) if step.action == Action::Unchanged => Outcome::Unchanged { note: step.reason.clone() },
            Work::Sync(work) => {
                copies.push(Copy { id: *id, step, work });
                continue;
            }
        };
        let _ = ended.send((*id, outcome));
    }
    if !copies.is_empty() {
        crew::copy_all(copies, context, shelves, ended).await;
    }
}
