//! STUB
pub mod policy;
use crate::diag::Diagnostic;
use policy::Level;
#[derive(Clone, Debug)]
pub struct Finding {
    pub rule: &'static str,
    pub aliases: &'static [&'static str],
    pub practice: Option<u8>,
    pub level: Level,
    pub diagnostic: Diagnostic,
}
#[derive(Clone, Debug)]
pub struct Report {
    pub findings: Vec<Finding>,
    pub failed: bool,
}
/// A Dockerfile and what the linter says of it.
#[derive(Clone, Debug)]
pub struct LintedDockerfile {
    /// Relative to the project file, with `/`.
    pub path: String,
    /// Index of the `dockerfiles` section that owns it.
    pub set: usize,
    /// Of the file's bytes.
    pub digest: crate::image::Digest,
    pub report: Report,
}
