//! Progress of an apply on standard error: bars on a terminal, now and then a plain line otherwise. Verdicts are
//! `outcome`'s: where both streams end in one log, each stands there once.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::diag::{Lang, Wording, say};
use crate::plan::{Address, Event, Outcome, Plan};

use super::{Bytes, escape};

/// Steps shown at a time, on a terminal that is high enough; the total stands below them.
const MOST_ROWS: usize = 8;
/// Columns below which a row has no room for a bar.
const NARROW: u16 = 70;

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
    lang: Lang,
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
    lang: Lang,
    area: MultiProgress,
    total: ProgressBar,
    steps: BTreeMap<Address, ProgressBar>,
}

impl Progress {
    /// Bars that count towards the bytes of `plan`.
    #[must_use]
    pub fn bars(plan: &Plan, lang: Lang) -> Self {
        let area = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let total = area.add(ProgressBar::new(plan.bytes()));
        total.set_style(total_style(Size::of_terminal(), lang));
        total.enable_steady_tick(Duration::from_millis(200));
        Self::Bars(Bars { lang, area, total, steps: BTreeMap::new() })
    }

    /// Lines that count towards the changes of `plan`, the first of them at once.
    #[must_use]
    pub fn lines(plan: &Plan, lang: Lang) -> Self {
        let steps = plan.steps().iter().filter(|step| step.action.is_change()).count();
        let lines = Lines { lang, steps, bytes: plan.bytes(), done: 0, moved: 0, last: Instant::now() };
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

/// Of a terminal: what does not fit on a line would push the total out of sight.
#[derive(Clone, Copy)]
struct Size {
    lines: u16,
    columns: u16,
}

impl Size {
    fn of_terminal() -> Self {
        let (lines, columns) = console::Term::stderr().size();
        Self { lines, columns }
    }

    /// Steps that have room: the total has a line of its own, and the cursor stands below it.
    fn rows(self) -> usize {
        usize::from(self.lines).saturating_sub(2).min(MOST_ROWS)
    }

    /// An address that is too long is cut.
    const fn row(self) -> &'static str {
        if self.columns < NARROW {
            "  {wide_msg} {bytes}/{total_bytes}"
        } else {
            "  {wide_msg} {bar:24} {bytes}/{total_bytes}"
        }
    }
}

fn total_style(size: Size, lang: Lang) -> ProgressStyle {
    if size.columns < NARROW {
        return style("{bytes}/{total_bytes} {eta} {wide_bar}");
    }
    let template = say!(
        "{bytes} of {total_bytes} moved, {binary_bytes_per_sec}, {eta} left {wide_bar}",
        "已传输 {bytes} / {total_bytes}，{binary_bytes_per_sec}，剩余 {eta} {wide_bar}",
        bytes = "{bytes}",
        total_bytes = "{total_bytes}",
        binary_bytes_per_sec = "{binary_bytes_per_sec}",
        eta = "{eta}",
        wide_bar = "{wide_bar}"
    );
    style(template.get(lang))
}

impl Bars {
    fn show(&mut self, event: &Event) {
        match event {
            Event::Started { address, action, bytes } if action.is_change() => {
                // It may have another size by now.
                let size = Size::of_terminal();
                self.total.set_style(total_style(size, self.lang));
                if self.steps.len() < size.rows() {
                    let bar = self.area.insert_before(&self.total, ProgressBar::new(*bytes));
                    bar.set_style(style(size.row()));
                    bar.set_message(escape::line(address.as_str()).into_owned());
                    self.steps.insert(address.clone(), bar);
                }
            }
            Event::Started { .. } | Event::Mounted { .. } => {}
            Event::Moved { address, bytes } => {
                self.total.inc(*bytes);
                if let Some(bar) = self.steps.get(address) {
                    bar.inc(*bytes);
                }
            }
            Event::Retried { .. } => {
                let _ = self.area.println(retry_line(event, self.lang));
            }
            Event::Finished { address, .. } => {
                if let Some(bar) = self.steps.remove(address) {
                    bar.finish_and_clear();
                }
            }
            Event::Stopping => {
                let _ = self.area.println(STOPPING.get(self.lang));
            }
        }
    }
}

const STOPPING: Wording = say!(
    "stopping: what is under way is finished, nothing new starts; Ctrl-C again stops at once",
    "正在停止：完成进行中的工作，不再开始新的；再按一次 Ctrl-C 立即停止"
);

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// Empty for every other event.
fn retry_line(event: &Event, lang: Lang) -> String {
    let Event::Retried { address, attempt, retries, pause, problem, .. } = event else { return String::new() };
    let line = say!(
        "retrying {address} in {pause} s ({attempt} of {retries}): {reason}",
        "{pause} 秒后重试 {address}（第 {attempt} 次，共 {retries} 次）：{reason}",
        address,
        pause = (pause.as_secs_f32() * 10.0).round() / 10.0,
        attempt,
        retries,
        reason = problem.message
    );
    escape::line(line.get(lang)).into_owned()
}

impl Lines {
    fn show(&mut self, event: &Event) {
        match event {
            Event::Retried { .. } => write_line(&retry_line(event, self.lang)),
            Event::Moved { bytes, .. } => self.moved += bytes,
            Event::Finished {
                outcome: Outcome::Created { .. } | Outcome::Updated { .. } | Outcome::Deleted, ..
            } => self.done += 1,
            Event::Finished { .. } | Event::Started { .. } | Event::Mounted { .. } => {}
            Event::Stopping => write_line(STOPPING.get(self.lang)),
        }
        if self.last.elapsed() >= LINE_EVERY {
            self.last = Instant::now();
            self.write();
        }
    }

