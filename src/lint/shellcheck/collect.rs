//! Which scripts a Dockerfile holds or starts.

use std::sync::Arc;

use super::super::SHELLCHECK;
use super::super::build::BuildContext;
use super::super::context::{lines, start_text};
use super::super::policy::{Level, Policy, Profile, ShellCheck};
use super::super::stage_shell::{Shell, shells};
use super::super::start_script::{self, start_instruction};
use super::super::start_text::StartText;
use super::super::weigh::{OverrideEntry, overrides_about};
use super::script::ShellScript;
use crate::diag::Span;
use crate::dockerfile::{Command, Dockerfile, Instruction, Keyword, Text, Variable};

/// The scripts that ShellCheck is to read under this policy; none when what it says would not count.
///
/// Shell text of RUN, CMD, ENTRYPOINT and HEALTHCHECK, and here-documents that a shell runs. The profile `hadolint` looks
/// at RUN only, as hadolint does; `all` also at the script that the final image starts, a file of its own that other
/// profiles leave to who checks such files.
#[must_use]
pub fn shell_scripts(dockerfile: &Dockerfile, policy: &Policy, build: &BuildContext) -> Vec<ShellScript> {
    if !counts(policy) {
        return Vec::new();
    }
    let shells = shells(dockerfile);
    let runs_only = policy.profile == Profile::Hadolint;
    let mut scripts = Vec::new();
    for (index, instruction) in dockerfile.instructions.iter().enumerate() {
        if !runs_only || *instruction.keyword == Keyword::Run {
            scripts.extend(of_instruction(dockerfile, index, instruction, &shells[index]));
        }
    }
    if policy.profile == Profile::All {
        scripts.extend(started_script(dockerfile, build));
    }
    scripts
}

/// Whether a finding of ShellCheck's has a level in the policy.
fn counts(policy: &Policy) -> bool {
    let reported = matches!(policy.profile, Profile::Swr | Profile::Hadolint | Profile::All);
    let level = |place: OverrideEntry| policy.overrides[place.index].level;
    policy.shellcheck != ShellCheck::Off
        && (reported || overrides_about(policy, &[SHELLCHECK].into()).any(|place| level(place) != Level::Off))
}

fn of_instruction(
    dockerfile: &Dockerfile,
    index: usize,
    instruction: &Instruction,
    shell: &Shell,
) -> Option<ShellScript> {
    let (body, own_shell) = match instruction.command()? {
        Command::Exec(words) => carried(words)?,
        Command::Shell(text) => shell_text(dockerfile, instruction, text),
    };
    let shell = own_shell.as_ref().unwrap_or(shell).posix()?;
    let mut whole = directives(dockerfile, index, instruction);
    whole.append(&body);
    ShellScript::new(&dockerfile.source, whole, shell, |name| is_set(dockerfile, index, name))
}

/// Proxies come from whoever builds, without a word in the file.
fn is_set(dockerfile: &Dockerfile, index: usize, name: &str) -> bool {
    let is_proxy = || name.to_ascii_lowercase().ends_with("_proxy");
    dockerfile.variable(index, name) != Variable::Undefined || is_proxy()
}

/// The script of `["sh", "-c", "…"]`, and its shell.
fn carried(words: &[Text]) -> Option<(Text, Option<Shell>)> {
    let announces = |word: &Text| {
        let letters = word.as_str().strip_prefix('-').filter(|rest| !rest.starts_with('-'));
        letters.is_some_and(|letters| letters.contains('c'))
    };
    let option = words.iter().position(announces)?;
    let script = words.get(option + 1)?;
    Some((script.clone(), Some(Shell::of(words[..=option].iter().map(Text::as_str)))))
}

/// What the shell reads, and which shell that is when the text says so itself.
///
/// A lone here-document is the script; others stand below the command line, as the builder hands them on.
fn shell_text(dockerfile: &Dockerfile, instruction: &Instruction, command: &Text) -> (Text, Option<Shell>) {
    let source = dockerfile.source.text();
    match &instruction.heredocs[..] {
        [] => (unindented(command), None),
        [document] if command.whole() == document.marker => without_first_line(lines(source, document.body)),
        documents => {
            let mut text = unindented(command);
            for document in documents {
                text.push("\n", command.whole().end);
                text.append(&lines(source, document.body));
                text.push(&document.name, document.body.end);
            }
            (text, None)
        }
    }
}

/// The line without what its continued lines are indented by: SC2291 would ask to quote that.
fn unindented(command: &Text) -> Text {
    let mut text = Text::default();
    for (run, source) in command.runs(0..command.as_str().len()) {
        let part = &command.as_str()[run];
        let indent = part.len() - part.trim_start_matches([' ', '\t']).len();
        let dropped = indent.saturating_sub(1);
        text.push(&part[dropped..], source + dropped);
    }
    text
}

/// A script without the line that names its shell.
fn without_first_line(script: Text) -> (Text, Option<Shell>) {
    let shell = Shell::of_script(script.as_str());
    let text = script.as_str();
    let first = text.find('\n').map_or(text.len(), |at| at + 1);
    let body = if shell.is_some() { script.slice(first..text.len()) } else { script };
    (body, shell)
}

/// `# shellcheck disable=SC2086` and its like, above the instruction and between its lines, a line each.
fn directives(dockerfile: &Dockerfile, index: usize, instruction: &Instruction) -> Text {
    let above = index.checked_sub(1).map_or(0, |before| dockerfile.instructions[before].span.end);
    let above = between(&dockerfile.comments, above, instruction.span.start);
    let inside = between(&dockerfile.inner_comments, instruction.span.start, instruction.span.end);
    let mut text = Text::default();
    for comment in above.iter().chain(inside) {
        let written = dockerfile.source.slice(*comment);
        let word = written.trim_start_matches('#').split_whitespace().next();
        if word == Some("shellcheck") {
            text.push(written, comment.start);
            text.push("\n", comment.end);
        }
    }
    text
}

fn between(comments: &[Span], start: usize, end: usize) -> &[Span] {
    let first = comments.partition_point(|comment| comment.start < start);
    let last = comments.partition_point(|comment| comment.start < end);
    comments.get(first..last).unwrap_or_default()
}

/// The script that the final image starts, in the build context or in a here-document.
fn started_script(dockerfile: &Dockerfile, build: &BuildContext) -> Option<ShellScript> {
    let index = start_instruction(dockerfile)?;
    let start = start_script::find(dockerfile, &start_text(dockerfile, index))?;
    let text = StartText::of(&start.origin(build), dockerfile)?;
    if !text.is_shell(&start.name, start.direct) {
        return None;
    }
    let (body, shell) = without_first_line(text.lines());
    let shell = shell.unwrap_or_else(Shell::sh);
    let script = ShellScript::new(&text.source, body, shell.posix()?, |name| is_set(dockerfile, index, name))?;
    let is_here = Arc::ptr_eq(&text.source, &dockerfile.source);
    Some(if is_here { script } else { script.started_at(start.span) })
}
