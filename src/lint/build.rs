//! What rules must know beside the Dockerfile: facts that `worktree` finds out when a rule asks for them.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::bases::BaseImages;
use super::data::context_files::{is_compose_file, is_read};
use super::shellcheck::ShellFinding;
use super::tree::Tree;
use crate::diag::Source;
use crate::dockerfile::is_dockerfile;

/// The directory that `docker build` sends to the builder, as far as rules look at it.
#[derive(Debug, Default)]
pub struct BuildContext<'a> {
    /// The ignore file in force: `<Dockerfile's name>.dockerignore`, or `.dockerignore`.
    pub ignore_file: Fact<'a, Option<Arc<Source>>>,
    /// Empty where neither an ignore file nor [`Needs`](super::Needs) asks for it.
    pub folder: Fact<'a, Arc<Folder>>,
    /// Those that [`Needs`](super::Needs) names, exist and are text, by their paths in the context.
    pub files: Fact<'a, BTreeMap<String, ContextFile>>,
    /// Of what ADD takes from the context, the paths of archives.
    pub archives: Fact<'a, BTreeSet<String>>,
    /// Of what COPY and ADD name, what neither lies in the context nor is kept from git; empty where the context is a guess.
    pub absent: Fact<'a, BTreeSet<String>>,
    /// What lies anywhere in the context; nothing is known of one that was cut.
    pub tree: Fact<'a, Arc<Tree>>,
    /// Dockerfiles in the folders below, as far as they are looked for: `docker build -f` may give them this context.
    pub nested: Fact<'a, Vec<Nested>>,
    /// What registries say of its images.
    pub bases: Arc<BaseImages>,
    /// What ShellCheck says about [`shell_scripts`](super::shell_scripts).
    pub shell: Vec<ShellFinding>,
    /// Whether a fix may put a file into it: nothing is to lie beside standard input.
    pub takes_files: bool,
}

/// Something to know, found out when it is first asked for: most Dockerfiles are judged without.
pub struct Fact<'a, T> {
    known: OnceCell<T>,
    find: Box<dyn Fn() -> Option<T> + 'a>,
}

impl<'a, T: Default> Fact<'a, T> {
    pub fn new(find: impl Fn() -> T + 'a) -> Self {
        Self { known: OnceCell::new(), find: Box::new(move || Some(find())) }
    }
}

impl<T: Default> From<T> for Fact<'_, T> {
    fn from(known: T) -> Self {
        Self { known: known.into(), find: Box::new(|| None) }
    }
}

impl<T: Default> Default for Fact<'_, T> {
    fn default() -> Self {
        T::default().into()
    }
}

impl<T: fmt::Debug> fmt::Debug for Fact<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.known.fmt(f)
    }
}

impl<T: Default> Deref for Fact<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.known.get_or_init(|| (self.find)().unwrap_or_default())
    }
}

/// What lies directly in a context directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folder {
    /// Names of files and directories.
    pub(super) entries: BTreeSet<String>,
    /// Those of them that are Dockerfiles.
    pub(super) dockerfiles: BTreeSet<String>,
    /// Those of them that are read where the whole context is copied.
    pub(super) read: BTreeSet<String>,
}

/// Most Dockerfiles of one folder that are read to see what they need of it.
const MAX_DOCKERFILES: usize = 16;

impl Folder {
    /// Dockerfiles are known by their names, or because they are linted.
    #[must_use]
    pub fn new(entries: BTreeSet<String>, is_linted: impl Fn(&str) -> bool) -> Self {
        let told = |name: &&String| is_read(name) || is_compose_file(name);
        let dockerfiles: BTreeSet<_> =
            entries.iter().filter(|name| is_dockerfile(name) || is_linted(name)).cloned().collect();
        let few = dockerfiles.len() <= MAX_DOCKERFILES;
        let read = entries.iter().filter(told).chain(dockerfiles.iter().filter(|_| few)).cloned().collect();
        Self { entries, dockerfiles, read }
    }
}

/// A Dockerfile in a folder below a build context.
#[derive(Clone, Debug)]
pub struct Nested {
    pub source: Arc<Source>,
    /// What lies beside it.
    pub folder: Arc<Folder>,
}

/// A text file of the build context.
#[derive(Clone, Debug)]
pub struct ContextFile {
    pub source: Arc<Source>,
    /// `None` where the file system does not tell.
    pub executable: Option<bool>,
}

impl BuildContext<'_> {
    /// The text of a file that was read.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(|file| file.source.text())
    }
}
