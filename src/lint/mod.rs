//! Rules over Dockerfiles and the policy that weighs them. No I/O: what rules must know of the file system comes in
//! as a [`BuildContext`], which finds it out when it is asked for.

pub mod baseline;
mod bases;
mod build;
mod context;
mod data;
mod example;
pub mod fix;
mod foreign;
pub mod hadolint;
mod ignore_file;
mod images;
mod label_value;
mod manifests;
mod needs;
mod notice;
mod packages;
mod paths;
pub mod policy;
mod practice;
mod pragma;
mod rule;
mod rules;
mod shellcheck;
mod source_copies;
mod spdx;
mod stage_shell;
mod start_script;
mod start_text;
mod tree;
mod weigh;
mod work;

#[cfg(test)]
mod cases;
#[cfg(test)]
mod differences;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use jiff::civil::Date;

pub use bases::{AskBases, BaseAnswers, BaseImage, BaseImages, BaseQuestions, Offer, base_questions};
pub use build::{BuildContext, ContextFile, Fact, Folder, Nested};
pub use example::{Example, Sample};
pub use needs::Needs;
pub use notice::Notice;
pub use practice::practice;
pub use rule::Rule;
pub use shellcheck::{Comment, EXCLUDED, ScCode, ScKind, ShellFinding, ShellScript, shell_scripts};
pub use tree::{Tree, holds_secret, is_told_by_text};
pub use weigh::{OverrideEntry, overrides_about, stale_overrides};

use self::context::Context;
use self::fix::{Fix, Fixed};
use self::policy::{Level, Policy};
use self::pragma::Pragmas;
use self::rule::{Draft, Sink};
use crate::diag::{Diagnostic, Problem, Severity, Source, say};
use crate::dockerfile::Dockerfile;
use crate::image::Digest;

/// What a rule found, weighed by the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub rule: &'static str,
    /// What other linters call this very finding.
    pub aliases: &'static [&'static str],
    /// The practice of SWR's documents, 1 to 17.
    pub practice: Option<u8>,
    /// Never `Off`.
    pub level: Level,
    /// Its code is the rule's name or ShellCheck's code, its severity follows the level, help is always set.
    pub diagnostic: Diagnostic,
    /// What may be written instead.
    pub fix: Option<Fix>,
}

/// What is to be said about one Dockerfile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// In order of their places.
    pub findings: Vec<Finding>,
    /// Some finding reaches the policy's `fail_on`.
    pub failed: bool,
    /// `allow` entries of the policy that kept a finding away.
    pub allowed_by: BTreeSet<OverrideEntry>,
    /// Rules that could not say all there is to say: what they have to know was not asked, or not answered.
    pub unjudged: BTreeSet<&'static str>,
    /// Findings that a baseline holds: they are not told and fail nothing.
    pub held: Vec<Finding>,
}

/// A Dockerfile of a project and what is to be said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LintedDockerfile {
    /// Relative to the project file's directory, with `/`.
    pub path: String,
    /// Index in `project.dockerfiles`: the first section that names the file owns it.
    pub set: usize,
    /// Of the file's bytes, or of none where they cannot be read.
    pub digest: Digest,
    pub report: Report,
    /// What fixes make of it, where they are wanted and there are any.
    pub fixed: Option<Fixed>,
}

/// The rule that passes on what ShellCheck finds.
pub const SHELLCHECK: &str = "shellcheck";

/// Every rule there is, in the order of the table.
#[must_use]
pub fn rules() -> &'static [&'static Rule] {
    rules::RULES
}

/// Every word that names a rule: names first, then aliases.
pub fn rule_names() -> impl Iterator<Item = &'static str> {
    let names = rules().iter().map(|rule| rule.name);
    names.chain(rules().iter().flat_map(|rule| rule.aliases.iter().copied()))
}

/// The rule that a name or an alias means; every code of ShellCheck's means `shellcheck`.
#[must_use]
pub fn rule(name: &str) -> Option<&'static Rule> {
    let name = if ScCode::parse(name).is_some() { SHELLCHECK } else { name };
    rules().iter().copied().find(|rule| rule::is_named(rule.name, rule.aliases, name))
}

