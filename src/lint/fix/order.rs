//! The whole source copied below what installs dependencies, and the manifests in its old place.
//!
//! What runs then sees the manifests alone: it is offered where every command up to there certainly reads nothing
//! else, and where nothing between the old and the new place of the COPY depends on it.

use super::script::line_end;
use super::variables;
use super::{Effect, Fix, like};
use crate::diag::Span;
use crate::dockerfile::{Command, Instruction, Keyword, Word};
use crate::lint::context::Context;
use crate::lint::manifests::{Reads, Sources, reads};
use crate::lint::paths::{is_absolute, joined};

/// Most instructions that are looked at between the old and the new place.
const MAX_DISTANCE: usize = 16;

/// Moves the COPY of the whole source (`copy`) below a RUN that installs (`run`).
pub(in crate::lint) fn copied_below(context: &Context, sources: Sources, copy: usize, run: usize) -> Option<Fix> {
    if run - copy > MAX_DISTANCE {
        return None;
    }
    let source = &context.dockerfile.source;
    let line = &context.dockerfile.instructions[copy];
    let plan = Move { context, sources, copy, run };
    let destination = plan.destination()?;
    if context.stage_of(copy) != context.stage_of(run) || !plan.is_unnoticed(&destination) || !plan.runs_as_root() {
        return None;
    }
    if variables::lead_into_source(context, sources, &(copy..=run), destination.path.as_deref()) {
        return None;
    }
    let needed = plan.commands(run, &destination)?;
    let manifests = manifest_lines(context, line, &destination, &needed)?;
    let (old, end) = (plan.block(copy), line_end(source));
    let below = end_of_line(source.text(), context.dockerfile.instructions[run].span.end);
    let fix = Fix::insert(below, format!("{end}{}", source.slice(old))).with_effect(Effect::Order);
    // What runs in between has no need of the manifests either.
    let apart = plan.between().any(|(_, line)| *line.keyword == Keyword::Run);
    if apart || manifests.is_empty() {
        let above = manifests.iter().fold(String::new(), |above, line| above + line + end);
        let fix = fix.and_replace(Span::new(old.start, next_line(source.text(), old.end)), "");
        return Some(if above.is_empty() { fix } else { fix.and_insert(plan.block(run).start, above) });
    }
    Some(fix.and_replace(old, manifests.join(end)))
}

/// A COPY and the RUN below which it is to stand.
struct Move<'c, 'a> {
    context: &'c Context<'a>,
    sources: Sources<'c>,
    copy: usize,
    run: usize,
}

/// Where the source goes.
struct Destination<'w> {
    word: &'w Word,
    /// None where it is the directory in which the base leaves its users.
    path: Option<String>,
}

