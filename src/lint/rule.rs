//! What a rule is and how its check reports.

use std::fmt;
use std::sync::Arc;

use super::context::Context;
use super::example::Example;
use super::fix::Fix;
use super::foreign;
use super::policy::{Level, Profile};
use crate::diag::{Lang, Source, Span, Wording};

/// One check over a Dockerfile, with everything there is to say about it.
pub struct Rule {
    /// Kebab-case, named so that "allow NAME" reads well.
    pub name: &'static str,
    /// What other linters call it: hadolint's codes, BuildKit's check names.
    pub aliases: &'static [&'static str],
    /// The practice of SWR's documents it comes from, 1 to 17.
    pub practice: Option<u8>,
    /// Its level in the `swr` profile.
    pub level: Level,
    /// The policy turns it on by itself, by declaring what it checks: it holds in every profile.
    pub by_policy: bool,
    /// One sentence, lower case.
    pub summary: Wording,
    /// Why it matters, in a few sentences.
    pub explanation: Wording,
    /// What to do, imperative, unless a finding knows better.
    pub help: Wording,
    pub example: Example,
    pub(super) check: fn(&Context, &mut Sink),
}

/// The rule that tells what stops a build.
pub(super) const SYNTAX_ERROR: &str = "syntax-error";

/// The rule that tells what was not looked into: in no profile does that look clean.
pub(super) const UNCHECKED: &str = "unchecked-command";

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Rule {
    /// Whether some of its findings offer a fix.
    #[must_use]
    pub fn is_fixable(&self) -> bool {
        super::rules::FIXABLE.iter().any(|rule| rule.name == self.name)
    }

    #[must_use]
    pub fn level_in(&self, profile: Profile) -> Level {
        self.level_of(profile, self.aliases)
    }

    /// The level of a finding. Profiles of other linters weigh what they would call it: one of `aliases`.
    fn level_of(&self, profile: Profile, aliases: &[&str]) -> Level {
        match profile {
            Profile::Buildkit | Profile::None if self.by_policy => self.level,
            // Its own levels hold for what it can be asked for, too.
            Profile::Hadolint if self.by_policy && aliases.is_empty() => self.level,
            Profile::Hadolint | Profile::Buildkit if self.name == UNCHECKED => self.level,
            Profile::Hadolint => foreign::hadolint(aliases),
            Profile::Buildkit => foreign::buildkit(aliases),
            Profile::Swr => self.level,
            Profile::All => {
                if self.level == Level::Off {
                    Level::Warning
                } else {
                    self.level
                }
            }
            Profile::None => Level::Off,
        }
    }
}

/// Whether `word` names a rule of this name or one of these aliases; case matters in names only.
pub(super) fn is_named(name: &str, aliases: &[&str], word: &str) -> bool {
    name == word || aliases.iter().any(|alias| alias.eq_ignore_ascii_case(word))
}

/// A finding before the policy weighs it.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) rule: &'static Rule,
    pub(super) aliases: &'static [&'static str],
    pub(super) span: Span,
    pub(super) message: Wording,
    pub(super) help: Option<Wording>,
    /// The level in a profile, where it is weaker than the rule's own.
    pub(super) softened: Option<Level>,
    /// The level that another program gives it: it holds in every profile with what that program finds.
    pub(super) foreign: Option<Level>,
    /// hadolint has the rule and does not see this: its profile leaves it out.
    pub(super) beyond_hadolint: bool,
    /// Further places with a word about each.
    pub(super) labels: Vec<(Span, Wording)>,
    /// Places in other files.
    pub(super) elsewhere: Vec<(Arc<Source>, Span, Wording)>,
    pub(super) fix: Option<Fix>,
}

impl Draft {
    pub(super) fn help(&mut self, help: Wording) -> &mut Self {
        self.help = Some(help);
        self
    }

    /// Weighs less than the rule does by itself.
    pub(super) fn soften(&mut self, level: Level) -> &mut Self {
        self.softened = Some(level);
        self
    }

    /// Weighs what the program that found it says.
    pub(super) fn weighed(&mut self, level: Level) -> &mut Self {
        self.foreign = Some(level);
        self
    }

    /// Is no finding in hadolint's profile where `beyond` holds.
    pub(super) fn beyond_hadolint(&mut self, beyond: bool) -> &mut Self {
        self.beyond_hadolint = beyond;
        self
    }

    pub(super) fn level_in(&self, profile: Profile) -> Level {
        if let Some(foreign) = self.foreign {
            return if matches!(profile, Profile::Buildkit | Profile::None) { Level::Off } else { foreign };
        }
        let level = self.rule.level_of(profile, self.aliases);
        match profile {
            Profile::Hadolint | Profile::Buildkit => level,
            _ => self.softened.map_or(level, |softened| softened.min(level)),
        }
    }

    /// Narrows the aliases to those that mean this very finding.
    pub(super) fn aliases(&mut self, aliases: &'static [&'static str]) -> &mut Self {
        self.aliases = aliases;
        self
    }

    /// What may be written instead; none where that would not be safe.
    pub(super) fn fix(&mut self, fix: impl Into<Option<Fix>>) -> &mut Self {
        self.fix = fix.into();
        self
    }

    pub(super) fn label(&mut self, span: Span, text: Wording) -> &mut Self {
        self.labels.push((span, text));
        self
    }

    pub(super) fn label_in(&mut self, source: &Arc<Source>, span: Span, text: Wording) -> &mut Self {
        self.elsewhere.push((Arc::clone(source), span, text));
        self
    }
}

/// Takes the findings of one rule.
#[derive(Debug)]
pub(super) struct Sink {
    rule: &'static Rule,
    drafts: Vec<Draft>,
}

impl Sink {
    pub(super) fn run(rule: &'static Rule, context: &Context) -> Vec<Draft> {
        let mut sink = Self { rule, drafts: Vec::new() };
        (rule.check)(context, &mut sink);
        sink.drafts
    }

    pub(super) fn report(&mut self, span: Span, message: Wording) -> &mut Draft {
        let Self { rule, drafts } = self;
        drafts.push(Draft {
            rule,
            aliases: rule.aliases,
            span,
            message: on_one_line(message),
            help: None,
            softened: None,
            foreign: None,
            beyond_hadolint: false,
            labels: Vec::new(),
            elsewhere: Vec::new(),
            fix: None,
        });
        drafts.last_mut().expect("it was just pushed")
    }
}

/// What a message quotes may go over lines; the message does not.
fn on_one_line(message: Wording) -> Wording {
    if !message.english().contains(['\n', '\r']) {
        return message;
    }
    let line = |lang| message.get(lang).replace(['\n', '\r'], " ");
    Wording::composed(line(Lang::En), line(Lang::Zh))
}
