//! Reads a project file from disk, and the files that it takes policies from.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::declaration::from_the_top;
use super::{Parsed, Place, Project};
use crate::diag::{Diagnostic, Problem, Source, Wording, say};
use crate::lint::baseline::{Baseline, NamedBy};
use crate::lint::hadolint::Settings;

/// More than any project file: what is larger was named by mistake.
const MAX_BYTES: u64 = 1024 * 1024;
/// A hundred thousand findings.
const MAX_BASELINE: u64 = 16 * 1024 * 1024;

/// What becomes of the baselines that sections name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Baselines {
    /// A file that is missing is an error.
    Read,
    /// A file that is missing holds nothing yet: it is about to be written.
    Renew,
    /// None is looked at.
    Leave,
}

/// Reads and parses the project file at `path`.
///
/// # Errors
/// What keeps the file from being read, or everything that is wrong in it.
pub fn load(path: &Path) -> Parsed {
    load_with(path, Baselines::Read)
}

/// The same, for who has a word on baselines.
///
/// # Errors
/// As [`load`] has them.
pub fn load_with(path: &Path, baselines: Baselines) -> Parsed {
    let text = read(path).map_err(|diagnostic| vec![diagnostic])?;
    let root = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (mut project, mut found) =
        Project::parse(Arc::new(Source::new(path.display().to_string(), text)), root.to_owned())?;
    follow_links(&mut project);
    found.extend(with_hadolint(&mut project)?);
    if baselines != Baselines::Leave {
        with_baselines(&mut project, baselines)?;
    }
    Ok((project, found))
}

/// Finds where directories of images really are, so that two sections that lead to one by a link are one place.
fn follow_links(project: &mut Project) {
    for index in 0..project.registries.len() {
        if let Place::OciLayout(directory) = &project.registries[index].place {
            project.registries[index].directory = Some(followed(project.resolve(directory)));
        }
    }
}

/// What is not there yet is where its parents lead.
fn followed(path: PathBuf) -> PathBuf {
    let path = std::path::absolute(&path).unwrap_or(path);
    let real = path.ancestors().find_map(|there| {
        let missing = path.strip_prefix(there).ok()?;
        Some(from_the_top(Path::new(""), &there.canonicalize().ok()?.join(missing)))
    });
    real.unwrap_or(path)
}

/// Gives policies the baselines that their sections name; sections that name the same file share it.
fn with_baselines(project: &mut Project, baselines: Baselines) -> Result<(), Vec<Diagnostic>> {
    let mut read: HashMap<PathBuf, Arc<Baseline>> = HashMap::new();
    for index in 0..project.dockerfiles.len() {
        let Some(named) = project.dockerfiles[index].baseline.clone() else { continue };
        let path = project.resolve(&named);
        let baseline = match read.get(&path) {
            Some(baseline) => Arc::clone(baseline),
            None => read_baseline(&path, baselines == Baselines::Renew, NamedBy::ProjectFile)
                .map_err(|found| vec![found.at(&project.source, named.span, say!("named here", "写在这里"))])?,
        };
        read.insert(path, Arc::clone(&baseline));
        project.dockerfiles[index].policy.baseline = Some(baseline);
    }
    Ok(())
}

/// Reads a baseline; one that `may_be_missing` holds nothing then.
///
/// # Errors
/// When the file cannot be read or is no baseline.
pub fn read_baseline(path: &Path, may_be_missing: bool, named_by: NamedBy) -> Result<Arc<Baseline>, Diagnostic> {
    let path = path.strip_prefix(".").ok().filter(|rest| !rest.as_os_str().is_empty()).unwrap_or(path);
    let shown = path.display();
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = parent.canonicalize().map_err(|error| {
        let message = say!(
            "the folder of the baseline `{shown}` cannot be read: {reason}",
            "无法读取基线 `{shown}` 所在的文件夹：{reason}",
            shown,
            reason = Wording::of_system(&error)
        );
        Diagnostic::error("unreadable-baseline", message)
            .with_help(say!("correct the path, or make the folder", "修正路径，或者建立文件夹"))
    })?;
    let baseline = Baseline::new(path.to_owned(), folder, named_by);
    match read_text(path, MAX_BASELINE) {
        Ok(text) => baseline.with(&Arc::new(Source::new(shown.to_string(), text))).map(Arc::new),
        Err(Unread { kind: ErrorKind::NotFound, .. }) if may_be_missing => Ok(Arc::new(baseline)),
        Err(Unread { kind: ErrorKind::NotFound, .. }) => {
            let found =
                Diagnostic::error("no-baseline", say!("there is no baseline `{shown}`", "没有基线 `{shown}`", shown));
            Err(found.with_help(say!(
                "write it with `{renew}`, or correct the path",
                "用 `{renew}` 写出它，或者修正路径",
                renew = baseline.renewal()
            )))
        }
        Err(Unread { reason, .. }) => {
            let found = Diagnostic::error(
                "unreadable-baseline",
                say!("cannot read the baseline `{shown}`: {reason}", "无法读取基线 `{shown}`：{reason}", shown, reason),
            );
            Err(found.with_help(say!("correct the path, or make the file readable", "修正路径，或者让文件可读")))
        }
    }
}

/// Why a file is not read.
struct Unread {
    kind: ErrorKind,
    reason: Wording,
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        Self { kind: error.kind(), reason: Wording::of_system(&error) }
    }
}

/// All of a file that is not larger than `most`.
fn read_text(path: &Path, most: u64) -> Result<String, Unread> {
    let unfit = |reason| Unread { kind: ErrorKind::InvalidData, reason };
    let mut bytes = Vec::new();
    File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(unfit(say!("it is larger than {size} MiB", "它超过 {size} MiB", size = most >> 20)));
    }
    String::from_utf8(bytes).map_err(|_| unfit(say!("it is not UTF-8", "它不是 UTF-8")))
}

