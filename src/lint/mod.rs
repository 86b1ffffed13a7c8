//! Rules over Dockerfiles and the policy that weighs them. No I/O.

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
