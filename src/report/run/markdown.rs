//! The report as Markdown that a pull request shows.

use std::fmt::Write as _;

use crate::diag::{Lang, Wording, say};
use crate::image::Digest;
use crate::plan::{Outcome, Step, Work};
use crate::report::Bytes;
use crate::report::diagnostic::HELP;
use crate::report::outcome::{summary, verdict};
use crate::report::plan::{after, short};

use super::{Course, Run, State, tally};

/// The report as Markdown: what changed or failed in a table, problems below it, what stayed behind a fold.
#[must_use]
pub fn markdown(run: &Run<'_>) -> String {
    let steps: Vec<_> = run.steps().collect();
    let summary = summary(&tally(&steps));
    let state = match run.state {
        State::Running => {
            say!("**Running**, or killed before it could tell more.", "**正在执行**，或者在写出结果之前就被终止。")
        }
        State::Finished => Wording::joined([Wording::same("**"), summary, Wording::same("**")], &Wording::default()),
        State::Interrupted => say!("**Interrupted.** {summary}", "**被中断。**{summary}", summary),
    };
    let lasted = say!(
        "Began {began}, took {seconds} s.",
        "开始于 {began}，用时 {seconds} 秒。",
        began = run.began,
        seconds = format_args!("{:.1}", run.lasted.as_secs_f64())
    );
    let partial = run.plan.partial.then(|| say!("This was a partial plan.", "这是部分计划。"));
    let mut text = format!("## swrctl apply: {}\n", escaped(&run.plan.project));
    for line in [state, lasted].into_iter().chain(partial) {
        let _ = writeln!(text, "\n{}", line.get(run.lang));
    }
    let stayed =
        |outcome: &Option<Outcome>| matches!(outcome, Some(Outcome::Passed { .. } | Outcome::Unchanged { .. }));
    let (unchanged, told): (Vec<_>, Vec<_>) = steps.iter().partition(|(_, _, outcome)| stayed(outcome));
    if !told.is_empty() {
        let columns = say!(
            "| verdict | step | digest | moved | mounted | seconds | retries |",
            "| 结果 | 步骤 | 摘要 | 传输 | 挂载 | 秒 | 重试 |"
        );
        let _ = writeln!(text, "\n{}", columns.get(run.lang));
        text.push_str("|---|---|---|---:|---:|---:|---:|\n");
        for (step, course, outcome) in &told {
            write_row(&mut text, run, step, course, outcome.as_ref());
        }
    }
    for (step, _, outcome) in &told {
        write_problem(&mut text, step, outcome.as_ref(), run.lang);
    }
    if !unchanged.is_empty() {
        let heading = say!("{count} as they should be", "{count} 个无需改动", count = unchanged.len());
        let _ = writeln!(text, "\n<details><summary>{}</summary>\n", heading.get(run.lang));
        for (step, ..) in unchanged {
            let _ = writeln!(text, "- `{}`", code(step.address.as_str()));
        }
        text.push_str("\n</details>\n");
    }
    text
}

fn write_row(text: &mut String, run: &Run<'_>, step: &Step, course: &Course, outcome: Option<&Outcome>) {
    let short = |digest: Option<&Digest>| short(digest).into_string(run.lang);
    let digest = match &step.work {
        Work::Sync(sync) => {
            let now = outcome.and_then(Outcome::digest).map_or_else(|| after(sync), |now| Wording::same(now.short()));
            format!("{} → {}", short(sync.before.as_ref()), now.get(run.lang))
        }
        Work::Prune(prune) => format!("{} → {}", short(prune.before.as_ref()), short(None)),
        _ => String::new(),
    };
    let _ = writeln!(
        text,
        "| {} | `{}` | {digest} | {} | {} | {:.1} | {} |",
        word(outcome).get(run.lang),
        code(step.address.as_str()),
        Bytes(course.moved),
        Bytes(course.mounted),
        course.lasted(run.lasted).as_secs_f64(),
        course.retries
    );
}

fn word(outcome: Option<&Outcome>) -> Wording {
    outcome.map_or(say!("pending", "待执行"), verdict)
}

fn write_problem(text: &mut String, step: &Step, outcome: Option<&Outcome>, lang: Lang) {
    let (message, help) = match outcome {
        Some(Outcome::Failed { problem, .. } | Outcome::Blocked { problem }) => {
            (&problem.message, problem.help.as_ref())
        }
        Some(Outcome::Skipped { because }) => (because, None),
        _ => return,
    };
    let verdict = say!("{word}: ", "{word}：", word = word(outcome));
    let (step, verdict) = (code(step.address.as_str()), verdict.get(lang));
    let _ = write!(text, "\n- `{step}` {verdict}{}", escaped(message.get(lang)));
    if let Some(help) = help {
        let _ = write!(text, "  \n  {}{}", HELP.get(lang), escaped(help.get(lang)));
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
