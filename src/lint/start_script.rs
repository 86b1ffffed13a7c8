//! The script that a container starts with: found through WORKDIR and what COPY brings in.

mod copies;

use std::collections::BTreeSet;
use std::rc::Rc;

use self::copies::{Provision, provisions};
use super::build::{BuildContext, ContextFile};
use super::images::{Kind, kind};
use super::paths::{is_absolute, joined};
use crate::diag::Span;
use crate::dockerfile::shell::{Invocation, Script};
use crate::dockerfile::{Command, Dockerfile, Heredoc, Instruction, Keyword};

/// Where a program is looked for that is named without a directory.
const PATH: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// Where an instruction works; `None` when that is not known. Many instructions share one.
type Directory = Option<Rc<str>>;

/// What ENTRYPOINT starts, or CMD where there is none, when that is a script.
#[derive(Clone, Debug)]
pub(super) struct StartScript<'a> {
    /// As the instruction names it.
    pub(super) name: String,
    /// Where it is named.
    pub(super) span: Span,
    /// The kernel runs it: it has to be executable and to name its interpreter.
    pub(super) direct: bool,
    /// Its paths in the image: more than one where PATH decides.
    pub(super) targets: Vec<String>,
    /// What may bring it, in the order of the file.
    provisions: Vec<Provision<'a>>,
}

/// Where the script comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Origin<'b> {
    /// A file of the build context, copied by the instruction of this index.
    File { path: &'b str, file: &'b ContextFile, copy: usize },
    /// A here-document of the COPY of this index.
    Inline { document: &'b Heredoc, copy: usize },
    /// No COPY names it, nor a directory that may hold it.
    Nowhere,
    /// A stage, an archive, a file that is not here: anything.
    Unknown,
}

/// The instruction that says what the final image starts.
pub(super) fn start_instruction(dockerfile: &Dockerfile) -> Option<usize> {
    let stages: Vec<_> = dockerfile.ancestry(dockerfile.final_stage()?).collect();
    let last = |keyword: Keyword| {
        let mut indexes = stages.iter().flat_map(|stage| dockerfile.stages[*stage].instructions.clone().rev());
        indexes.find(|index| dockerfile.instructions[*index].is(keyword))
    };
    let command =
        |index: &usize| dockerfile.instructions[*index].command().is_some_and(|command| !is_bare_init(command));
    last(Keyword::Entrypoint).filter(command).or_else(|| last(Keyword::Cmd).filter(command))
}

/// `["tini", "--"]`: an init that starts what CMD names.
fn is_bare_init(command: &Command) -> bool {
    let Command::Exec(words) = command else { return false };
    let Some((program, options)) = words.split_first() else { return true };
    let name = program.as_str().rsplit('/').next().unwrap_or_default();
    matches!(name, "tini" | "tini-static" | "dumb-init" | "catatonit")
        && options.iter().all(|option| option.as_str().starts_with('-'))
}

/// The script among what the instruction starts; `script` is its text as commands.
pub(super) fn find<'a>(dockerfile: &'a Dockerfile, script: &Script) -> Option<StartScript<'a>> {
    let [carriers @ .., invocation] = &script.invocations[..] else { return None };
    // `sh -c /entrypoint.sh` runs nothing else.
    let carries = carriers.is_empty() || matches!((carriers, &script.carried[..]), ([_], [_]));
    let (word, direct) = script_word(invocation, |name| is_copied_as(dockerfile, name)).filter(|_| carries)?;
    let stages: Vec<_> = dockerfile.ancestry(dockerfile.final_stage()?).collect();
    let placed = placed_instructions(dockerfile, &stages);
    let workdir = placed.last().map_or_else(|| root_directory(dockerfile, &stages), |(_, workdir)| workdir.clone());
    let name = word.text().to_owned();
    let targets = if is_absolute(&name) || (name.contains('/') || !direct) {
        vec![joined(workdir.as_deref(), &name)?]
    } else {
        PATH.iter().filter_map(|directory| joined(Some(directory), &name)).collect()
    };
    let provisions = provisions(dockerfile, &placed, &targets);
    Some(StartScript { name, span: word.span, direct, targets, provisions })
}

