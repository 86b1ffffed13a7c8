//! Progress of an apply on standard error: bars on a terminal, now and then a plain line otherwise. Verdicts are
//! `outcome`'s: where both streams end in one log, each stands there once.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::plan::{Address, Event, Outcome, Plan};

use super::{Bytes, escape};

/// Steps shown at a time; the total stands below them.
const BARS: usize = 8;

/// Shows events as they come.
#[derive(Debug)]
pub enum Progress {
    Bars(Bars),
    Lines(Lines),
    Silent,
}

/// Plain lines for logs: how far the whole is, every half a minute.
#[derive(Debug)]
pub struct Lines {
    steps: usize,
    bytes: u64,
    done: usize,
    moved: u64,
    last: Instant,
}

/// Some runners of jobs end what is silent for minutes.
const LINE_EVERY: Duration = Duration::from_secs(30);

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

    /// Lines that count towards the changes of `plan`, the first of them at once.
    #[must_use]
    pub fn lines(plan: &Plan) -> Self {
        let steps = plan.steps().iter().filter(|step| step.action.is_change()).count();
        let lines = Lines { steps, bytes: plan.bytes(), done: 0, moved: 0, last: Instant::now() };
        lines.write();
        Self::Lines(lines)
    }

    pub fn show(&mut self, event: &Event) {
        match self {
            Self::Silent => {}
            Self::Lines(lines) => lines.show(event),
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
            Event::Started { .. } | Event::Mounted { .. } => {}
            Event::Moved { address, bytes } => {
                self.total.inc(*bytes);
                if let Some(bar) = self.steps.get(address) {
                    bar.inc(*bytes);
                }
            }
            Event::Retried { .. } => {
                let _ = self.area.println(retry_line(event));
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

/// Empty for every other event.
fn retry_line(event: &Event) -> String {
    let Event::Retried { address, attempt, retries, pause, problem, .. } = event else { return String::new() };
    let pause = pause.as_secs_f32();
    escape::line(&format!("retrying {address} in {pause} s ({attempt} of {retries}): {problem}")).into_owned()
}

impl Lines {
    fn show(&mut self, event: &Event) {
        match event {
            Event::Retried { .. } => write_line(&retry_line(event)),
            Event::Moved { bytes, .. } => self.moved += bytes,
            Event::Finished {
                outcome: Outcome::Created { .. } | Outcome::Updated { .. } | Outcome::Deleted, ..
            } => self.done += 1,
            Event::Finished { .. } | Event::Started { .. } | Event::Mounted { .. } => {}
            Event::Stopping => write_line(STOPPING),
        }
        if self.last.elapsed() >= LINE_EVERY {
            self.last = Instant::now();
            self.write();
        }
    }

    fn write(&self) {
        let Self { steps, bytes, done, moved, last: _ } = self;
        write_line(&format!("{done} of {steps} changes done, {} of {} moved", Bytes(*moved), Bytes(*bytes)));
    }
}

fn write_line(line: &str) {
    // A reader that went away must not end the work.
    let _ = writeln!(std::io::stderr(), "{}", escape::line(line));
}
