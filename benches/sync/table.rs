//! The table: what each tool took, and how many times as much as swrctl.

use std::fmt::Write as _;

use crate::measure::Measured;

#[derive(Debug)]
pub struct Row {
    pub tool: &'static str,
    pub fresh: Measured,
    pub unchanged: Measured,
}

const HEAD: &str = "\
| tool | fresh: wall s | CPU s | MiB | requests | uploads | unchanged: wall s | CPU s | MiB | requests |
|---|---|---|---|---|---|---|---|---|---|
";

/// A Markdown table, a row a tool; in brackets how many times as much as swrctl.
pub fn render(rows: &[Row]) -> String {
    let ours = rows.iter().find(|row| row.tool == "swrctl");
    let mut text = HEAD.to_owned();
    for row in rows {
        let Row { tool, fresh, unchanged } = row;
        let cells = [
            cells(fresh, ours.map(|ours| &ours.fresh)),
            format!("{}", fresh.target.uploads),
            cells(unchanged, ours.map(|ours| &ours.unchanged)),
        ];
        let _ = writeln!(text, "| {tool} | {} |", cells.join(" | "));
    }
    text
}

/// Seconds, CPU seconds, MiB, and the requests that both registries saw.
fn cells(measured: &Measured, ours: Option<&Measured>) -> String {
    let cell = |of: fn(&Measured) -> f64| {
        let number = of(measured);
        let times = ours.map_or_else(String::new, |ours| format!(" ({:.1})", number / of(ours)));
        format!("{number:.2}{times}")
    };
    let requests = measured.source.all + measured.target.all;
    format!("{} | {} | {:.0} | {requests}", cell(|m| m.wall), cell(|m| m.cpu), measured.mib)
}
