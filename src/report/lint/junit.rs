//! JUnit's XML: a suite for every file, a case for every finding. Only what fails a file is a failure.

use std::fmt::Write as _;

use super::xml::Xml;
use super::{NO_FINDINGS, Place, fails, message, message_and_help, title, word};
use crate::diag::Lang;
use crate::lint::Finding;
use crate::worktree::{LintRun, LintedFile};

pub(super) fn render(run: &LintRun, lang: Lang) -> String {
    let (cases, failures) = run.files.iter().map(counts).fold((0, 0), |sum, of| (sum.0 + of.0, sum.1 + of.1));
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    let _ = writeln!(text, "<testsuites name=\"swrctl lint\" tests=\"{cases}\" failures=\"{failures}\" errors=\"0\">");
    for file in &run.files {
        write_suite(&mut text, file, lang);
    }
    text.push_str("</testsuites>\n");
    text
}

/// Cases and failures of a file; one without findings is a case of its own.
fn counts(file: &LintedFile) -> (usize, usize) {
    let findings = &file.report.findings;
    (findings.len().max(1), findings.iter().filter(|finding| fails(file, finding)).count())
}

fn write_suite(text: &mut String, file: &LintedFile, lang: Lang) {
    let (cases, failures) = counts(file);
    let name = Xml(&file.name);
    let _ = writeln!(
        text,
        "  <testsuite name=\"{name}\" tests=\"{cases}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\">"
    );
    if file.report.findings.is_empty() {
        let _ = writeln!(text, "    <testcase classname=\"{name}\" name=\"{}\"/>", NO_FINDINGS.get(lang));
    }
    for finding in &file.report.findings {
        write_case(text, file, finding, lang);
    }
    text.push_str("  </testsuite>\n");
}

fn write_case(text: &mut String, file: &LintedFile, finding: &Finding, lang: Lang) {
    let start = Place::of(finding).start;
    let (name, rule) = (Xml(&file.name), Xml(finding.rule));
    let _ = writeln!(text, "    <testcase classname=\"{name}\" name=\"{rule} at {}:{}\">", start.line, start.column);
    let place = format!("{}:{}:{}: {}: ", file.name, start.line, start.column, word(finding.level));
    let body = format!("{place}{}\n{}", title(finding), message_and_help(finding, lang));
    let body = Xml(&body);
    let _ = if fails(file, finding) {
        writeln!(text, "      <failure type=\"{rule}\" message=\"{}\">{body}</failure>", Xml(&message(finding, lang)))
    } else {
        writeln!(text, "      <system-out>{body}</system-out>")
    };
    text.push_str("    </testcase>\n");
}
