//! Practice 14: what is written to a volume once it is declared.

use super::super::context::Context;
use super::super::example::Example;
use super::super::paths::{is_absolute, is_within};
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::diag::{Span, say};
use crate::dockerfile::shell::Invocation;
use crate::dockerfile::{Instruction, Keyword};

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

/// Where an instruction writes as far as it can be told from its words.
fn writes<'i>(context: &'i Context, index: usize, instruction: &'i Instruction) -> Vec<(&'i str, Span)> {
    match *instruction.keyword {
        Keyword::Copy | Keyword::Add => {
            let destination = instruction.words().last();
            destination.map(|word| (word.text(), word.span())).into_iter().collect()
        }
        Keyword::Run => context.script(index).invocations.iter().flat_map(written).collect(),
        _ => Vec::new(),
    }
}

fn written(command: &Invocation) -> Vec<(&str, Span)> {
    let place = |word: &'_ crate::dockerfile::shell::ShellWord| word.span;
    let operands: Vec<_> = command.operands().collect();
    match command.program() {
        "chown" | "chmod" | "chgrp" => operands.iter().skip(1).map(|word| (word.text(), place(word))).collect(),
        "mkdir" | "touch" | "tee" => operands.iter().map(|word| (word.text(), place(word))).collect(),
        "cp" | "mv" | "install" => operands.last().map(|word| (word.text(), place(word))).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn check(context: &Context, sink: &mut Sink) {
    let dockerfile = context.dockerfile;
    let mut known: Vec<Vec<(&str, Span)>> = Vec::new();
    for (index, stage) in dockerfile.stages.iter().enumerate() {
        let parent = dockerfile.ancestry(index).nth(1);
        let mut volumes: Vec<(&str, Span)> = parent.map_or_else(Vec::new, |parent| known[parent].clone());
        for at in stage.instructions.clone() {
            let instruction = &dockerfile.instructions[at];
            if instruction.is(Keyword::Volume) {
                let named = instruction.words().iter().filter(|word| is_absolute(word.text()) && word.text() != "/");
                volumes.extend(named.map(|word| (word.text(), word.span())).take(MAX_VOLUMES));
                volumes.truncate(MAX_VOLUMES);
            } else if !instruction.on_build {
                for (path, span) in writes(context, at, instruction) {
                    if let Some((volume, declared)) = volumes.iter().find(|(volume, _)| is_within(path, volume)) {
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
        known.push(volumes);
    }
}

/// More volumes than this nobody declares by hand.
const MAX_VOLUMES: usize = 50;
