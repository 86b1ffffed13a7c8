//! What recognises a finding in a later run, after lines above it have come or gone.

use std::collections::HashMap;

use super::Place;
use crate::image::Digest;
use crate::lint::Finding;
use crate::worktree::LintedFile;

/// Fingerprints of one run, each given once.
///
/// A finding is its rule, its file and the text of its first line; of several that agree in these, each is known by
/// how many came before it. Neither line numbers nor wordings of messages count.
#[derive(Debug, Default)]
pub(super) struct Fingerprints {
    seen: HashMap<(String, &'static str, String), usize>,
}

impl Fingerprints {
    pub(super) fn of(&mut self, file: &LintedFile, finding: &Finding) -> String {
        let Place { source, start, .. } = Place::of(finding);
        let line = source.line(start.line).map_or("", |span| source.slice(span)).trim();
        let nth = self.seen.entry((file.name.clone(), finding.rule, line.to_owned())).or_default();
        // No file name holds a NUL, no rule and no number either.
        let digest = Digest::sha256(format!("{}\0{}\0{nth}\0{line}", finding.rule, file.name).as_bytes());
        *nth += 1;
        digest.hex()[..32].to_owned()
    }
}
