//! Practice 14: what is written to a volume once it is declared.

use super::super::context::Context;
use super::super::example::Example;
use super::super::paths::{is_absolute, is_within, joined};
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::diag::{Span, say};
use crate::dockerfile::shell::{Invocation, Script, ShellWord};
use crate::dockerfile::{Keyword, Variable};

pub(super) static RULE: Rule = Rule {
    name: "write-after-volume",
    aliases: &[],
    practice: Some(14),
    level: Level::Warning,
    by_policy: false,
    summary: say!(
        "what is written to a volume after its declaration may be lost",
        "声明数据卷之后写进去的内容可能丢失"
    ),
    explanation: say!(
        "The classic builder discards what a RUN below VOLUME writes there; BuildKit keeps it. And a mounted directory \
         hides it in any case: only a new, named volume starts with a copy of it.",
        "经典构建器会丢弃 VOLUME 之后的 RUN 写进去的内容；BuildKit 会保留。而挂载的目录无论如何都会遮住它：只有新建的\
         具名数据卷会以它的副本开始。"
    ),
    help: say!("write the files first, and declare the volume below", "先写文件，再在下方声明数据卷"),
    example: Example::new(
        "FROM alpine:3.20\n\
         VOLUME /var/lib/app\n\
         COPY seed.db /var/lib/app/\n",
        "FROM alpine:3.20\n\
         COPY seed.db /var/lib/app/\n\
         VOLUME /var/lib/app\n",
    ),
    check,
};

/// A path that something writes, and where that is said.
type Written = (String, Span);

/// Declared volumes, each with its place.
type Volumes<'a> = Vec<(&'a str, Span)>;

/// Where an instruction works and what its variables hold.
struct Place<'c, 'a> {
    context: &'c Context<'a>,
    index: usize,
    workdir: Option<String>,
}

impl Place<'_, '_> {
    /// The paths that an instruction writes, as far as its words tell.
    fn writes(&self) -> Vec<Written> {
        let instruction = &self.context.dockerfile.instructions[self.index];
        match *instruction.keyword {
            Keyword::Copy | Keyword::Add => {
                let destination = instruction.words().last();
                let path = destination.and_then(|word| Some((word, joined(self.workdir.as_deref(), word.value.as_deref()?)?)));
                path.map(|(word, path)| (path, word.span())).into_iter().collect()
            }
            Keyword::Run => self.written_by(self.context.script(self.index)),
            _ => Vec::new(),
        }
    }

    /// Without what the same RUN deletes again.
    fn written_by(&self, script: &Script) -> Vec<Written> {
        let mut directory = self.workdir.clone();
        // A `cd` within brackets ends there.
        let nested = self.run().contains('(');
        let (mut written, mut deleted) = (Vec::new(), Vec::new());
        let mut redirects = script.written.iter().peekable();
        for command in &script.invocations {
            while let Some(word) = redirects.next_if(|word| word.span.start < command.span.start) {
                written.extend(self.path(directory.as_deref(), word));
            }
            if command.program() == "cd" {
                let target = command.operands().next().and_then(|word| self.path(directory.as_deref(), word));
                directory = target.map(|(path, _)| path).filter(|_| !nested);
            }
            let gone = match command.program() {
                "rm" | "rmdir" | "unlink" => command.operands().count(),
                "mv" => command.operands().count().saturating_sub(1),
                _ => 0,
            };
            let removed = command.operands().take(gone);
            deleted.extend(removed.filter_map(|word| self.path(directory.as_deref(), word)).map(|(path, _)| path));
            for target in targets(command) {
                written.extend(match target {
                    Target::Word(word) => self.path(directory.as_deref(), word),
                    Target::Here => directory.clone().map(|path| (path, command.span)),
                });
            }
        }
        written.extend(redirects.filter_map(|word| self.path(directory.as_deref(), word)));
        let stays = |path: &str| !deleted.iter().any(|gone| is_within(path, gone.trim_end_matches('*')));
        written.retain(|(path, _)| stays(path));
        written
    }

    fn run(&self) -> &str {
        let dockerfile = self.context.dockerfile;
        dockerfile.source.slice(dockerfile.instructions[self.index].span)
    }

    /// The path that a word means; none where that cannot be told.
    fn path(&self, directory: Option<&str>, word: &ShellWord) -> Option<Written> {
        let text = if word.dynamic { self.filled(word.text())? } else { word.text().to_owned() };
        joined(directory, &text).map(|path| (path, word.span))
    }

    /// The text with its variables filled in; none where one is not known, or more than a variable.
    fn filled(&self, text: &str) -> Option<String> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            filled.push_str(before);
            let braced = after.strip_prefix('{').and_then(|after| after.split_once('}'));
            let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
            let (name, behind) = braced.unwrap_or_else(|| after.split_at(end));
            // What the script sets itself is not known.
            let own = self.run().contains(&format!("{name}=")) || self.run().contains(&format!("for {name} "));
            let value = self.context.dockerfile.variable(self.index, name);
            let Variable::Value(value) = value else { return None };
            if own {
                return None;
            }
            filled.push_str(value);
            rest = behind;
        }
        filled.push_str(rest);
        (!filled.contains('`') && filled.len() < MAX_VALUE).then_some(filled)
    }
}