    fn write(&self) {
        let Self { steps, bytes, done, moved, .. } = self;
        let line = say!(
            "{done} of {steps} changes done, {moved} of {bytes} moved",
            "已完成 {done} / {steps} 项改动，已传输 {moved} / {bytes}",
            done,
            steps,
            moved = Bytes(*moved),
            bytes = Bytes(*bytes)
        );
        write_line(line.get(self.lang));
    }
}

fn write_line(line: &str) {
    // A reader that went away must not end the work.
    let _ = writeln!(std::io::stderr(), "{}", escape::line(line));
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use indicatif::TermLike;

    use super::*;

    /// A terminal that keeps the last picture.
    #[derive(Clone, Debug)]
    struct Paper {
        size: (u16, u16),
        text: Arc<Mutex<String>>,
    }

    impl TermLike for Paper {
        fn width(&self) -> u16 {
            self.size.1
        }

        fn height(&self) -> u16 {
            self.size.0
        }

        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(text)?;
            self.write_str("\n")
        }

        fn write_str(&self, text: &str) -> io::Result<()> {
            self.text.lock().unwrap().push_str(text);
            Ok(())
        }

        fn clear_line(&self) -> io::Result<()> {
            self.text.lock().unwrap().clear();
            Ok(())
        }

        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The lines that a terminal of a size shows of so many steps and their total: what is too long wraps.
    fn shown(size: Size, steps: usize) -> String {
        let paper = Paper { size: (size.lines, size.columns), text: Arc::default() };
        let area = MultiProgress::with_draw_target(ProgressDrawTarget::term_like(Box::new(paper.clone())));
        let total = area.add(ProgressBar::new(10));
        total.set_style(total_style(size, Lang::En));
        // A bar that is dropped goes.
        let mut bars = Vec::new();
        for _ in 0..steps.min(size.rows()) {
            let bar = area.insert_before(&total, ProgressBar::new(10));
            bar.set_style(style(size.row()));
            bar.set_message(format!("sync.target/{}:v1", "long/".repeat(40)));
            bar.tick();
            bars.push(bar);
        }
        total.tick();
        let text: Vec<char> = paper.text.lock().unwrap().chars().filter(|sign| *sign != '\n').collect();
        text.chunks(usize::from(size.columns)).map(|line| line.iter().collect::<String>() + "\n").collect()
    }

    #[test]
    fn the_total_is_in_sight_on_any_terminal_and_no_row_wraps() {
        for (lines, columns) in [(6, 100), (14, 44), (15, 45), (40, 200), (3, 80)] {
            let size = Size { lines, columns };
            let shown = shown(size, 20);
            let rows = shown.lines().filter(|line| line.trim_start().starts_with("sync.")).count();
            assert_eq!(rows, size.rows(), "{lines}x{columns}:\n{shown}");
            assert_eq!(shown.lines().count(), rows + 1, "{lines}x{columns}:\n{shown}");
            assert!(
                shown.lines().all(|line| line.chars().count() <= usize::from(columns)),
                "{lines}x{columns}:\n{shown}"
            );
            assert!(shown.lines().last().unwrap().trim_start().starts_with("0 B"), "{lines}x{columns}:\n{shown}");
        }
    }
}
