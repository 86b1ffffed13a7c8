//! Where the profile `hadolint` differs from hadolint 2.15.1, and `buildkit` from BuildKit 0.33, deliberately:
//! `tests/cases/differences/<name>.md`.
//!
//! Each holds a title, the reason, a sample, perhaps with a policy, what the other program says about it (a block
//! `hadolint` or `buildkit`) and what we say, a line for each finding.
//! `docs/differences.md` is made of them. `SWRCTL_BLESS=1` rewrites what we say and the document.
//!
//! `tests/cases/agreements/<name>.md` holds samples where our rules see more than hadolint, or judge otherwise, and its
//! profile says what it says all the same.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use jiff::civil::Date;

use super::cases::{Case, folder, policy, read_cases, stems};
use super::policy::{Policy, Profile};
use super::{BuildContext, Report, lint};
use crate::diag::Source;
use crate::dockerfile::Dockerfile;

const FOLDER: &str = "tests/cases/differences";
const AGREEMENTS: &str = "tests/cases/agreements";
const DOCUMENT: &str = "docs/differences.md";
const INTRODUCTION: &str = "\
<!-- Generated from tests/cases/differences by `SWRCTL_BLESS=1 cargo test --lib differences`. -->

# Differences from hadolint and BuildKit

The profile `hadolint` reports what hadolint 2.15.1 reports by default, at its levels, and where it is: hadolint says
the first line of the instruction. The profile `buildkit` reports what the checks of BuildKit 0.33 report by default.
The differences below are meant; anything else is a fault.

Some rules see more than hadolint's of the same id: ADD that lands in a relative place, archives under another name,
every verb that fills a cache, a clean-up that comes too early, what stands behind ONBUILD, commands that `sudo`, `env`
or `sh -c` run, programs by their path or by other names (apt, aptitude, `npm i`, tdnf, dnf5), images in `--from` and in
mounts, a registry's port, variables with a default, names of stages in any case. The profile `hadolint` leaves that
out; the profiles `swr` and `all` report it.

What ShellCheck finds in RUN is part of the profile `hadolint` where the program is installed. hadolint brings its own
ShellCheck (0.11), and shows one of its findings an instruction, the last; here all are shown, at their own places. Text
for PowerShell, cmd and shells that ShellCheck does not know is left alone, where hadolint reports SC1071 or takes it for
sh; `-e` in SHELL counts, so that there is no SC2164; SHELL is inherited by the stages built on a stage.

Where hadolint leaves out a whole `.hadolint.yaml` in silence (a key that does not exist, a value of the wrong type, a
second document), that is an error with its place here. A single entry may stand without its list, ids are found in any
case, and a blank may follow a comma in the variables `HADOLINT_…`.

BuildKit checks the build that it is asked for, and stops where that lacks an argument or a mount has no place; here only
what stops every build is an error: a mode, a signal, a port or an image of `--from` that a variable gives is left open,
and so is what a stage named `scratch` or two of one name do to the mounts that need one. It counts a variable in
here-documents of one name once for each. What stands behind ONBUILD is read here as the build on top will read it, and what
would stop that is a warning; BuildKit leaves it unread, but in a stage that is built on the stage. An instruction begins and ends with its own text: to BuildKit
blank lines and comments between a continuation and the end of the file belong to it.

BuildKit asks registries for base images, here that is done on demand: with `--online`, or `online true` in a `dockerfiles`
section. Without it there is no InvalidBaseImagePlatform, and what base images set by ENV is not known. Which platform is built
for, `--platform` or `platforms` say; which machine builds is not known, so that `--platform=$BUILDPLATFORM` is not judged.
Where an index lacks the platform, BuildKit stops: that is an InvalidBaseImagePlatform, too.
";

/// A program whose findings a profile reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Peer {
    Hadolint,
    Buildkit,
}

impl Peer {
    const ALL: [Self; 2] = [Self::Hadolint, Self::Buildkit];

    const fn profile(self) -> Profile {
        match self {
            Self::Hadolint => Profile::Hadolint,
            Self::Buildkit => Profile::Buildkit,
        }
    }