/// Whether some COPY gives a file this very name.
fn is_copied_as(dockerfile: &Dockerfile, name: &str) -> bool {
    let copies = dockerfile.instructions.iter().filter(|line| line.is(Keyword::Copy) || line.is(Keyword::Add));
    copies.filter_map(|copy| copy.words().last()?.value.as_deref()).any(|path| path.rsplit('/').next() == Some(name))
}

/// The word that names a script, and whether the kernel runs it.
fn script_word(
    invocation: &Invocation,
    is_copied_as: impl Fn(&str) -> bool,
) -> Option<(&crate::dockerfile::shell::ShellWord, bool)> {
    let shell = matches!(invocation.program(), "sh" | "bash" | "ash" | "dash");
    let word = if shell { invocation.arguments().first()? } else { &invocation.words[0] };
    let text = word.text();
    let plain = !word.dynamic && !text.contains(['$', '*', '\\', ' ']) && !word.is_option() && !text.ends_with('/');
    let named = || is_script_name(text) || text.contains('/') || (!shell && is_copied_as(text));
    (plain && named()).then_some((word, !shell))
}

/// Whether the name alone says that it is a shell's script.
pub(super) fn is_script_name(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    super::paths::has_extension(name, &["sh", "bash"]) || matches!(name, "entrypoint" | "docker-entrypoint")
}

/// Instructions of the stages, oldest first, each with the directory in which it works.
fn placed_instructions(dockerfile: &Dockerfile, stages: &[usize]) -> Vec<(usize, Directory)> {
    let mut workdir = root_directory(dockerfile, stages);
    let mut placed = Vec::new();
    for index in stages.iter().rev().flat_map(|stage| dockerfile.stages[*stage].instructions.clone()) {
        let instruction = &dockerfile.instructions[index];
        if instruction.is(Keyword::Workdir) {
            let value = instruction.words().first().and_then(|word| word.value.as_deref());
            workdir = value.and_then(|path| joined(workdir.as_deref(), path)).map(Rc::from);
        }
        placed.push((index, workdir.clone()));
    }
    placed
}

/// Where the base leaves its users.
fn root_directory(dockerfile: &Dockerfile, stages: &[usize]) -> Directory {
    let base = stages.last().map(|stage| &dockerfile.stages[*stage].base)?;
    let golang = matches!(base, crate::dockerfile::Base::Image(name) if name.contains("golang"));
    (kind(Some(base)) != Kind::Unknown && !golang).then(|| Rc::from("/"))
}

impl StartScript<'_> {
    /// Paths in the build context that the script may have.
    pub(super) fn candidates(&self) -> BTreeSet<String> {
        self.provisions.iter().flat_map(Provision::candidates).map(str::to_owned).collect()
    }

    /// The last that brings it decides.
    pub(super) fn origin<'b>(&'b self, build: &'b BuildContext<'b>) -> Origin<'b> {
        for provision in self.provisions.iter().rev() {
            match provision {
                Provision::Unknown => return Origin::Unknown,
                Provision::Inline { document, copy } => return Origin::Inline { document, copy: *copy },
                Provision::Files { candidates, copy } => {
                    let found = candidates.iter().find_map(|path| build.files.get_key_value(path));
                    if let Some((path, file)) = found {
                        return Origin::File { path, file, copy: *copy };
                    }
                }
            }
        }
        if self.provisions.is_empty() { Origin::Nowhere } else { Origin::Unknown }
    }
}

/// Whether RUNs may change the rights or the lines of a file, by what is written in them.
pub(super) fn is_mentioned(run: &Instruction, text: &str, commands: &[&str], name: &str) -> bool {
    let written = text.get(run.span.range()).unwrap_or_default();
    let file = name.rsplit('/').next().unwrap_or(name);
    commands.iter().any(|command| written.contains(command))
        && (written.contains(file)
            || written.contains(['*', '$'])
            || written.contains("-R")
            || written.contains("find"))
}

#[cfg(test)]
mod tests;
