//! The report of an apply: every step's verdict, bytes, seconds and retries, as JSON or as Markdown for a pull request.

mod json;
mod markdown;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::diag::Lang;
use crate::plan::{Action, Address, Event, Outcome, Plan, Step, Tally};

pub use json::json;
pub use markdown::markdown;

/// How far an apply is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Also what stays when the process is killed.
    Running,
    Finished,
    /// Stopped by the user: what was under way was let finish, or not.
    Interrupted,
}

/// What happened to each step so far, gathered from events.
#[derive(Clone, Debug, Default)]
pub struct Record {
    courses: BTreeMap<Address, Course>,
    /// The user asked to stop.
    stopping: bool,
}

/// One step's way through an apply.
#[derive(Clone, Debug, Default)]
struct Course {
    /// Since the apply began.
    started: Option<Duration>,
    finished: Option<Duration>,
    moved: u64,
    mounted: u64,
    retries: u32,
    outcome: Option<Outcome>,
}

/// An apply as its report tells it.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    pub plan: &'a Plan,
    pub record: &'a Record,
    pub state: State,
    pub began: jiff::Timestamp,
    pub lasted: Duration,
    /// Of its sentences.
    pub lang: Lang,
}

impl Record {
    /// Takes an event in that came so long after the apply began.
    pub fn note(&mut self, event: &Event, at: Duration) {
        match event {
            Event::Started { address, .. } => self.course(address).started = Some(at),
            Event::Moved { address, bytes } => self.course(address).moved += bytes,
            Event::Mounted { address, bytes } => self.course(address).mounted += bytes,
            Event::Retried { address, .. } => self.course(address).retries += 1,
            Event::Finished { address, outcome } => {
                let course = self.course(address);
                course.finished = Some(at);
                course.outcome = Some(outcome.clone());
            }
            Event::Stopping => self.stopping = true,
        }
    }

    #[must_use]
    pub const fn is_stopping(&self) -> bool {
        self.stopping
    }

    fn course(&mut self, address: &Address) -> &mut Course {
        self.courses.entry(address.clone()).or_default()
    }
}

/// What it all came to so far; bytes that moved did so whatever became of their step.
fn tally(steps: &[(&Step, Course, Option<Outcome>)]) -> Tally {
    let tally = Tally::of(steps.iter().filter_map(|(_, _, outcome)| outcome.as_ref()));
    let bytes = steps.iter().fold(0_u64, |sum, (_, course, _)| sum.saturating_add(course.moved));
    Tally { bytes, ..tally }
}

impl Run<'_> {
    /// Every step with its course and its verdict, in the order of the plan.
    fn steps(&self) -> impl Iterator<Item = (&Step, Course, Option<Outcome>)> {
        self.plan.steps().iter().map(|step| {
            let course = self.record.courses.get(&step.address).cloned().unwrap_or_default();
            let outcome = course.outcome.clone().or_else(|| self.without_events(step));
            (step, course, outcome)
        })
    }

    /// What became of a step that no event told of; `None` while it may still happen.
    fn without_events(&self, step: &Step) -> Option<Outcome> {
        match (self.state, step.action) {
            (State::Running, _) => None,
            (State::Interrupted, _) => Some(Outcome::Skipped { because: Outcome::INTERRUPTED }),
            (State::Finished, Action::Blocked) => Some(Outcome::Blocked { problem: step.blocked_by() }),
            (State::Finished, _) => Some(Outcome::Unchanged { note: step.reason.clone() }),
        }
    }
}

#[cfg(test)]
mod tests;
