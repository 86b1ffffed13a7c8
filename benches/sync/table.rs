//! The table: what each tool took, and how many times as much as swrctl.

use std::fmt::Write as _;

use crate::measure::Measured;

#[derive(Debug)]
pub struct Row {
    pub tool: &'static str,
    pub fresh: Measured,
    pub unchanged: Measured,
    /// Seconds that the registries needed for the HEAD requests of the unchanged run alone.
    pub alone: f64,
}

const HEAD: &str = "\
| tool | fresh: wall s | CPU s | MiB | requests | uploads | unchanged: wall s | CPU s | MiB | requests |
|---|---|---|---|---|---|---|---|---|---|
";

/// A Markdown table, a row a tool; in brackets how many times as much as swrctl. The last row is what the registries need
/// at least for so many HEAD requests, whoever asks.
pub fn render(rows: &[Row], heads: usize) -> String {
    let ours = rows.iter().find(|row| row.tool == "swrctl");
    let mut text = HEAD.to_owned();
    for row in rows {
        let Row { tool, fresh, unchanged, .. } = row;
        let cells = [
            cells(fresh, ours.map(|ours| &ours.fresh)),
            format!("{}", fresh.target.uploads),
            cells(unchanged, ours.map(|ours| &ours.unchanged)),
        ];
        let _ = writeln!(text, "| {tool} | {} |", cells.join(" | "));
    }
    let alone = rows.iter().map(|row| row.alone).fold(f64::INFINITY, f64::min);
    let times = ours.map_or_else(String::new, |ours| format!(" ({:.1})", alone / ours.unchanged.wall));
    let _ = writeln!(text, "| registries alone | | | | | | {alone:.2}{times} | | | {heads} |");
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
