//! What has to be known of a build context before its Dockerfile is linted: found out without reading any shell text.

use std::collections::BTreeSet;

use super::build::Folder;
use super::context::start_text;
use super::paths::{below_context, has_extension, is_remote, is_whole_context};
use super::start_script::{self, start_instruction};
use crate::dockerfile::{Dockerfile, Keyword};

/// What rules, and the fixes they offer, must know of a Dockerfile's build context.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Files that the Dockerfile itself names.
    files: BTreeSet<String>,
    /// What ADD takes from the context.
    added: BTreeSet<String>,
    /// The whole context is copied: what lies in it decides what is to be said.
    folder: bool,
}

impl Needs {
    #[must_use]
    pub fn of(dockerfile: &Dockerfile) -> Self {
        let script = start_instruction(dockerfile).map(|index| start_text(dockerfile, index));
        let start = script.and_then(|script| start_script::find(dockerfile, &script).map(|start| start.candidates()));
        let mut files = start.unwrap_or_default();
        let folder = copies_all(dockerfile);
        if folder {
            files.extend(named_by_runs(dockerfile));
        }
        Self { files, added: added(dockerfile).collect(), folder }
    }

    /// Whether the names in the context directory are asked for.
    #[must_use]
    pub const fn folder(&self) -> bool {
        self.folder
    }

    /// Paths below the context directory that ADD names; they need not exist.
    #[must_use]
    pub const fn added(&self) -> &BTreeSet<String> {
        &self.added
    }

    /// Paths below the context directory of files that are to be read; they need not exist.
    #[must_use]
    pub fn files(&self, folder: &Folder) -> BTreeSet<String> {
        let mut files = self.files.clone();
        if self.folder {
            files.extend(folder.read.iter().cloned());
        }
        files
    }
}

fn added(dockerfile: &Dockerfile) -> impl Iterator<Item = String> {
    const MOST: usize = 16;
    let adds = dockerfile.instructions.iter().filter(|line| *line.keyword == Keyword::Add);
    let sources = adds.filter_map(|add| add.words().split_last()).flat_map(|(_, sources)| sources);
    let local = sources.filter_map(|word| word.value.as_deref()).filter(|path| !is_remote(path));
    local.filter_map(below_context).take(MOST)
}

fn copies_all(dockerfile: &Dockerfile) -> bool {
    dockerfile.instructions.iter().any(|copy| {
        matches!(*copy.keyword, Keyword::Copy | Keyword::Add)
            && copy.flag("from").is_none()
            && copy.words().iter().any(|word| is_whole_context(word.text()))
    })
}

/// What looks like a list of requirements or a script in the text of RUNs.
fn named_by_runs(dockerfile: &Dockerfile) -> impl Iterator<Item = String> + '_ {
    const MOST: usize = 16;
    let runs = dockerfile.instructions.iter().filter(|line| *line.keyword == Keyword::Run);
    let words = runs.flat_map(|run| {
        let parted = |c: char| c.is_whitespace() || "'\"`;&|()=<>[],".contains(c);
        dockerfile.source.slice(run.span).split(parted)
    });
    let paths = words.filter_map(|word| {
        let path = word.strip_prefix("-r").unwrap_or(word);
        let local = path.strip_prefix("./").unwrap_or(path);
        let wanted = local.len() < path.len() || has_extension(local, &["txt", "sh"]);
        let inside = !local.is_empty() && !local.starts_with('/') && !local.contains("..") && !local.contains('$');
        (wanted && inside).then(|| local.to_owned())
    });
    paths.take(MOST)
}
