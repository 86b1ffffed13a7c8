//! Which shell runs the shell text of an instruction: SHELL, inherited by the stages built on a stage, and what
//! comments say about the base image.

use std::rc::Rc;

use super::images::is_linux;
use crate::dockerfile::{Base, Dockerfile, Keyword, Stage, Word};

/// What runs shell text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shell {
    /// One that reads its text as POSIX shells do.
    Posix(PosixShell),
    /// PowerShell, cmd, or anything else that our reader knows nothing of.
    Foreign,
}

/// `["/bin/bash", "-o", "pipefail", "-c"]` without the directory and `-c`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PosixShell {
    pub(super) name: String,
    pub(super) options: Vec<String>,
}

impl Shell {
    /// The shell that a command line starts: `bash`, `/usr/bin/env -S bash -e`, `busybox sh`.
    pub(super) fn of<'w>(words: impl IntoIterator<Item = &'w str>) -> Self {
        let skipped =
            |word: &&str| matches!(base_name(word), "env" | "busybox") || word.starts_with('-') || word.contains('=');
        let mut words = words.into_iter().peekable();
        let mut busybox = false;
        while let Some(word) = words.next_if(skipped) {
            busybox |= base_name(word) == "busybox";
        }
        let name = words.next().map(base_name).filter(|name| is_posix(name));
        name.map_or(Self::Foreign, |name| {
            let name = if busybox { "ash" } else { name };
            Self::Posix(PosixShell { name: name.to_owned(), options: words.filter_map(option).collect() })
        })
    }

    /// What `/bin/sh -c` is.
    pub(super) fn sh() -> Self {
        Self::of(["sh"])
    }

    pub(super) fn posix(&self) -> Option<&PosixShell> {
        if let Self::Posix(shell) = self { Some(shell) } else { None }
    }

    /// What runs a script by its first line; without `#!` there, `None`.
    pub(super) fn of_script(script: &str) -> Option<Self> {
        let line = script.strip_prefix("#!")?.lines().next().unwrap_or_default();
        Some(Self::of(line.split_whitespace()))
    }
}

