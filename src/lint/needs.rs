//! What has to be known of a build context before its Dockerfile is linted: found out without reading any shell text.

use std::collections::BTreeSet;

use super::build::Folder;
use super::context::start_text;
use super::paths::{below_context, has_extension, is_remote, is_whole_context};
use super::start_script::{self, start_instruction};
use crate::dockerfile::{Dockerfile, Instruction, Keyword, Word};

/// What rules, and the fixes they offer, must know of a Dockerfile's build context.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Files that the Dockerfile itself names.
    files: BTreeSet<String>,
    /// What ADD takes from the context.
    added: BTreeSet<String>,
    /// What COPY and ADD name in the context.
    copied: BTreeSet<String>,
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
        Self { files, added: added(dockerfile).collect(), copied: copied(dockerfile).collect(), folder }
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

    /// Paths below the context directory that COPY and ADD name; they need not exist.
    #[must_use]
    pub const fn copied(&self) -> &BTreeSet<String> {
        &self.copied
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

/// Plain paths; what ONBUILD copies lies in the context of another image.
fn copied(dockerfile: &Dockerfile) -> impl Iterator<Item = String> {
    const MOST: usize = 256;
    let copies = dockerfile.instructions.iter().filter(|line| line.is(Keyword::Copy) || line.is(Keyword::Add));
    copies.flat_map(context_sources).filter_map(|(_, path)| below_context(path)).take(MOST)
}

/// The sources of a COPY or ADD that are plain paths of the build context, with the words that name them.
pub(super) fn context_sources(copy: &Instruction) -> impl Iterator<Item = (&Word, &str)> {
    let sources = copy.words().split_last().map_or(&[][..], |(_, sources)| sources);
    let local = sources.iter().filter(|_| copy.flag("from").is_none());
    let inline = |word: &Word| copy.heredocs.iter().any(|document| document.marker == word.span());
    local.filter(move |word| !inline(word)).filter_map(|word| {
        let plain = |path: &&str| !is_remote(path) && !path.contains(['*', '?', '[', '\\']) && !is_whole_context(path);
        word.value.as_deref().filter(plain).map(|path| (word, path))
    })
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
