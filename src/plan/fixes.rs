//! Fixes of Dockerfiles as steps: one a file, in front of the Dockerfile's gate.

use super::address::Address;
use super::scope::Scope;
use super::step::{Action, FileEdit, FixWork, Step, Work};
use crate::diag::say;
use crate::lint::fix::{Change, Fixed};
use crate::lint::{LintedDockerfile, Report};

/// Addresses of the steps that fix a Dockerfile.
pub fn fix_addresses(dockerfile: &LintedDockerfile) -> impl Iterator<Item = Address> + '_ {
    let changes = dockerfile.fixed.iter().flat_map(Fixed::changes);
    changes.map(|change| Address::fix(&change.name(&dockerfile.path)))
}

/// What is to be said about a Dockerfile once the plan is carried out: a file whose fixes are in scope is judged as it
/// will be.
#[must_use]
pub fn planned_report<'a>(dockerfile: &'a LintedDockerfile, scope: &Scope) -> &'a Report {
    fixed_in(dockerfile, scope).map_or(&dockerfile.report, |fixed| &fixed.report)
}

/// The Dockerfile with its fixes, when all of them are in scope.
pub(super) fn fixed_in<'a>(dockerfile: &'a LintedDockerfile, scope: &Scope) -> Option<&'a Fixed> {
    dockerfile.fixed.as_ref().filter(|_| fix_addresses(dockerfile).all(|address| scope.holds(&address)))
}

/// In the order in which they are to be done.
pub(super) fn fix_steps<'a>(path: &'a str, fixed: &'a Fixed) -> impl Iterator<Item = Step> + 'a {
    fixed.changes().map(|change| fix_step(&change.name(path), &change, fixed))
}

fn fix_step(file: &str, change: &Change, fixed: &Fixed) -> Step {
    let edit = FileEdit::new(file, change.before.map(str::as_bytes), Some(change.after.as_bytes()));
    let action = edit.action();
    let work = FixWork { edit, text: change.after.to_owned() };
    let (count, rules) = fixed.gone_by(change);
    // A new file may be what several Dockerfiles need.
    let reason = match (action, count) {
        (Action::Create, _) => say!("fixes {rules}", "修复 {rules}", rules),
        (_, 1) => say!("fixes 1 finding: {rules}", "修复 1 个问题：{rules}", rules),
        _ => say!("fixes {count} findings: {rules}", "修复 {count} 个问题：{rules}", count, rules),
    };
    Step { address: Address::fix(file), action, reason, help: None, work: Work::Fix(work) }
}
