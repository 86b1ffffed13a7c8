//! The report as one JSON document (`schema/report.schema.json`).

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::image::Digest;
use crate::plan::{Address, Outcome, Tally, Work};

use super::{Course, Run, State, tally};

/// Version of the document's form.
const FORMAT_VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    format_version: u32,
    project: &'a str,
    project_digest: &'a Digest,
    partial: bool,
    state: State,
    began: String,
    seconds: f64,
    tally: Tally,
    steps: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    address: &'a Address,
    kind: &'static str,
    /// What was planned.
    action: crate::plan::Action,
    #[serde(flatten)]
    sides: Option<Sides<'a>>,
    /// `pending` or the verdict, with what belongs to it.
    #[serde(flatten)]
    outcome: Value,
    moved: u64,
    mounted: u64,
    seconds: f64,
    retries: u32,
}

#[derive(Serialize)]
struct Sides<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    target: String,
    before: Option<&'a Digest>,
    after: Option<&'a Digest>,
}

/// The report as a JSON document.
#[must_use]
pub fn json(run: &Run<'_>) -> String {
    let steps: Vec<_> = run.steps().collect();
    let document = Document {
        format_version: FORMAT_VERSION,
        project: &run.plan.project,
        project_digest: &run.plan.project_digest,
        partial: run.plan.partial,
        state: run.state,
        began: run.began.to_string(),
        seconds: seconds(run.lasted),
        tally: tally(&steps),
        steps: steps
            .iter()
            .map(|(step, course, outcome)| Entry {
                address: &step.address,
                kind: step.work.kind(),
                action: step.action,
                sides: sides(&step.work),
                outcome: run.lang.write(|| verdict(outcome.as_ref())),
                moved: course.moved,
                mounted: course.mounted,
                seconds: seconds(course.lasted(run.lasted)),
                retries: course.retries,
            })
            .collect(),
    };
    let mut text = run.lang.write(|| serde_json::to_string_pretty(&document)).expect("a report has string keys only");
    text.push('\n');
    text
}

fn verdict(outcome: Option<&Outcome>) -> Value {
    let Some(outcome) = outcome else { return serde_json::json!({ "outcome": "pending" }) };
    let mut value = serde_json::to_value(outcome).expect("an outcome has string keys only");
    if let Some(fields) = value.as_object_mut() {
        // `moved` says it for every outcome.
        fields.remove("bytes");
    }
    value
}

fn sides(work: &Work) -> Option<Sides<'_>> {
    let (source, target, before, after) = match work {
        Work::Sync(sync) => (Some(&sync.source), &sync.target, &sync.before, sync.after.as_ref()),
        Work::Prune(prune) => (None, &prune.target, &prune.before, None),
        _ => return None,
    };
    Some(Sides { source: source.map(ToString::to_string), target: target.to_string(), before: before.as_ref(), after })
}

impl Course {
    /// From its start to its end, or to now.
    pub(super) fn lasted(&self, now: Duration) -> Duration {
        self.started.map_or(Duration::ZERO, |started| self.finished.unwrap_or(now).saturating_sub(started))
    }
}

/// In milliseconds: what is behind them is noise.
fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1000.0).round() / 1000.0
}
