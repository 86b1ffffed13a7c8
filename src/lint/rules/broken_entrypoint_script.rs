//! Practice 8: an entrypoint script that cannot start.

use super::super::context::Context;
use super::super::images::{Kind, kind, programs_in};
use super::super::paths::is_within;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::start_script::{Origin, StartScript, is_mentioned, is_script_name};
use super::super::start_text::StartText;
use super::super::work::brings_unknown;
use crate::dockerfile::{Base, Command, Keyword, Text, Word};

pub(super) static RULE: Rule = Rule {
    name: "broken-entrypoint-script",
    aliases: &[],
    practice: Some(8),
    level: Level::Warning,
    by_policy: false,
    summary: "an entrypoint script has to be in the image, executable, and to name its interpreter",
    explanation: "Otherwise no container starts, and the runtime's message (\"no such file or directory\", \"exec \
                  format error\", \"permission denied\") seldom says why. A carriage return at the end of the first \
                  line is part of the interpreter's name. The script is looked up through WORKDIR and COPY, in the \
                  build context or in a here-document; what cannot be known is not reported.",
    help: "copy the script, make it executable, and start it with `#!/bin/sh`",
    check,
};

/// Whether the image is given its files by whoever runs it, or a package may bring the script.
fn is_mounted(context: &Context, target: &str) -> bool {
    const SYSTEM: [&str; 7] = ["/usr", "/bin", "/sbin", "/lib", "/etc", "/opt", "/var"];
    let within = |word: &Word| is_within(target, word.text()) || word.value.is_none();
    let volume = context.shipped().any(|(_, volume)| volume.is(Keyword::Volume) && volume.words().iter().any(within));
    let copies = context.shipped().any(|(_, copy)| copy.is(Keyword::Copy) || copy.is(Keyword::Add));
    volume || !copies || SYSTEM.iter().any(|directory| is_within(target, directory))
}

/// Whether something else than COPY may put the script there.
fn may_be_made(context: &Context, start: &StartScript) -> bool {
    let file = start.name.rsplit('/').next().unwrap_or(&start.name);
    let text = context.dockerfile.source.text();
    context.shipped().filter(|(_, instruction)| *instruction.keyword == Keyword::Run).any(|(index, run)| {
        let script = context.script(index);
        let copies = |program: &str| matches!(program, "cp" | "mv" | "ln" | "install" | "rsync" | "git");
        brings_unknown(script)
            || text.get(run.span.range()).is_none_or(|written| written.contains(file))
            || script.invocations.iter().any(|command| copies(command.program()))
    })
}

/// Whether the rights or the lines of the script are put right below the COPY of index `copy`.
fn is_mended(context: &Context, copy: usize, start: &StartScript, commands: &[&str]) -> bool {
    let text = context.dockerfile.source.text();
    let mut below = context.shipped().filter(|(index, _)| *index > copy);
    below.any(|(_, run)| *run.keyword == Keyword::Run && is_mentioned(run, text, commands, &start.name))
}

/// Whether COPY itself gives the right to execute; what cannot be read may.
fn chmod(context: &Context, copy: usize) -> Option<bool> {
    let mode = context.dockerfile.instructions[copy].flag("chmod")?;
    Some(u32::from_str_radix(mode.text(), 8).map_or(true, |mode| mode & 0o111 != 0))
}

fn check(context: &Context, sink: &mut Sink) {
    let Some(start) = &context.start else { return };
    let origin = start.origin(context.build);
    match origin {
        Origin::Nowhere => check_absent(context, start, sink),
        Origin::File { path, file, copy } => {
            if context.ignored.as_ref().is_some_and(|ignored| ignored.covers(path)) {
                sink.report(start.span, format!("the ignore file keeps `{path}` out of the image"))
                    .help(format!("add `!{path}` to the ignore file"));
                return;
            }
            let executable = chmod(context, copy).or(file.executable).unwrap_or(true);
            check_rights(context, start, copy, executable, sink);
        }
        Origin::Inline { copy, .. } => {
            check_rights(context, start, copy, chmod(context, copy).unwrap_or(false), sink);
        }
        Origin::Unknown => {}
    }
    if let (Some(text), Some(copy)) = (StartText::of(&origin, context.dockerfile), copy_of(&origin)) {
        check_first_line(context, start, copy, &text, sink);
    }
}

