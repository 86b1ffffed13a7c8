//! Progress of an apply on standard error: bars on a terminal, a plain line a finished step otherwise.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::plan::{Address, Event, Outcome, Plan};

use super::{Bytes, escape};

/// Steps shown at a time; the total stands below them.
const BARS: usize = 8;

/// Shows events as they come.
#[derive(Debug)]
pub enum Progress {
    Bars(Bars),
    Lines,
    Silent,
}

#[derive(Debug)]
pub struct Bars {
    area: MultiProgress,
    total: ProgressBar,
    steps: BTreeMap<Address, ProgressBar>,
}

impl Progress {
    /// Bars that count towards the bytes of `plan`.
    #[must_use]
    pub fn bars(plan: &Plan) -> Self {
        let area = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let total = area.add(ProgressBar::new(plan.bytes()));
        total.set_style(style("{bytes} of {total_bytes} moved, {binary_bytes_per_sec}, {eta} left {wide_bar}"));
        total.enable_steady_tick(Duration::from_millis(200));
        Self::Bars(Bars { area, total, steps: BTreeMap::new() })
    }

    pub fn show(&mut self, event: &Event) {
        match self {
            Self::Silent => {}
            Self::Lines => show_line(event),
            Self::Bars(bars) => bars.show(event),
        }
    }

    /// Takes the bars away, so that the verdicts stand alone.
    pub fn finish(&mut self) {
        if let Self::Bars(bars) = self {
            bars.steps.values().for_each(ProgressBar::finish_and_clear);
            bars.total.finish_and_clear();
            let _ = bars.area.clear();
        }
    }
}

impl Bars {
    fn show(&mut self, event: &Event) {
        match event {
            Event::Started { address, action, bytes } if action.is_change() && self.steps.len() < BARS => {
                let bar = self.area.insert_before(&self.total, ProgressBar::new(*bytes));
                bar.set_style(style("  {prefix} {bar:24} {bytes}/{total_bytes}"));
                bar.set_prefix(escape::line(address.as_str()).into_owned());
                self.steps.insert(address.clone(), bar);
            }
            Event::Started { .. } => {}
            Event::Moved { address, bytes } => {
                self.total.inc(*bytes);
                if let Some(bar) = self.steps.get(address) {
                    bar.inc(*bytes);
                }
            }
            Event::Retried { address, lost, problem } => {
                self.total.set_position(self.total.position().saturating_sub(*lost));
                if let Some(bar) = self.steps.get(address) {
                    bar.set_position(bar.position().saturating_sub(*lost));
                }
                let _ = self.area.println(escape::line(&format!("retrying {address}: {problem}")));
            }
            Event::Finished { address, .. } => {
                if let Some(bar) = self.steps.remove(address) {
                    bar.finish_and_clear();
                }
            }
            Event::Stopping => {
                let _ = self.area.println(STOPPING);
            }
        }
    }
}

const STOPPING: &str = "stopping: what is under way is finished, nothing new starts; Ctrl-C again stops at once";

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn show_line(event: &Event) {
    let line = match event {
        Event::Retried { address, problem, .. } => format!("retrying {address}: {problem}"),
        Event::Finished { address, outcome } => match outcome {
            Outcome::Created { bytes } => format!("created {address} ({} moved)", Bytes(*bytes)),
            Outcome::Updated { bytes } => format!("updated {address} ({} moved)", Bytes(*bytes)),
            Outcome::Failed { problem } => format!("failed {address}: {problem}"),
            Outcome::Skipped { because } => format!("skipped {address}: {because}"),
            Outcome::Passed { .. } | Outcome::Unchanged { .. } | Outcome::Blocked { .. } => return,
        },
        Event::Stopping => STOPPING.to_owned(),
        Event::Started { .. } | Event::Moved { .. } => return,
    };
    // A reader that went away must not end the work.
    let _ = writeln!(std::io::stderr(), "{}", escape::line(&line));
}
