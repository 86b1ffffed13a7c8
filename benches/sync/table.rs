//! The table: what each tool took, and how many times as much as swrctl.

use std::fmt::Write as _;

use crate::measure::Measured;

#[derive(Debug)]
pub struct Row {
    pub tool: &'static str,
    pub fresh: Measured,
    pub unchanged: Measured,
}

/// A Markdown table for each phase.
pub fn render(rows: &[Row]) -> String {
    let mut text = String::new();
    for (phase, of) in [("fresh", (|row| row.fresh) as fn(&Row) -> Measured), ("unchanged", |row| row.unchanged)] {
        let ours = rows.iter().find(|row| row.tool == "swrctl").map(of);
        let _ = writeln!(
            text,
            "| {phase} | wall s | CPU s | peak MiB | requests source | requests target | wall × | CPU × |"
        );
        text.push_str("|---|---|---|---|---|---|---|---|\n");
        for row in rows {
            let Measured { wall, cpu, mib, source, target } = of(row);
            let times = |theirs: f64, ours: Option<f64>| {
                ours.map_or_else(|| "-".to_owned(), |ours| format!("{:.1}", theirs / ours))
            };
            let _ = writeln!(
                text,
                "| {} | {wall:.2} | {cpu:.2} | {mib:.0} | {} | {} | {} | {} |",
                row.tool,
                source.all,
                target.all,
                times(wall, ours.map(|ours| ours.wall)),
                times(cpu, ours.map(|ours| ours.cpu)),
            );
        }
        text.push('\n');
    }
    text
}
