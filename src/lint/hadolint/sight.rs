//! What hadolint does not look at: findings there are left out of its profile. Where it sees a thing and judges it
//! otherwise, the rule itself asks [`Context::as_hadolint`].

use super::super::context::Context;
use super::super::packages::package_command;
use super::super::rule::Draft;
use crate::diag::Span;
use crate::dockerfile::shell::{Invocation, Script, ShellWord};
use crate::dockerfile::{Command, Instruction, Keyword};

/// What it does not ask of instructions behind ONBUILD.
const NOT_ON_BUILD: [&str; 9] =
    ["DL3003", "DL3010", "DL3011", "DL3020", "DL3021", "DL3022", "DL3023", "DL3048", "DL3066"];

/// The rule that is about a package manager's other name.
const APT: &str = "DL3027";

/// Whether hadolint reports a finding of one of its rules at this place.
pub(in super::super) fn sees(context: &Context, draft: &Draft) -> bool {
    if draft.foreign.is_some() || !draft.aliases.iter().any(|id| id.starts_with("DL")) {
        return true;
    }
    if draft.beyond_hadolint {
        return false;
    }
    let instructions = &context.dockerfile.instructions;
    let after = instructions.partition_point(|instruction| instruction.span.start <= draft.span.start);
    let Some(index) = after.checked_sub(1) else { return true };
    let instruction = &instructions[index];
    if instruction.on_build && draft.aliases.iter().any(|id| NOT_ON_BUILD.contains(id)) {
        return false;
    }
    *instruction.keyword != Keyword::Run || sees_in_script(context, index, draft)
}

/// It reads the commands of the script itself, by the names they are called by.
fn sees_in_script(context: &Context, index: usize, draft: &Draft) -> bool {
    let script = context.script(index);
    let place = draft.span.start;
    let read = |span: &Span| {
        let document = document_in_front(&context.dockerfile.instructions[index]);
        document.is_some_and(|body| body.start == span.start)
    };
    if script.carried.iter().any(|span| contains(*span, place) && !read(span)) {
        return false;
    }
    let Some(command) = command_at(script, place) else { return true };
    if let Some(wrapper) = wrappers(command).first() {
        return wrapper.span.start == place && !wrapper.text().contains('/');
    }
    let known = package_command(command).is_none_or(|command| command.is_known_to_hadolint());
    is_called_by_name(command) && (known || draft.aliases.contains(&APT))
}

fn contains(span: Span, place: usize) -> bool {
    span.start <= place && place < span.end
}

/// The innermost command around a place, or the one that is wrapped in it.
fn command_at(script: &Script, place: usize) -> Option<&Invocation> {
    let after = script.invocations.partition_point(|command| command.span.start <= place);
    let wrapped = script.invocations.get(after).filter(|command| contains(whole(command), place));
    wrapped.or_else(|| script.invocations[..after].iter().rev().find(|command| contains(command.span, place)))
}

/// The here-document that a RUN begins with is the script, whatever runs it.
fn document_in_front(run: &Instruction) -> Option<Span> {
    let Some(Command::Shell(text)) = run.command() else { return None };
    let document = run.heredocs.first().filter(|document| document.marker.start == text.whole().start)?;
    Some(document.body)
}

/// What the command is wrapped in, without what the shell itself runs.
fn wrappers(command: &Invocation) -> &[ShellWord] {
    let own = |word: &&ShellWord| matches!(word.text(), "exec" | "command" | "builtin" | "busybox" | "time" | "-p");
    &command.wrappers[command.wrappers.iter().take_while(own).count()..]
}

fn whole(command: &Invocation) -> Span {
    wrappers(command).first().map_or(command.span, |wrapper| wrapper.span.join(command.span))
}

/// Whether the program is called in no other's arguments, and without its directory.
pub(in super::super) fn is_called_by_name(command: &Invocation) -> bool {
    wrappers(command).is_empty() && !command.words[0].text().contains('/')
}