/// Lays hadolint's settings below the policies that name them; returns what to warn of.
fn with_hadolint(project: &mut Project) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
    let mut found = Vec::new();
    let named: Vec<_> = project.dockerfiles.iter().map(|section| section.hadolint.clone()).collect();
    for (index, file) in named.into_iter().enumerate() {
        let Some(file) = file else { continue };
        let path = project.resolve(&file);
        let text = read_settings(&path).map_err(|problem| {
            vec![Diagnostic::from(problem).at(&project.source, file.span, say!("named here", "写在这里"))]
        })?;
        let (settings, warnings) = Settings::read(Some(&text), &[])?;
        let section = &mut project.dockerfiles[index];
        settings.lay_below(&mut section.policy, section.says);
        found.extend(warnings);
    }
    Ok(found)
}

/// Reads settings of hadolint, `.hadolint.yaml` or another file.
///
/// # Errors
/// When the file cannot be read, is too large or no text.
pub fn read_settings(path: &Path) -> Result<Arc<Source>, Problem> {
    let shown = path.display();
    let text = read_text(path, MAX_BYTES).map_err(|Unread { reason, .. }| {
        Problem::new(
            "unreadable-settings",
            say!(
                "cannot read hadolint's settings `{shown}`: {reason}",
                "无法读取 hadolint 的设置 `{shown}`：{reason}",
                shown,
                reason
            ),
        )
        .with_help(say!("correct the path, or make the file readable", "修正路径，或者让文件可读"))
    })?;
    Ok(Arc::new(Source::new(shown.to_string(), text)))
}

fn read(path: &Path) -> Result<String, Diagnostic> {
    let shown = path.display();
    let unreadable = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => Diagnostic::error(
            "no-project-file",
            say!("there is no project file `{shown}`", "没有项目文件 `{shown}`", shown),
        )
        .with_help(say!(
            "write one with `swrctl init`, or name another with `--file PATH`",
            "用 `swrctl init` 写一个，或者用 `--file PATH` 指定另一个"
        )),
        ErrorKind::IsADirectory => is_directory(path),
        _ => Diagnostic::error(
            "unreadable-project-file",
            say!(
                "cannot read the project file `{shown}`: {reason}",
                "无法读取项目文件 `{shown}`：{reason}",
                shown,
                reason = Wording::of_system(&error)
            ),
        )
        .with_help(say!("make it readable for the user that runs swrctl", "让运行 swrctl 的用户可以读取它")),
    };
    let mut file = File::open(path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.is_dir() {
        return Err(is_directory(path));
    }
    let mut bytes = Vec::new();
    file.by_ref().take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_BYTES {
        let message = say!("the project file `{shown}` is larger than 1 MiB", "项目文件 `{shown}` 超过 1 MiB", shown);
        return Err(Diagnostic::error("huge-project-file", message)
            .with_help(say!("name the project file, `swr.kdl`", "写项目文件 `swr.kdl`")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let message = say!(
            "the project file `{shown}` is not UTF-8: byte {at} starts no character",
            "项目文件 `{shown}` 不是 UTF-8：字节 {at} 处不是字符",
            shown,
            at
        );
        Diagnostic::error("not-utf-8", message).with_help(say!("save it as UTF-8", "存为 UTF-8"))
    })
}

fn is_directory(path: &Path) -> Diagnostic {
    let (path, file) = (path.display(), path.join("swr.kdl"));
    let message = say!("`{path}` is a directory, not a project file", "`{path}` 是目录，不是项目文件", path);
    let help = say!("name the file in it: `{file}`", "写其中的文件：`{file}`", file = file.display());
    Diagnostic::error("not-a-file", message).with_help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code_of(path: &Path) -> String {
        load(path).unwrap_err()[0].problem.code.to_string()
    }

    #[test]
    fn what_cannot_be_read_is_told_apart() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("swr.kdl");
        assert_eq!(code_of(&file), "no-project-file");
        assert_eq!(code_of(directory.path()), "not-a-file");
        std::fs::write(&file, b"project \"a\xff\"").unwrap();
        let found = load(&file).unwrap_err();
        assert!(found[0].problem.message.english().contains("byte 10 "), "{:?}", found[0].problem.message);
        File::create(&file).unwrap().set_len(MAX_BYTES + 1).unwrap();
        assert_eq!(code_of(&file), "huge-project-file");
    }

    #[test]
    fn sections_that_lead_to_one_directory_by_a_link_are_one_place() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(directory.path().join("real/sub")).unwrap();
        std::os::unix::fs::symlink("real", directory.path().join("link")).unwrap();
        let file = directory.path().join("swr.kdl");
        let sections = [("a", "real"), ("b", "link/../link"), ("c", "real/new"), ("d", "link/new"), ("e", "other")];
        let sections = sections.map(|(name, path)| format!("registry \"{name}\" \"oci-layout:./{path}\"\n"));
        std::fs::write(&file, format!("project \"p\" version=1\n{}", sections.concat())).unwrap();
        let (project, _) = load(&file).unwrap();
        let homes = ["a", "b", "c", "d", "e"].map(|name| project.home(name));
        assert_eq!(homes, ["a", "a", "c", "c", "e"]);
    }

    #[test]
    fn relative_paths_start_at_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("swr.kdl");
        std::fs::write(&file, "project \"a\" version=1").unwrap();
        let (project, _) = load(&file).unwrap();
        assert_eq!(project.resolve(Path::new("b")), directory.path().join("b"));
    }
}