impl<'c> Move<'c, '_> {
    fn between(&self) -> impl Iterator<Item = (usize, &'c Instruction)> {
        let instructions = &self.context.dockerfile.instructions;
        (self.copy + 1..self.run).map(|at| (at, &instructions[at]))
    }

    /// None for a COPY that says more than one thing, and for a directory that does not belong to the program alone.
    fn destination(&self) -> Option<Destination<'c>> {
        let dockerfile = self.context.dockerfile;
        let line = &dockerfile.instructions[self.copy];
        let [_, word] = line.words() else { return None };
        let plain = |c: char| c.is_ascii_alphanumeric() || "/._-${} \t=:".contains(c);
        let kept = |name: &str| matches!(name, "chown" | "chmod" | "link");
        let simple = dockerfile.source.slice(line.span).chars().all(plain);
        if !simple || line.on_build || !line.flags.iter().all(|flag| kept(&flag.name)) {
            return None;
        }
        let value = word.value.as_deref().filter(|path| !path.contains(".."))?;
        let workdir = self.workdir(self.copy);
        let path = joined(workdir.as_deref(), value);
        let alone = match &path {
            Some(path) => belongs_to_program(path),
            // The base's own directory may be `/`: nothing of the source may lie over the system.
            None => {
                let entries = &self.context.build.folder.entries;
                let here = matches!(value, "." | "./") && workdir.is_none() && !self.has_workdir(self.copy);
                here && !["etc", "home", "root", "usr", "var"].iter().any(|name| entries.contains(*name))
            }
        };
        alone.then_some(Destination { word, path })
    }

    fn workdirs(&self, index: usize) -> Vec<&'c Instruction> {
        let dockerfile = self.context.dockerfile;
        let stages = self.context.stage_of(index).map(|stage| dockerfile.ancestry(stage).collect::<Vec<_>>());
        let indexes =
            stages.into_iter().flatten().rev().flat_map(|stage| dockerfile.stages[stage].instructions.clone());
        let above = indexes.filter(|at| *at < index).map(|at| &dockerfile.instructions[at]);
        above.filter(|line| line.is(Keyword::Workdir)).collect()
    }

    fn has_workdir(&self, index: usize) -> bool {
        !self.workdirs(index).is_empty()
    }

    /// Where an instruction works, when the file says so.
    fn workdir(&self, index: usize) -> Option<String> {
        self.workdirs(index).into_iter().fold(None, |workdir, line| {
            let path = line.words().first().and_then(|word| word.value.as_deref());
            path.and_then(|path| joined(workdir.as_deref(), path))
        })
    }

    /// Whether nothing between both places changes what the COPY does, or needs what it brings.
    fn is_unnoticed(&self, destination: &Destination) -> bool {
        let variable = self.context.dockerfile.source.slice(self.line().span).contains('$');
        let relative = destination.word.value.as_deref().is_none_or(|path| !is_absolute(path));
        self.between().all(|(at, line)| match *line.keyword {
            _ if line.on_build => false,
            Keyword::Workdir => !relative,
            Keyword::Env | Keyword::Arg => !variable,
            Keyword::Run => self.commands(at, destination).is_some_and(|needed| needed.is_empty()),
            Keyword::Label
            | Keyword::Expose
            | Keyword::User
            | Keyword::StopSignal
            | Keyword::Cmd
            | Keyword::Entrypoint
            | Keyword::Healthcheck => true,
            _ => false,
        })
    }

    fn line(&self) -> &'c Instruction {
        &self.context.dockerfile.instructions[self.copy]
    }

    /// Another user may write where the source made a directory, and not where the manifests did.
    fn runs_as_root(&self) -> bool {
        let dockerfile = self.context.dockerfile;
        let stages = self.context.stage_of(self.run).map(|stage| dockerfile.ancestry(stage).collect::<Vec<_>>());
        let mut users = stages.into_iter().flatten().flat_map(|stage| dockerfile.stages[stage].instructions.clone());
        !users.any(|at| {
            let line = &dockerfile.instructions[at];
            let user = line.words().first().map(Word::text).unwrap_or_default();
            at < self.run && line.is(Keyword::User) && !matches!(user.split(':').next(), Some("root" | "0"))
        })
    }

    /// The files that the commands of a RUN read of the context; none where that is not certain, or where something
    /// would lie over what they make.
    fn commands(&self, at: usize, destination: &Destination) -> Option<Vec<String>> {
        let context = self.context;
        let (run, script) = (&context.dockerfile.instructions[at], context.script(at));
        let written = context.dockerfile.source.slice(run.span);
        let mounts = run.flags_named("mount").filter_map(|flag| flag.value.as_ref());
        let harmless = |mount: &Word| ["type=secret", "type=ssh"].iter().any(|kind| mount.text().starts_with(kind));
        let known = script.skipped.is_empty() && script.background.is_empty() && script.pipes.is_empty();
        let shell = matches!(run.command(), Some(Command::Exec(_))) || context.shell(at).posix().is_some();
        if !known
            || !shell
            || script.invocations.is_empty()
            || !run.heredocs.is_empty()
            || !mounts.into_iter().all(harmless)
            || written.contains(['<', '>', '`', '(', ')', ';', '#'])
        {
            return None;
        }
        let mut workdir =
            Directory { path: self.workdir(at), moved: self.workdirs(at).len() != self.workdirs(self.copy).len() };
        let mut files: Vec<String> = Vec::new();
        for command in &script.invocations {
            if command.program() == "cd" {
                workdir.enter(command.words.get(1).filter(|word| word.written && !word.dynamic)?.text());
                continue;
            }
            let Reads { files: read, fills } = reads(command, self.sources)?;
            // What another machine has there, now or later, must not be laid over what is installed.
            let overlaid = fills.iter().any(|name| self.sources.reaches(name));
            if overlaid || (!read.is_empty() && !workdir.is(destination)) {
                return None;
            }
            let new: Vec<_> = read.into_iter().filter(|file| !files.contains(file)).collect();
            files.extend(new);
        }
        Some(files)
    }

    /// An instruction with the comment directly above it, which is about it.
    fn block(&self, index: usize) -> Span {
        let text = self.context.dockerfile.source.text();
        let line = &self.context.dockerfile.instructions[index];
        let start_of = |at: usize| text[..at].rfind('\n').map_or(0, |at| at + 1);
        let mut start = start_of(line.span.start);
        while start > 0 {
            let above = start_of(start - 1);
            if !text[above..start].trim_start().starts_with('#') {
                break;
            }
            start = above;
        }
        Span::new(start, line.span.end)
    }
}