/// Longest word that is looked at.
const MAX_VALUE: usize = 4096;

/// What a command writes: the path that a word names, or something in the directory where it works.
enum Target<'w> {
    Word(&'w ShellWord),
    Here,
}

fn targets(command: &Invocation) -> Vec<Target<'_>> {
    let operands: Vec<_> = command.operands().collect();
    let named = |words: &[&'_ str]| option_value(command, words).map(Target::Word);
    let here = |wanted: bool| wanted.then_some(Target::Here);
    match command.program() {
        "chown" | "chmod" | "chgrp" => operands.into_iter().skip(1).map(Target::Word).collect(),
        "mkdir" | "touch" | "tee" => operands.into_iter().map(Target::Word).collect(),
        "cp" | "mv" | "install" => operands.last().copied().map(Target::Word).into_iter().collect(),
        "curl" => {
            let remote_name = command.has_option("-O") || command.has_option("--remote-name");
            named(&["-o", "--output"]).or(here(remote_name)).into_iter().collect()
        }
        "wget" => {
            let stdout = |target: &Target| matches!(target, Target::Word(word) if word.text() == "-");
            let named = named(&["-O", "--output-document", "-P", "--directory-prefix"]);
            named.or(here(true)).filter(|target| !stdout(target) && !command.has_option("--spider")).into_iter().collect()
        }
        "tar" | "bsdtar" => {
            // `tar xf a.tar`, too, has options.
            let bundle = command.arguments().first().is_some_and(|word| {
                let text = word.text().trim_start_matches('-');
                text.contains('x') && text.bytes().all(|byte| byte.is_ascii_alphabetic())
            });
            let unpacks = bundle || command.has_option("-x") || command.has_option("--extract");
            named(&["-C", "--directory"]).or(here(true)).filter(|_| unpacks).into_iter().collect()
        }
        "unzip" => {
            let lists = ["-l", "-t", "-p", "-Z"].iter().any(|option| command.has_option(option));
            named(&["-d"]).or(here(true)).filter(|_| !lists).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// The value of an option in the next word, also of one at the end of `-sSLo`.
fn option_value<'w>(command: &'w Invocation, options: &[&str]) -> Option<&'w ShellWord> {
    let words = command.arguments();
    let is = |word: &ShellWord, option: &str| {
        let text = word.text();
        let letters = text.len() > 1 && text.starts_with('-') && !text.starts_with("--");
        if option.starts_with("--") { text == option } else { letters && text.ends_with(&option[1..]) }
    };
    let at = words.iter().position(|word| options.iter().any(|option| is(word, option)))?;
    words.get(at + 1)
}

fn check(context: &Context, sink: &mut Sink) {
    let dockerfile = context.dockerfile;
    let mut known: Vec<(Volumes, Option<String>)> = Vec::new();
    for (index, stage) in dockerfile.stages.iter().enumerate() {
        let parent = dockerfile.ancestry(index).nth(1);
        let (mut volumes, mut workdir) = parent.map_or_else(Default::default, |parent| known[parent].clone());
        for at in stage.instructions.clone() {
            let instruction = &dockerfile.instructions[at];
            if instruction.is(Keyword::Workdir) {
                let path = instruction.words().first().and_then(|word| word.value.as_deref());
                workdir = path.and_then(|path| joined(workdir.as_deref(), path));
            } else if instruction.is(Keyword::Volume) {
                let named = instruction.words().iter().filter(|word| is_absolute(word.text()) && word.text() != "/");
                volumes.extend(named.map(|word| (word.text(), word.span())).take(MAX_VOLUMES));
                volumes.truncate(MAX_VOLUMES);
            } else if !instruction.on_build && !volumes.is_empty() {
                let run = instruction.is(Keyword::Run);
                for (path, span) in (Place { context, index: at, workdir: workdir.clone() }).writes() {
                    // What a RUN leaves in a folder for such files is gone anyway.
                    let passing = |volume: &str| run && PASSING.iter().any(|folder| is_within(volume, folder));
                    let hit = volumes.iter().find(|(volume, _)| is_within(&path, volume) && !passing(volume));
                    if let Some((volume, declared)) = hit {
                        let message = say!(
                            "this writes to `{volume}`, which is a volume by now",
                            "这里写入 `{volume}`，而它此时已经是数据卷",
                            volume
                        );
                        sink.report(span, message).label(*declared, say!("declared here", "在这里声明"));
                    }
                }
            }
        }
        known.push((volumes, workdir));
    }
}

/// More volumes than this nobody declares by hand.
const MAX_VOLUMES: usize = 50;

const PASSING: [&str; 4] = ["/tmp", "/var/tmp", "/run", "/var/run"];
