//! Two RUNs as one.

use super::script::{ShellText, shell_text};
use super::{Effect, Fix};
use crate::diag::Span;
use crate::dockerfile::shell::{Invocation, Script};
use crate::lint::context::Context;
use crate::lint::packages::package_name;

/// Joins a RUN to the one above it by `&&`: the second runs when the first has succeeded, as two RUNs do.
///
/// The first must leave nothing behind in its shell that the second would notice, and the second must be nothing but
/// commands that `&&` joins, so that no `||` in it catches the first. Comments between them would be lost.
pub(in crate::lint) fn merged(context: &Context, above: usize, below: usize) -> Option<Fix> {
    let (first, second) = (shell_text(context, above)?, shell_text(context, below)?);
    // There it is still to be told that the directory holds for this RUN only.
    if context.script(below).invocations.first().is_some_and(|command| command.program() == "cd") {
        return None;
    }
    let plain = |text: &ShellText| !text.is_heredoc() && !text.written().contains('#');
    let start = match &second.outline.statements[..] {
        [only] if only.joinable => only.span.start,
        _ => return None,
    };
    let gap = Span::new(first.end(), start);
    let lost = context.dockerfile.source.slice(gap).contains('#');
    let alike = !first.outline.changes_shell && !installs_what_it_runs(context.script(above), context.script(below));
    (plain(&first) && plain(&second) && !lost && alike)
        .then(|| Fix::replace(gap, separate(&first, &second)).with_effect(Effect::Shell))
}

/// Whether the second runs a program that the first has run and names (`pip install --upgrade pip`): a shell goes on with
/// the one that it has found.
fn installs_what_it_runs(first: &Script, second: &Script) -> bool {
    let ran = |program: &str| first.invocations.iter().any(|command| command.program() == program);
    let mut named = first.invocations.iter().flat_map(Invocation::operands).map(|word| package_name(word.text()));
    named.any(|name| ran(name) && second.invocations.iter().any(|command| command.program() == name))
}

/// Each in lines of its own.
fn separate(first: &ShellText, second: &ShellText) -> String {
    let laid_out = [first.joint(), second.joint()].into_iter().find(|joint| joint != " && ");
    laid_out.unwrap_or_else(|| first.new_line())
}