fn copy_of(origin: &Origin) -> Option<usize> {
    match origin {
        Origin::File { copy, .. } | Origin::Inline { copy, .. } => Some(*copy),
        Origin::Nowhere | Origin::Unknown => None,
    }
}

fn check_absent(context: &Context, start: &StartScript, sink: &mut Sink) {
    let known = kind(context.final_base()) != Kind::Unknown;
    if let [target] = &start.targets[..]
        && known
        && is_script_name(target)
        && !is_mounted(context, target)
        && !may_be_made(context, start)
    {
        sink.report(start.span, format!("nothing copies `{target}` into the image"))
            .help("copy the script into the image, or correct its path");
    }
}

fn check_rights(context: &Context, start: &StartScript, copy: usize, executable: bool, sink: &mut Sink) {
    if start.direct && !executable && !is_mended(context, copy, start, &["chmod", "install"]) {
        let draft = sink.report(start.span, format!("`{}` is not executable", start.name));
        let copied = context.dockerfile.instructions[copy].keyword.span;
        draft.label(copied, "copied here").help("write `COPY --chmod=755`, or make the file executable");
    }
}

fn check_first_line(context: &Context, start: &StartScript, copy: usize, text: &StartText, sink: &mut Sink) {
    let Some(interpreter) = text.interpreter() else {
        if start.direct && is_script_name(&start.name) && is_run_by_kernel(context) {
            sink.report(start.span, format!("`{}` does not start with `#!`", start.name))
                .help("write `#!/bin/sh` on the first line of the script");
        }
        return;
    };
    if interpreter.ends_with('\r') && !is_mended(context, copy, start, &["dos2unix", "sed", "tr "]) {
        sink.report(start.span, format!("the first line of `{}` ends with a carriage return", start.name))
            .help("save the script with line feeds only, and keep it so: `*.sh text eol=lf` in .gitattributes");
    } else if start.direct && text.program() == Some("bash") && lacks_bash(context) {
        sink.report(start.span, format!("`{}` asks for `bash`, which nothing installs", start.name))
            .help("start the script with `#!/bin/sh`, or install bash");
    }
}

/// A shell, tini and their like run a script without `#!` themselves; so may the entrypoint of a base.
fn is_run_by_kernel(context: &Context) -> bool {
    let start = context.start.as_ref().map(|start| start.span);
    let entrypoint = context.shipped().any(|(_, instruction)| instruction.is(Keyword::Entrypoint));
    let bare = !entrypoint && kind(context.final_base()) == Kind::System;
    context.shipped().any(|(_, instruction)| match instruction.command() {
        Some(Command::Exec(words)) if words.first().map(Text::whole) == start => {
            instruction.is(Keyword::Entrypoint) || bare
        }
        _ => false,
    })
}

fn lacks_bash(context: &Context) -> bool {
    let Some(Base::Image(base)) = context.final_base() else { return false };
    let lacking = programs_in(base).is_some_and(|held| !held.contains(&"bash"));
    let text = context.dockerfile.source.text();
    let copied = context.shipped().any(|(_, copy)| *copy.keyword == Keyword::Copy && copy.flag("from").is_some());
    let mut runs = context.shipped_runs();
    lacking
        && !copied
        && !runs.any(|(_, run, script)| {
            brings_unknown(script)
                || text.get(run.span.range()).is_none_or(|written| written.contains("bash"))
                || script.invocations.iter().flat_map(|command| &command.words).any(|word| word.dynamic)
        })
}