    /// The name of its block.
    const fn block(self) -> &'static str {
        match self {
            Self::Hadolint => "hadolint",
            Self::Buildkit => "buildkit",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Hadolint => "hadolint",
            Self::Buildkit => "BuildKit",
        }
    }

    /// Whether it calls a finding so; an error of BuildKit is called `stops`.
    fn knows(self, id: &str) -> bool {
        match self {
            Self::Hadolint => id.starts_with("DL"),
            Self::Buildkit => !id.starts_with("DL"),
        }
    }
}

/// A sample and what is said about it.
struct Difference {
    peer: Peer,
    name: String,
    text: String,
    case: Case,
    ours: String,
}

impl Difference {
    fn read(from: &str, name: String) -> Self {
        let text = std::fs::read_to_string(folder(from).join(format!("{name}.md"))).unwrap();
        let case = read_cases(&text).into_iter().next().expect("a sample");
        let source = Arc::new(Source::new("Dockerfile", case.blocks["dockerfile"].as_str()));
        let peer = Peer::ALL.into_iter().find(|peer| case.blocks.contains_key(peer.block())).expect("a program");
        let policy = case.blocks.get("policy").map_or_else(Policy::default, |text| policy(text));
        let policy = Policy { profile: peer.profile(), ..policy };
        let (path, today) = (Path::new("Dockerfile"), Date::constant(2027, 1, 31));
        let report = lint(&Dockerfile::parse(&source), path, &policy, &BuildContext::default(), None, today);
        Self { peer, name, ours: said(peer, &source, &report), text, case }
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
        if let Some(policy) = self.case.blocks.get("policy") {
            write!(section, "\npolicy:\n\n````text\n{policy}````\n").unwrap();
        }
        for (who, said) in [(self.peer.name(), block(self.peer.block())), ("swrctl", &self.ours)] {
            write!(section, "\n{who}:\n\n````text\n{}````\n", or_nothing(said)).unwrap();
        }
        section
    }
}

/// The line, the program's codes and our name of each finding.
fn said(peer: Peer, source: &Source, report: &Report) -> String {
    let mut said = String::new();
    for finding in &report.findings {
        let line = source.position(finding.diagnostic.labels[0].span.start).line;
        let codes: Vec<_> = finding.aliases.iter().filter(|id| peer.knows(id)).copied().collect();
        writeln!(said, "{line} {} {}", codes.join(" "), finding.rule).unwrap();
    }
    said
}

/// Codes of other programs are not written as our names are.
fn is_code(peer: Peer, code: &str) -> bool {
    peer.knows(code) && code.starts_with(|c: char| c.is_ascii_uppercase())
}

#[test]
fn every_difference_is_one_and_is_documented() {
    let differences: Vec<_> = stems(FOLDER, "md").into_iter().map(|name| Difference::read(FOLDER, name)).collect();
    let document = differences.iter().fold(INTRODUCTION.to_owned(), |text, difference| text + &difference.section());
    if std::env::var_os("SWRCTL_BLESS").is_some() {
        for difference in &differences {
            std::fs::write(folder(FOLDER).join(format!("{}.md", difference.name)), difference.blessed()).unwrap();
        }
        std::fs::write(folder(DOCUMENT), &document).unwrap();
    }
    for Difference { peer, name, case, ours, .. } in &differences {
        assert_eq!(*ours, case.blocks["swrctl"], "{name}");
        let ours: BTreeSet<_> = Difference::codes(ours).into_iter().filter(|(_, code)| is_code(*peer, code)).collect();
        assert_ne!(ours, Difference::codes(&case.blocks[peer.block()]), "{name} is no difference");
    }
    assert_eq!(document, std::fs::read_to_string(folder(DOCUMENT)).unwrap());
}

#[test]
fn what_hadolint_leaves_out_its_profile_leaves_out() {
    for Difference { peer, name, case, ours, .. } in
        stems(AGREEMENTS, "md").into_iter().map(|name| Difference::read(AGREEMENTS, name))
    {
        let ours: BTreeSet<_> = Difference::codes(&ours).into_iter().filter(|(_, code)| is_code(peer, code)).collect();
        assert_eq!(ours, Difference::codes(&case.blocks[peer.block()]), "{name}");
    }
}
