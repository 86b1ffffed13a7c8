//! What rules must know beside the Dockerfile: facts that `worktree` found out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::shellcheck::ShellFinding;
use crate::diag::Source;

/// The directory that `docker build` sends to the builder, as far as rules look at it.
#[derive(Clone, Debug, Default)]
pub struct BuildContext {
    /// The ignore file in force: `<Dockerfile's name>.dockerignore`, or `.dockerignore`.
    pub ignore_file: Option<Arc<Source>>,
    /// Names directly in the context directory; they are asked for where there is an ignore file only.
    pub entries: BTreeSet<String>,
    /// Those of [`files_to_read`](super::files_to_read) that exist and are text, by their paths in the context.
    pub files: BTreeMap<String, ContextFile>,
    /// What ShellCheck says about [`shell_scripts`](super::shell_scripts).
    pub shell: Vec<ShellFinding>,
}

/// A text file of the build context.
#[derive(Clone, Debug)]
pub struct ContextFile {
    pub source: Arc<Source>,
    /// `None` where the file system does not tell.
    pub executable: Option<bool>,
}
