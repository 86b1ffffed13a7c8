//! The report as Markdown that a pull request shows.

use std::fmt::Write as _;

use crate::image::Digest;
use crate::plan::{Outcome, Step, Tally, Work};
use crate::report::Bytes;
use crate::report::outcome::summary;

use super::{Course, Run, State};

/// The report as Markdown: what changed or failed in a table, problems below it, what stayed behind a fold.
#[must_use]
pub fn markdown(run: &Run<'_>) -> String {
    let steps: Vec<_> = run.steps().collect();
    let tally = Tally::of(steps.iter().filter_map(|(_, _, outcome)| outcome.as_ref()));
    let mut text = format!("## swrctl apply: {}\n\n", escaped(&run.plan.project));
    let _ = match run.state {
        State::Running => writeln!(text, "**Running**, or killed before it could tell more."),
        State::Finished => writeln!(text, "**{}**", summary(&tally)),
        State::Interrupted => writeln!(text, "**Interrupted.** {}", summary(&tally)),
    };
    let _ = writeln!(text, "\nBegan {}, took {:.1} s.", run.began, run.lasted.as_secs_f64());
    if run.plan.partial {
        text.push_str("\nThis was a partial plan.\n");
    }
    let stayed =
        |outcome: &Option<Outcome>| matches!(outcome, Some(Outcome::Passed { .. } | Outcome::Unchanged { .. }));
    let (unchanged, told): (Vec<_>, Vec<_>) = steps.iter().partition(|(_, _, outcome)| stayed(outcome));
    if !told.is_empty() {
        text.push_str("\n| verdict | step | digest | moved | mounted | seconds | retries |\n");
        text.push_str("|---|---|---|---:|---:|---:|---:|\n");
        for (step, course, outcome) in &told {
            write_row(&mut text, run, step, course, outcome.as_ref());
        }
    }
    for (step, _, outcome) in &told {
        write_problem(&mut text, step, outcome.as_ref());
    }
    if !unchanged.is_empty() {
        let _ = writeln!(text, "\n<details><summary>{} as they should be</summary>\n", unchanged.len());
        for (step, ..) in unchanged {
            let _ = writeln!(text, "- `{}`", code(step.address.as_str()));
        }
        text.push_str("\n</details>\n");
    }
    text
}

fn write_row(text: &mut String, run: &Run<'_>, step: &Step, course: &Course, outcome: Option<&Outcome>) {
    let short = |digest: Option<&Digest>| digest.map_or_else(|| "none".to_owned(), Digest::short);
    let digest = match &step.work {
        Work::Sync(sync) => format!("{} → {}", short(sync.before.as_ref()), crate::report::plan::after(sync)),
        Work::Prune(prune) => format!("{} → none", short(prune.before.as_ref())),
        _ => String::new(),
    };
    let _ = writeln!(
        text,
        "| {} | `{}` | {digest} | {} | {} | {:.1} | {} |",
        outcome.map_or("pending", Outcome::word),
        code(step.address.as_str()),
        Bytes(course.moved),
        Bytes(course.mounted),
        course.lasted(run.lasted).as_secs_f64(),
        course.retries
    );
}

fn write_problem(text: &mut String, step: &Step, outcome: Option<&Outcome>) {
    let (message, help) = match outcome {
        Some(Outcome::Failed { problem } | Outcome::Blocked { problem }) => (&problem.message, problem.help.as_ref()),
        Some(Outcome::Skipped { because }) => (because, None),
        _ => return,
    };
    let word = outcome.map_or("pending", Outcome::word);
    let _ = write!(text, "\n- `{}` {word}: {}", code(step.address.as_str()), escaped(message));
    if let Some(help) = help {
        let _ = write!(text, "  \n  help: {}", escaped(help));
    }
    text.push('\n');
}

/// Text of servers between the words of ours: it opens no markup and no line.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '!' | '@' | '~' => escaped.extend(['\\', sign]),
            sign if sign.is_control() => escaped.push(' '),
            sign => escaped.push(sign),
        }
    }
    escaped
}

/// Inside of a code span in a table's cell.
fn code(text: &str) -> String {
    let plain = |sign: char| if sign == '`' || sign.is_control() { '\'' } else { sign };
    text.chars().map(plain).collect::<String>().replace('|', "\\|")
}
