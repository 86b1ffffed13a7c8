//! What an apply tells while it runs. A reader that stops reading holds up neither the work nor Ctrl-C: threads of their own
//! write to terminals and pipes.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::diag::Lang;
use crate::plan::{Address, Event, Plan, Step};
use crate::report::{self, Style, progress::Progress};

use super::output::{Failure, Output};
use super::report_file::ReportFile;

/// Bytes that moved are shown this often, not at every chunk.
const MOVED_EVERY: Duration = Duration::from_millis(100);

/// How an apply is followed.
#[derive(Clone, Copy)]
pub(super) enum Manner {
    /// Records on standard output.
    Json(Lang),
    /// Progress on standard error.
    Bars(Lang),
    Lines(Lang),
}

/// Events on their way to the report at once, and to a thread that shows them when it can.
pub(super) struct Telling {
    noted: JoinHandle<()>,
    shown: JoinHandle<()>,
}

impl Telling {
    /// Tells of events until their last sender is gone; of verdicts also on standard output, where a style is given.
    pub(super) fn of(
        events: UnboundedReceiver<Event>,
        plan: Arc<Plan>,
        manner: Manner,
        verdicts: Option<Style>,
        report: Option<ReportFile>,
    ) -> Self {
        let (sender, receiver) = mpsc::channel();
        let shown = spawn_blocking(move || show(&receiver, &plan, manner, verdicts.as_ref()));
        Self { noted: tokio::spawn(note(events, sender, report)), shown }
    }

    /// Waits until the report knows of every event; the rest may still have to be shown.
    pub(super) async fn noted(self) -> JoinHandle<()> {
        let _ = self.noted.await;
        self.shown
    }
}

async fn note(mut events: UnboundedReceiver<Event>, show: mpsc::Sender<Event>, report: Option<ReportFile>) {
    let (mut moved, mut last) = (BTreeMap::new(), Instant::now());
    while let Some(event) = events.recv().await {
        if let Some(report) = &report {
            report.note(&event);
        }
        let next = match event {
            Event::Moved { address, bytes } => {
                *moved.entry(address).or_default() += bytes;
                if last.elapsed() < MOVED_EVERY {
                    continue;
                }
                None
            }
            event => Some(event),
        };
        last = Instant::now();
        let moved = std::mem::take(&mut moved).into_iter().map(|(address, bytes)| Event::Moved { address, bytes });
        for event in moved.chain(next) {
            let _ = show.send(event);
        }
    }
}

fn show(events: &mpsc::Receiver<Event>, plan: &Plan, manner: Manner, verdicts: Option<&Style>) {
    let steps: BTreeMap<&Address, &Step> = plan.steps().iter().map(|step| (&step.address, step)).collect();
    let mut progress = match manner {
        Manner::Json(_) => Progress::Silent,
        Manner::Bars(lang) => Progress::bars(plan, lang),
        Manner::Lines(lang) => Progress::lines(plan, lang),
    };
    for event in events {
        progress.show(&event);
        let text = match (manner, verdicts, &event) {
            (Manner::Json(lang), ..) => report::event_json(&event, lang).map(|line| line + "\n"),
            (_, Some(style), Event::Finished { address, outcome }) => {
                steps.get(address).map(|step| report::outcome(step, outcome, style))
            }
            _ => None,
        };
        if let Some(text) = text {
            // A reader that went away must not end the work.
            let _ = io::stdout().write_all(text.as_bytes());
        }
    }
    progress.finish();
}

/// Writes data as [`Output::print`] does, while signals are heard.
pub(super) async fn print(text: String) -> Result<(), Failure> {
    spawn_blocking(move || Output::print(&text)).await.expect("printing does not panic")
}
