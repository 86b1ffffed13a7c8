//! `pipefail`, where the shell knows it and no pipe fails for a reason that nobody minds.

use super::script::{line_end, shell_text};
use super::{Effect, Fix, like};
use crate::diag::Span;
use crate::dockerfile::shell::{Invocation, Script};
use crate::dockerfile::{Base, Command, Instruction, Keyword};
use crate::lint::context::Context;
use crate::lint::data::programs::Variant;
use crate::lint::images::{official_tag, variant};

/// Programs that fail only when something is wrong.
const HONEST: [&str; 16] = [
    "curl", "wget", "cat", "echo", "printf", "tar", "gpg", "gunzip", "gzip", "bunzip2", "xz", "unxz", "zstd", "base64",
    "openssl", "jq",
];

/// Programs that read their input to its end: who writes to one that does not is stopped by a signal, which is a
/// failure.
const READERS: [&str; 22] = [
    "tar",
    "sh",
    "bash",
    "tee",
    "gpg",
    "apt-key",
    "gunzip",
    "gzip",
    "bunzip2",
    "xz",
    "unxz",
    "zstd",
    "sort",
    "wc",
    "cat",
    "base64",
    "sha256sum",
    "sha512sum",
    "sha1sum",
    "md5sum",
    "jq",
    "cpio",
];

/// What `/bin/sh` of an image is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sh {
    /// busybox or bash: it knows pipefail.
    Knows,
    /// dash, with bash beside it.
    BashBeside,
}

/// Sets pipefail for one RUN where its shell knows the option, or takes bash from here on where that is dash.
pub(in crate::lint) fn guarded(context: &Context, index: usize) -> Option<Fix> {
    let text = shell_text(context, index).filter(|text| !text.is_heredoc())?;
    let run = &context.dockerfile.instructions[index];
    if !fails_honestly(context, context.script(index)) {
        return None;
    }
    let chosen = context.dockerfile.instructions[..index].iter().any(|line| line.is(Keyword::Shell));
    let known = match context.shell(index).posix().map(|shell| shell.name.as_str()) {
        Some("bash" | "zsh" | "ksh") => Sh::Knows,
        _ if chosen => return None,
        _ => default_shell(context, index)?,
    };
    let start = text.outline.statements.first()?.span.start;
    match known {
        Sh::BashBeside if !is_first_pipe(context, index) => None,
        // To hadolint that is none.
        Sh::Knows if context.as_hadolint() => None,
        Sh::Knows => Some(Fix::insert(start, "set -o pipefail && ").with_effect(Effect::Options)),
        Sh::BashBeside => bash_from(context, index, run),
    }
}

/// One SHELL is enough for all that is below it.
fn is_first_pipe(context: &Context, index: usize) -> bool {
    let stages = context.stage_of(index).map(|stage| context.dockerfile.ancestry(stage));
    let mut earlier =
        stages.into_iter().flatten().flat_map(|stage| context.dockerfile.stages[stage].instructions.clone());
    !earlier.any(|at| at < index && !context.script(at).pipes.is_empty())
}

/// Whether the base is Debian, Ubuntu, or an official image built on them.
pub(in crate::lint) fn is_like_debian(context: &Context, index: usize) -> bool {
    default_shell(context, index) == Some(Sh::BashBeside)
}

fn default_shell(context: &Context, index: usize) -> Option<Sh> {
    let Base::Image(image) = context.root_base(context.stage_of(index)?)? else { return None };
    let (name, tag) = official_tag(image)?;
    match name.as_str() {
        "alpine" | "centos" | "fedora" | "rockylinux" | "almalinux" | "amazonlinux" => Some(Sh::Knows),
        "node" | "python" | "golang" | "ruby" | "rust" if variant(&tag) == Variant::Alpine => Some(Sh::Knows),
        "debian" | "ubuntu" | "node" | "python" | "golang" | "ruby" | "rust" | "gcc" | "perl" => Some(Sh::BashBeside),
        _ => None,
    }
}

/// bash runs what dash runs, but for a few things: `echo` keeps backslashes, and `set -e` ends in `$(…)`. They must not
/// occur below, nor pipes that may fail, nor text that runs when the container does.
fn bash_from(context: &Context, index: usize, run: &Instruction) -> Option<Fix> {
    let dockerfile = context.dockerfile;
    let stage = context.stage_of(index)?;
    let inherits = |number: usize| dockerfile.ancestry(number).any(|ancestor| ancestor == stage);
    let below = (index..dockerfile.instructions.len()).filter(|at| context.stage_of(*at).is_some_and(inherits));
    let mut runs_alike = below.map(|at| {
        let line = &dockerfile.instructions[at];
        let shell = matches!(line.command(), Some(Command::Shell(_)));
        !shell || (line.is(Keyword::Run) && runs_in_bash(context, at, line))
    });
    let source = &dockerfile.source;
    let keyword = like(source.slice(run.keyword.span), Keyword::Shell);
    let line = format!("{keyword} [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]{}", line_end(source));
    (!run.on_build && runs_alike.all(|alike| alike))
        .then(|| Fix::insert(run.span.start, line).with_effect(Effect::Options))
}

fn runs_in_bash(context: &Context, at: usize, run: &Instruction) -> bool {
    let script = context.script(at);
    let written = context.dockerfile.source.slice(run.span);
    let escapes = |command: &Invocation| {
        let arguments = command.arguments().iter().map(|word| context.dockerfile.source.slice(word.span));
        command.program() == "echo" && arguments.into_iter().any(|word| word.contains('\\'))
    };
    let known = !script.invocations.is_empty() && script.skipped.is_empty();
    let strict = written.contains("set -") && written.contains("$(");
    known && !strict && !script.invocations.iter().any(escapes) && fails_honestly(context, script)
}

/// Whether every pipe is between programs that fail only when something is wrong.
fn fails_honestly(context: &Context, script: &Script) -> bool {
    script.pipes.iter().all(|pipe| is_honest(context, script, *pipe))
}

pub(super) fn is_honest(context: &Context, script: &Script, pipe: Span) -> bool {
    let source = &context.dockerfile.source;
    let blank = |from: usize, to: usize| {
        source.slice(Span::new(from, to.max(from))).trim_matches([' ', '\t', '\\', '\r', '\n']).is_empty()
    };
    let after = script.invocations.partition_point(|command| command.span.start < pipe.start);
    let (Some(writer), Some(reader)) =
        (after.checked_sub(1).map(|at| &script.invocations[at]), script.invocations.get(after))
    else {
        return false;
    };
    let begins = reader.wrappers.first().unwrap_or(&reader.words[0]).span.start;
    writer.words[0].written
        && reader.words[0].written
        && HONEST.contains(&writer.program())
        && READERS.contains(&reader.program())
        && blank(writer.span.end, pipe.start)
        && blank(pipe.end, begins)
}
