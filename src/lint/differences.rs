//! Where the profile `hadolint` differs from hadolint 2.15.1, deliberately: `tests/cases/differences/<name>.md`.
//!
//! Each holds a title, the reason, a sample, what hadolint says about it and what we say, a line for each finding.
//! `docs/differences.md` is made of them. `SWRCTL_BLESS=1` rewrites what we say and the document.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use jiff::civil::Date;

use super::cases::{Case, folder, read_cases, stems};
use super::policy::{Policy, Profile};
use super::tests::occasion;
use super::{BuildContext, Report, lint};
use crate::diag::Source;

const FOLDER: &str = "tests/cases/differences";
const DOCUMENT: &str = "docs/differences.md";
const INTRODUCTION: &str = "\
<!-- Generated from tests/cases/differences by `SWRCTL_BLESS=1 cargo test --lib differences`. -->

# Differences from hadolint

The profile `hadolint` reports what hadolint 2.15.1 reports by default, at its levels, and where it is: hadolint says
the first line of the instruction. The differences below are meant; anything else is a fault.

What ShellCheck finds in RUN is part of the profile where the program is installed. hadolint brings its own ShellCheck
(0.11), and shows one of its findings an instruction, the last; here all are shown, at their own places. Text for
PowerShell, cmd and shells that ShellCheck does not know is left alone, where hadolint reports SC1071 or takes it for sh;
`-e` in SHELL counts, so that there is no SC2164; SHELL is inherited by the stages built on a stage.
";

/// A sample and what is said about it.
struct Difference {
    name: String,
    text: String,
    case: Case,
    ours: String,
}

impl Difference {
    fn read(name: String) -> Self {
        let text = std::fs::read_to_string(folder(FOLDER).join(format!("{name}.md"))).unwrap();
        let case = read_cases(&text).into_iter().next().expect("a sample");
        let source = Arc::new(Source::new("Dockerfile", case.blocks["dockerfile"].as_str()));
        let policy = Policy { profile: Profile::Hadolint, ..Policy::default() };
        let (path, today) = (Path::new("Dockerfile"), occasion(Date::constant(2027, 1, 31)));
        let report = lint(&source, path, &policy, &BuildContext::default(), None, today);
        Self { name, ours: said(&source, &report), text, case }
    }

    /// `2 DL3025` as pairs; ours may know a finding by two codes.
    fn codes(said: &str) -> BTreeSet<(&str, &str)> {
        let findings = said.lines().filter_map(|line| line.split_once(' '));
        findings.flat_map(|(line, codes)| codes.split(' ').map(move |code| (line, code))).collect()
    }

    fn blessed(&self) -> String {
        let before = self.text.split("````swrctl\n").next().unwrap();
        format!("{before}````swrctl\n{}````\n", self.ours)
    }

    fn section(&self) -> String {
        let block = |kind: &str| self.case.blocks[kind].as_str();
        let or_nothing = |said: &str| if said.is_empty() { "nothing\n".to_owned() } else { said.to_owned() };
        let heading = self.text.split("\n## sample").next().unwrap();
        let mut section = format!("\n#{}\n\n````dockerfile\n{}````\n", heading.trim_end(), block("dockerfile"));
        for (who, said) in [("hadolint", block("hadolint")), ("swrctl", &self.ours)] {
            write!(section, "\n{who}:\n\n````text\n{}````\n", or_nothing(said)).unwrap();
        }
        section
    }
}

/// The line, hadolint's codes and our name of each finding.
fn said(source: &Source, report: &Report) -> String {
    let mut said = String::new();
    for finding in &report.findings {
        let line = source.position(finding.diagnostic.labels[0].span.start).line;
        let codes: Vec<_> = finding.aliases.iter().filter(|id| id.starts_with("DL")).copied().collect();
        writeln!(said, "{line} {} {}", codes.join(" "), finding.rule).unwrap();
    }
    said
}

#[test]
fn every_difference_is_one_and_is_documented() {
    let differences: Vec<_> = stems(FOLDER, "md").into_iter().map(Difference::read).collect();
    let document = differences.iter().fold(INTRODUCTION.to_owned(), |text, difference| text + &difference.section());
    if std::env::var_os("SWRCTL_BLESS").is_some() {
        for difference in &differences {
            std::fs::write(folder(FOLDER).join(format!("{}.md", difference.name)), difference.blessed()).unwrap();
        }
        std::fs::write(folder(DOCUMENT), &document).unwrap();
    }
    for Difference { name, case, ours, .. } in &differences {
        assert_eq!(*ours, case.blocks["swrctl"], "{name}");
        let ours: BTreeSet<_> =
            Difference::codes(ours).into_iter().filter(|(_, code)| code.starts_with("DL")).collect();
        assert_ne!(ours, Difference::codes(&case.blocks["hadolint"]), "{name} is no difference");
    }
    assert_eq!(document, std::fs::read_to_string(folder(DOCUMENT)).unwrap());
}
