//! Checkstyle's XML, which most tools of continuous integration read.

use std::fmt::Write as _;

use super::xml::Xml;
use super::{Place, message_and_help, word};
use crate::diag::Lang;
use crate::worktree::LintRun;

pub(super) fn render(run: &LintRun, lang: Lang) -> String {
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<checkstyle version=\"4.3\">\n".to_owned();
    for file in run.files.iter().filter(|file| !file.report.findings.is_empty()) {
        let _ = writeln!(text, "  <file name=\"{}\">", Xml(&file.name));
        for finding in &file.report.findings {
            let start = Place::of(finding).start;
            let _ = writeln!(
                text,
                "    <error line=\"{}\" column=\"{}\" severity=\"{}\" message=\"{}\" source=\"swrctl.{}\"/>",
                start.line,
                start.column,
                word(finding.level),
                Xml(&message_and_help(finding, lang)),
                Xml(finding.rule),
            );
        }
        text.push_str("  </file>\n");
    }
    text.push_str("</checkstyle>\n");
    text
}
