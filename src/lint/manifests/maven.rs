//! `mvn dependency:go-offline`: `pom.xml` of a project without modules.

use super::options::{Options, operands};
use super::{Reads, Sources};
use crate::dockerfile::shell::Invocation;

const OPTIONS: Options = Options {
    flags: &["-B", "--batch-mode", "-q", "--quiet", "-ntp", "--no-transfer-progress", "-e", "-U", "-X"],
    valued: &[],
    urls: &[],
};

/// What makes Maven read further files, or decide by them.
const LEADING: [&str; 10] = [
    "<modules>",
    "<relativePath>",
    "<systemPath>",
    "<activation>",
    "<extension>",
    "<filters>",
    "file:",
    "basedir",
    "<!ENTITY",
    "${env",
];

pub(super) fn reads(command: &Invocation, sources: Sources) -> Option<Reads> {
    const GOALS: [&str; 3] = ["dependency:go-offline", "dependency:resolve", "dependency:resolve-plugins"];
    let goals = operands(command, 1, &OPTIONS)?;
    let first = command.operands().next()?.text();
    if !GOALS.contains(&first) || !goals.iter().all(|goal| GOALS.contains(goal)) || sources.has(".mvn") {
        return None;
    }
    sources.text("pom.xml").filter(|text| !LEADING.iter().any(|part| text.contains(part)))?;
    Some(Reads { files: vec!["pom.xml".to_owned()], fills: &[] })
}