/// Checks one Dockerfile.
///
/// `path` is relative to the project file's directory, for overrides that hold for some paths only; `project` is the
/// project file's text, for findings that point there. Past `today`
/// overrides end, and so does the life of base images.
#[must_use]
pub fn lint(
    dockerfile: &Dockerfile,
    path: &Path,
    policy: &Policy,
    context: &BuildContext,
    project: Option<&Arc<Source>>,
    today: Date,
) -> Report {
    let source = &dockerfile.source;
    let pragmas = Pragmas::read(dockerfile, policy.pragmas, today);
    let mut context = Context::new(dockerfile, policy, context, &pragmas, today);
    // What is not read as it was meant is not rewritten.
    let sound = dockerfile.errors.is_empty()
        && dockerfile.unread.is_none()
        && !source.text().contains(char::REPLACEMENT_CHARACTER);
    let unjudged = bases::unjudged(dockerfile, policy, &context.build.bases);
    let mut report = Report { unjudged, ..Report::default() };
    let mut drafts: Vec<Draft> = weigh::heard(policy, &pragmas).flat_map(|rule| Sink::run(rule, &context)).collect();
    drafts.retain(|draft| !context.as_hadolint() || hadolint::sight::sees(&context, draft));
    // Which pragmas are of no use is known when all rules have spoken.
    context.idle_pragmas = pragmas.allow(&mut drafts, dockerfile);
    context.idle_pragmas.retain(|idle| !idle.is_about(&report.unjudged));
    let mut late = Sink::run(&rules::unused_pragma::RULE, &context);
    pragmas.allow(&mut late, dockerfile);
    for draft in drafts.into_iter().chain(late) {
        let own = draft.level_in(policy.profile);
        let own = if own == Level::Off && pragmas.ask_for(&draft) { Level::Warning } else { own };
        let weight = weigh::weigh(policy, &draft, own, path, today);
        report.allowed_by.extend(weight.allowed_by);
        let strict = pragmas.strict && foreign::buildkit(draft.aliases) != Level::Off;
        let level = if strict && weight.level != Level::Off { Level::Error } else { weight.level };
        if let Some(severity) = severity(level) {
            let mut finding = finish(draft, level, severity, source);
            finding.fix = finding.fix.filter(|_| sound);
            if let Some(place) = weight.expired {
                point_at_expired(&mut finding.diagnostic, policy, place, project);
            }
            report.findings.push(finding);
        }
    }
    report.findings.sort_by_key(|finding| finding.diagnostic.labels[0].span);
    report.judge(policy.fail_on);
    report
}

impl Report {
    /// Leaves out what rules say that could not judge it all; what ShellCheck says is sure.
    pub fn leave_unjudged(&mut self, fail_on: Level) {
        self.findings.retain(|finding| finding.rule == SHELLCHECK || !self.unjudged.contains(finding.rule));
        self.judge(fail_on);
    }

    /// Says whether it fails, by its findings.
    pub(crate) fn judge(&mut self, fail_on: Level) {
        self.failed = fail_on != Level::Off && self.findings.iter().any(|finding| finding.level >= fail_on);
    }
}

fn severity(level: Level) -> Option<Severity> {
    match level {
        Level::Off => None,
        Level::Style | Level::Info => Some(Severity::Info),
        Level::Warning => Some(Severity::Warning),
        Level::Error => Some(Severity::Error),
    }
}

fn finish(draft: Draft, level: Level, severity: Severity, source: &Arc<Source>) -> Finding {
    let Draft { rule, aliases, span, message, help, labels, elsewhere, fix, .. } = draft;
    let help = help.unwrap_or_else(|| rule.help.clone());
    let problem = Problem::new(code(rule, aliases), message).with_help(help);
    let diagnostic = Diagnostic::from_problem(severity, problem).on(source, span);
    let diagnostic = labels.into_iter().fold(diagnostic, |diagnostic, (span, text)| diagnostic.at(source, span, text));
    let diagnostic =
        elsewhere.into_iter().fold(diagnostic, |diagnostic, (source, span, text)| diagnostic.at(&source, span, text));
    Finding { rule: rule.name, aliases, practice: rule.practice, level, diagnostic, fix }
}

/// What people know a finding by: the rule's name, or ShellCheck's code.
fn code(rule: &Rule, aliases: &'static [&'static str]) -> &'static str {
    let foreign = aliases.first().filter(|_| rule.name == SHELLCHECK);
    foreign.copied().unwrap_or(rule.name)
}

/// A finding that was allowed until some day says so.
fn point_at_expired(diagnostic: &mut Diagnostic, policy: &Policy, place: OverrideEntry, project: Option<&Arc<Source>>) {
    let until = policy.overrides.get(place.index).and_then(|entry| entry.until);
    if let Some((project, until)) = project.zip(until) {
        let label = say!("an override held until {day}", "覆盖规则的设置到 {day} 为止", day = until.value);
        *diagnostic = diagnostic.clone().at(project, until.span, label);
    }
}
