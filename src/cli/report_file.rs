//! The files of `apply --report`: there from the first step on, whole at any moment, and true at the end.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::diag::{Lang, Problem, Wording, say};
use crate::plan::{Event, Plan};
use crate::report::run::{Record, Run, State, json, markdown};

use super::plan::{WRITABLE, write_whole};

/// A report that is being gathered; clones share it.
#[derive(Clone)]
pub(super) struct ReportFile(Arc<Inner>);

struct Inner {
    files: Vec<(PathBuf, Render)>,
    plan: Arc<Plan>,
    lang: Lang,
    record: Mutex<Record>,
    began: jiff::Timestamp,
    clock: Instant,
}

/// How reports are written, by the ending of the file's name.
pub(super) type Render = fn(&Run<'_>) -> String;

/// What `path` asks for.
pub(super) fn render_for(path: &std::path::Path) -> Result<Render, Problem> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("json") => Ok(json),
        Some("md") => Ok(markdown),
        _ => {
            let message = say!(
                "the report {path} is neither JSON nor Markdown by its name",
                "从名字看，报告 {path} 既不是 JSON 也不是 Markdown",
                path = path.display()
            );
            let help = say!("name it `….json` or `….md`", "命名为 `….json` 或 `….md`");
            Err(Problem::new("report-file", message).with_help(help))
        }
    }
}

/// Removes the report of an earlier run. Where that cannot be done, none can be written either, and that is told.
pub(super) fn forget(path: &std::path::Path) {
    if std::fs::symlink_metadata(path).is_ok_and(|found| found.is_file()) {
        let _ = std::fs::remove_file(path);
    }
}

impl ReportFile {
    /// Nothing is written yet.
    pub(super) fn new(files: Vec<(PathBuf, Render)>, plan: Arc<Plan>, lang: Lang) -> Self {
        let record = Mutex::default();
        Self(Arc::new(Inner { files, plan, lang, record, began: jiff::Timestamp::now(), clock: Instant::now() }))
    }

    pub(super) fn note(&self, event: &Event) {
        let at = self.0.clock.elapsed();
        self.0.record.lock().unwrap_or_else(PoisonError::into_inner).note(event, at);
    }

    /// The end of an apply, which the user may have asked for.
    pub(super) fn finish(&self) -> Result<(), Problem> {
        let stopping = self.0.record.lock().unwrap_or_else(PoisonError::into_inner).is_stopping();
        self.write(if stopping { State::Interrupted } else { State::Finished })
    }

    /// Replaces the files, each as a whole.
    pub(super) fn write(&self, state: State) -> Result<(), Problem> {
        let Inner { files, plan, lang, record, began, clock } = &*self.0;
        let record = record.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let run = Run { plan, record: &record, state, began: *began, lasted: clock.elapsed(), lang: *lang };
        let written = files.iter().map(|(path, render)| {
            write_whole(path, &render(&run)).map_err(|error| {
                let (path, reason) = (path.display(), Wording::of_system(&error));
                let message = say!(
                    "cannot write the report to {path}: {reason}",
                    "无法把报告写到 {path}：{reason}",
                    path,
                    reason
                );
                Problem::new("report-file", message).with_help(WRITABLE)
            })
        });
        // One that cannot be written keeps no other from being true.
        written.fold(Ok(()), Result::and)
    }
}
