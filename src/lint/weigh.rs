//! Levels: what the profile says, what overrides make of it, and overrides that are out of date or of no use.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use jiff::civil::Date;

use super::notice::Notice;
use super::policy::{Level, Override, Policy, Profile};
use super::pragma::Pragmas;
use super::rule::{Draft, Rule, is_named};
use crate::diag::{Diagnostic, Problem, Severity, Source, say};

/// An entry of a policy: its override and the rule within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OverrideEntry {
    /// Index in [`Policy::overrides`].
    pub index: usize,
    /// Index in [`Override::rules`].
    pub rule: usize,
}

/// How a policy weighs one finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Weight {
    pub(super) level: Level,
    /// The entry that lowered the level to `Off`.
    pub(super) allowed_by: Option<OverrideEntry>,
    /// The last entry that would have decided, had its time not run out.
    pub(super) expired: Option<OverrideEntry>,
}

impl Override {
    pub(super) fn is_expired(&self, today: Date) -> bool {
        self.until.is_some_and(|until| *until < today)
    }
}

/// The rules whose findings may be told: what the profile turns on, and what is asked for by name.
pub(super) fn heard<'a>(policy: &'a Policy, pragmas: &'a Pragmas) -> impl Iterator<Item = &'static Rule> + 'a {
    let overrides = policy.overrides.iter().flat_map(|entry| &entry.rules).map(|name| name.value.as_str());
    let names: Vec<_> = overrides.chain(pragmas.names()).collect();
    let named = move |rule: &Rule| names.iter().any(|name| is_named(rule.name, rule.aliases, name));
    let rules = super::rules().iter().copied().zip(turned_on(policy.profile));
    rules.filter(move |(rule, on)| **on || named(rule) || pragmas.try_out(rule.aliases)).map(|(rule, _)| rule)
}

/// For each rule, whether a profile tells any of its findings.
fn turned_on(profile: Profile) -> &'static [bool] {
    static KNOWN: [OnceLock<Vec<bool>>; Profile::ALL.len()] = [const { OnceLock::new() }; Profile::ALL.len()];
    let is_on = |rule: &&Rule| {
        // What ShellCheck finds weighs what it says, and a declaration is a wish.
        rule.name == super::SHELLCHECK || rule.by_policy || rule.level_in(profile) != Level::Off
    };
    KNOWN[profile as usize].get_or_init(|| super::rules().iter().map(is_on).collect())
}

/// `level` is what it weighs before the overrides.
pub(super) fn weigh(policy: &Policy, draft: &Draft, level: Level, path: &Path, today: Date) -> Weight {
    let mut weight = Weight { level, allowed_by: None, expired: None };
    for (index, entry) in policy.overrides.iter().enumerate() {
        let Some(rule) = entry.rules.iter().position(|name| is_named(draft.rule.name, draft.aliases, name)) else {
            continue;
        };
        if entry.within.as_ref().is_some_and(|globs| !globs.is_match(path)) {
            continue;
        }
        let place = OverrideEntry { index, rule };
        if entry.is_expired(today) {
            weight.expired = Some(place);
            continue;
        }
        let allows = entry.level == Level::Off && weight.level != Level::Off;
        weight.allowed_by = if allows { Some(place) } else { weight.allowed_by.filter(|_| entry.level == Level::Off) };
        weight.level = entry.level;
    }
    weight
}

/// Entries about some rules: whether they are of use cannot be told where these could not judge.
pub fn overrides_about<'a>(policy: &'a Policy, rules: &'a BTreeSet<&str>) -> impl Iterator<Item = OverrideEntry> + 'a {
    let entries = policy.overrides.iter().enumerate();
    let entries = entries.flat_map(|(index, entry)| (0..entry.rules.len()).map(move |rule| (index, rule, entry)));
    let about = |name: &str| super::rule(name).is_some_and(|rule| rules.contains(rule.name));
    entries
        .filter(move |(_, rule, entry)| about(&entry.rules[*rule]))
        .map(|(index, rule, _)| OverrideEntry { index, rule })
}

/// Overrides whose day has passed, and `allow` entries that allowed nothing in any of the policy's Dockerfiles.
///
/// `used` holds what [`super::Report::allowed_by`] says of each of them.
#[must_use]
pub fn stale_overrides(
    policy: &Policy,
    used: &BTreeSet<OverrideEntry>,
    project: &Arc<Source>,
    today: Date,
) -> Vec<Diagnostic> {
    let overrides = policy.overrides.iter().enumerate();
    let place = |entry: &Override| entry.source.clone().unwrap_or_else(|| Arc::clone(project));
    overrides
        .flat_map(|(index, entry)| match entry.until.filter(|_| entry.is_expired(today)) {
            Some(until) => {
                let label = say!("until here", "到此为止");
                vec![expired(entry, *until).at(&place(entry), until.span, label)]
            }
            None => unused(index, entry, used, &place(entry)),
        })
        .collect()
}

fn expired(entry: &Override, until: Date) -> Diagnostic {
    let names = entry.rules.iter().map(|name| format!("`{}`", name.value)).collect::<Vec<_>>().join(", ");
    let message = say!(
        "the override of {names} ended on {until} and holds no more",
        "对 {names} 的覆盖已于 {until} 到期，不再生效",
        names,
        until
    );
    let help =
        say!("fix what it covered and delete it, or give it a new day", "修复它所覆盖的问题后删除，或改一个新的日期");
    Diagnostic::warning(Notice::ExpiredOverride.name(), message).with_help(help)
}

/// A waiver (for some paths or some time) that covers nothing is a hole waiting; a general `allow` is only idle.
fn unused(index: usize, entry: &Override, used: &BTreeSet<OverrideEntry>, project: &Arc<Source>) -> Vec<Diagnostic> {
    if entry.level != Level::Off {
        return Vec::new();
    }
    let waiver = entry.within.is_some() || entry.until.is_some();
    let severity = if waiver { Severity::Warning } else { Severity::Info };
    let rules = entry.rules.iter().enumerate();
    let idle = rules.filter(|(rule, _)| !used.contains(&OverrideEntry { index, rule: *rule }));
    idle.map(|(_, name)| {
        let message =
            say!("nothing needs `{name}` to be allowed here", "这里没有任何问题需要放行 `{name}`", name = name.value);
        let help = say!("delete it, so that it cannot hide a later finding", "删除它，以免以后掩盖新的问题");
        let problem = Problem::new(Notice::UnusedOverride.name(), message).with_help(help);
        let label = say!("allowed nothing", "没有放行任何问题");
        Diagnostic::from_problem(severity, problem).at(project, name.span, label)
    })
    .collect()
}