/// Where a command works.
struct Directory {
    path: Option<String>,
    /// Elsewhere than the COPY does.
    moved: bool,
}

impl Directory {
    fn enter(&mut self, path: &str) {
        self.path = joined(self.path.as_deref(), path);
        self.moved = true;
    }

    fn is(&self, destination: &Destination) -> bool {
        match (&self.path, &destination.path) {
            (Some(here), Some(there)) => here == there,
            (None, None) => !self.moved,
            _ => false,
        }
    }
}

/// Directories of the system, and those of its users, hold more than a program's source.
fn belongs_to_program(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match parts[..] {
        []
        | ["usr" | "var" | "root" | "opt"]
        | ["bin" | "boot" | "dev" | "etc" | "lib" | "lib64" | "proc" | "run" | "sbin" | "sys" | "tmp", ..] => false,
        ["usr" | "var", place, ..] => matches!(place, "app" | "src" | "task" | "www"),
        ["home", ..] => parts.len() > 2,
        _ => true,
    }
}

/// A COPY for each directory of manifests, with the flags of the COPY of the source.
fn manifest_lines(context: &Context, copy: &Instruction, to: &Destination, files: &[String]) -> Option<Vec<String>> {
    let source = &context.dockerfile.source;
    let flags = copy.flags.iter().fold(String::new(), |flags, flag| flags + source.slice(flag.span) + " ");
    let keyword = like(source.slice(copy.keyword.span), Keyword::Copy);
    let destination = source.slice(to.word.span());
    let slash = if destination.ends_with('/') { "" } else { "/" };
    let mut folders: Vec<(&str, Vec<&str>)> = Vec::new();
    for file in files {
        let folder = file.rfind('/').map_or("", |at| &file[..=at]);
        match folders.iter_mut().find(|(name, _)| *name == folder) {
            Some((_, files)) => files.push(file),
            None => folders.push((folder, vec![file])),
        }
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    let lines = folders
        .into_iter()
        .map(|(folder, files)| format!("{keyword} {flags}{} {destination}{slash}{folder}", files.join(" ")));
    files.iter().all(|file| file.chars().all(plain)).then(|| lines.collect())
}

/// Where the line ends that holds a place, without its line end.
fn end_of_line(text: &str, at: usize) -> usize {
    let end = text[at..].find('\n').map_or(text.len(), |found| at + found);
    at.max(end - usize::from(text[at..end].ends_with('\r')))
}

/// Where the line behind a place begins.
fn next_line(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |found| at + found + 1)
}