impl PosixShell {
    pub(super) fn sets_pipefail(&self) -> bool {
        self.options.windows(2).any(|pair| pair[0].starts_with('-') && pair[0].ends_with('o') && pair[1] == "pipefail")
    }
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

pub(super) fn is_posix(name: &str) -> bool {
    matches!(name, "sh" | "bash" | "ash" | "dash" | "zsh" | "ksh" | "mksh")
}

/// An option without the `c` that announces the script.
fn option(word: &str) -> Option<String> {
    let cluster = word.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
    let kept = cluster.map_or_else(|| word.to_owned(), |letters| format!("-{}", letters.replace('c', "")));
    (kept != "-").then_some(kept)
}

/// The shell of every instruction.
pub(super) fn shells(dockerfile: &Dockerfile) -> Vec<Rc<Shell>> {
    let foreign = Rc::new(Shell::Foreign);
    let mut shells = vec![Rc::clone(&foreign); dockerfile.instructions.len()];
    let mut comments = dockerfile.comments.iter().peekable();
    let sh = Rc::new(Shell::sh());
    let mut at_end: Vec<Rc<Shell>> = Vec::with_capacity(dockerfile.stages.len());
    for stage in &dockerfile.stages {
        let mut shell = match &stage.base {
            Base::Stage(parent) => Rc::clone(&at_end[*parent]),
            _ if is_windows(dockerfile, stage) => Rc::clone(&foreign),
            _ => Rc::clone(&sh),
        };
        for index in stage.instructions.clone() {
            let instruction = &dockerfile.instructions[index];
            while let Some(comment) = comments.next_if(|comment| comment.start < instruction.span.start) {
                if let Some(declared) = declared_shell(dockerfile.source.slice(*comment)) {
                    shell = Rc::new(Shell::of(declared.split_whitespace()));
                }
            }
            if instruction.is(Keyword::Shell) && !instruction.words().is_empty() {
                shell = Rc::new(Shell::of(instruction.words().iter().map(Word::text)));
            }
            shells[index] = Rc::clone(&shell);
        }
        at_end.push(shell);
    }
    shells
}

/// `# hadolint shell=NAME` names the shell that the base image sets.
fn declared_shell(comment: &str) -> Option<&str> {
    let text = comment.trim_start_matches('#').trim_start().strip_prefix("hadolint")?;
    text.trim_start().strip_prefix("shell")?.trim_start().strip_prefix('=').map(str::trim)
}

/// Whether what starts from an image is for Windows: the image or the platform says so, or, where the file has the escape
/// character that is used for Windows, nothing says otherwise.
pub(super) fn is_windows(dockerfile: &Dockerfile, root: &Stage) -> bool {
    let base = if let Base::Image(name) = &root.base { name.as_str() } else { "" };
    let platform = dockerfile.from_of(root).and_then(|from| from.flag("platform")).map_or("", Word::text);
    let named = |text: &str| ["windows", "nanoserver", "servercore"].iter().any(|word| text.contains(word));
    let linux = is_linux(base) || platform.starts_with("linux");
    named(base) || named(platform) || (dockerfile.escape == '`' && !linux)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diag::Source;

    fn of(line: &str) -> String {
        match Shell::of(line.split_whitespace()) {
            Shell::Posix(PosixShell { name, options }) => format!("{name} {}", options.join(" ")),
            Shell::Foreign => "foreign".to_owned(),
        }
    }

    #[test]
    fn a_command_line_names_its_shell() {
        assert_eq!(of("/bin/bash -o pipefail -c"), "bash -o pipefail");
        assert_eq!(of("/bin/bash -ec"), "bash -e");
        assert_eq!(of("/usr/bin/env -S A=b bash -e"), "bash -e");
        assert_eq!(of("/bin/busybox sh -c"), "ash ");
        for foreign in ["powershell -Command", "cmd /S /C", "pwsh", "python3 -c", "env", ""] {
            assert_eq!(of(foreign), "foreign", "{foreign}");
        }
        assert_eq!(Shell::of_script("#!/usr/bin/env python3\nx"), Some(Shell::Foreign));
        assert_eq!(Shell::of_script("x"), None);
    }

    #[test]
    fn the_escape_character_says_nothing_of_a_base_that_is_known() {
        let is_foreign = |from: &str| {
            let text = format!("# escape=`\nFROM {from}\nRUN x\n");
            let dockerfile = Dockerfile::parse(&Arc::new(Source::new("Dockerfile", text)));
            *shells(&dockerfile)[1] == Shell::Foreign
        };
        for linux in
            ["ubuntu:22.04", "node:20", "golang:1.23-alpine", "corp.example/x:1-slim", "--platform=linux/amd64 x"]
        {
            assert!(!is_foreign(linux), "{linux}");
        }
        for windows in
            ["corp.example/x", "golang:1.23", "python:3-windowsservercore", "--platform=windows/amd64 x", "$A"]
        {
            assert!(is_foreign(windows), "{windows}");
        }
    }

    #[test]
    fn a_shell_is_inherited_from_a_stage_and_from_no_image() {
        let text = "FROM a AS b\nSHELL [\"bash\", \"-e\", \"-c\"]\nRUN x\nFROM c\nRUN x\nFROM b\nRUN x\n\
                    # hadolint shell=dash\nRUN x\nFROM mcr.microsoft.com/windows:1\nRUN x\n";
        let dockerfile = Dockerfile::parse(&Arc::new(Source::new("Dockerfile", text)));
        let shells = shells(&dockerfile);
        let runs = dockerfile.instructions.iter().zip(&shells).filter(|(run, _)| run.is(Keyword::Run));
        let names: Vec<_> = runs.map(|(_, shell)| shell.posix().map(|shell| shell.name.as_str())).collect();
        assert_eq!(names, [Some("bash"), Some("sh"), Some("bash"), Some("dash"), None]);
    }
}
