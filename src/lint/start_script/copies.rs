//! What COPY and ADD bring to given paths of the image.

use globset::GlobBuilder;

use super::super::paths::{is_archive, is_remote, is_within, joined};
use super::Directory;
use crate::dockerfile::{Dockerfile, Heredoc, Instruction, Keyword, Word};

/// Something that may bring a file.
#[derive(Clone, Debug)]
pub(super) enum Provision<'a> {
    /// Files of the build context, where one of them exists.
    Files {
        candidates: Vec<String>,
        copy: usize,
    },
    Inline {
        document: &'a Heredoc,
        copy: usize,
    },
    /// A stage, an image, an archive, a path that only the build knows.
    Unknown,
}

impl Provision<'_> {
    pub(super) fn candidates(&self) -> impl Iterator<Item = &str> {
        let candidates = if let Self::Files { candidates, .. } = self { &candidates[..] } else { &[] };
        candidates.iter().map(String::as_str)
    }
}

/// What may bring one of `targets`, in the order of the file.
pub(super) fn provisions<'a>(
    dockerfile: &'a Dockerfile,
    placed: &[(usize, Directory)],
    targets: &[String],
) -> Vec<Provision<'a>> {
    let copies = placed.iter().filter(|(index, _)| {
        let instruction = &dockerfile.instructions[*index];
        instruction.is(Keyword::Copy) || instruction.is(Keyword::Add)
    });
    copies.filter_map(|(index, workdir)| provision(dockerfile, *index, workdir.as_deref(), targets)).collect()
}

fn provision<'a>(
    dockerfile: &'a Dockerfile,
    index: usize,
    workdir: Option<&str>,
    targets: &[String],
) -> Option<Provision<'a>> {
    let copy = &dockerfile.instructions[index];
    let (destination, sources) = copy.words().split_last()?;
    let Some(path) = destination.value.as_deref().and_then(|path| joined(workdir, path)) else {
        return Some(Provision::Unknown);
    };
    let reached: Vec<&str> = targets.iter().map(String::as_str).filter(|target| is_within(target, &path)).collect();
    if reached.is_empty() {
        return None;
    }
    if let Some(document) = inline(copy, &path, &reached) {
        return Some(Provision::Inline { document, copy: index });
    }
    if brings_anything(copy, sources) {
        return Some(Provision::Unknown);
    }
    let candidates: Vec<_> = sources
        .iter()
        .filter(|source| !is_marker(copy, source))
        .flat_map(|source| reached.iter().flat_map(|target| candidates(source.text(), &path, target)))
        .collect();
    (!candidates.is_empty()).then_some(Provision::Files { candidates, copy: index })
}

fn brings_anything(copy: &Instruction, sources: &[Word]) -> bool {
    let foreign = |word: &Word| {
        word.value.is_none() || is_remote(word.text()) || (copy.is(Keyword::Add) && is_archive(word.text()))
    };
    let flags = ["from", "parents", "exclude"];
    copy.flags.iter().any(|flag| flags.contains(&flag.name.as_str())) || sources.iter().any(foreign)
}

fn is_marker(copy: &Instruction, word: &Word) -> bool {
    copy.heredocs.iter().any(|document| document.marker == word.span())
}

fn inline<'a>(copy: &'a Instruction, path: &str, reached: &[&str]) -> Option<&'a Heredoc> {
    let named = |document: &&Heredoc| {
        reached.iter().any(|target| *target == path || joined(Some(path), &document.name).as_deref() == Some(*target))
    };
    copy.heredocs.iter().find(named)
}

/// Paths in the context that would end up at `target` when `source` is copied to `destination`.
fn candidates(source: &str, destination: &str, target: &str) -> Vec<String> {
    let file = is_file_name(source);
    let source = joined(Some("/"), source).unwrap_or_default();
    let source = source.trim_matches('/');
    let rest = target.strip_prefix(destination.trim_end_matches('/')).unwrap_or_default().trim_start_matches('/');
    let (parent, name) = source.rsplit_once('/').unwrap_or(("", source));
    let below = |directory: &str, rest: &str| joined(Some("/"), &format!("{directory}/{rest}"));
    let mut found = Vec::new();
    if source.contains(['*', '?', '[']) {
        let glob = GlobBuilder::new(name).literal_separator(true).build().ok().filter(|_| !parent.contains(['*', '?']));
        let file = target.rsplit('/').next().unwrap_or(target);
        if glob.is_some_and(|glob| glob.compile_matcher().is_match(file)) && (rest.is_empty() || rest == file) {
            found.extend(below(parent, file));
        }
    } else if rest.is_empty() {
        found.extend(below("", source));
    } else {
        found.extend((!file).then(|| below(source, rest)).flatten());
        // The destination may be a directory, and the source a file.
        found.extend((rest == name).then(|| below("", source)).flatten());
    }
    found.into_iter().map(|path| path.trim_start_matches('/').to_owned()).filter(|path| !path.is_empty()).collect()
}

/// Whether the name ends like a file's: directories seldom have extensions.
fn is_file_name(source: &str) -> bool {
    let name = source.rsplit('/').next().unwrap_or_default();
    let extension = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map(|(_, extension)| extension);
    extension.is_some_and(|extension| {
        (2..=5).contains(&extension.len()) && extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}
