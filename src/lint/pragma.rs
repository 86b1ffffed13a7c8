//! Comments that turn rules off: hadolint's, BuildKit's and our own.
//!
//! | comment | turns off |
//! |---|---|
//! | `# hadolint ignore=DL3008,RULE` | for the instruction below |
//! | `# hadolint stage ignore=DL3008` | for the stage of the instruction below |
//! | `# hadolint global ignore=DL3008` | for the file |
//! | `# check=skip=CHECK,…` or `skip=all` | at the top for the file, further down for the instruction below |
//! | `# check=experimental=CHECK,…` at the top | nothing: it turns on checks that BuildKit leaves off |
//! | `# check=error=true` at the top | nothing: it makes errors of what BuildKit would report |
//! | `# swrctl allow=RULE,… [until=DATE] reason=TEXT` | for the instruction below |

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::civil::Date;

use super::foreign;
use super::policy::PragmaPolicy;
use super::rule::{Draft, SYNTAX_ERROR, UNCHECKED, is_named};
use crate::diag::{Span, Wording, did_you_mean, say};
use crate::dockerfile::{Dockerfile, read_switch};

#[derive(Debug, Default)]
pub(super) struct Pragmas {
    policy: PragmaPolicy,
    file: Vec<Entry>,
    /// By the index of the instruction below.
    instructions: HashMap<usize, Vec<Entry>>,
    /// By the number of the stage.
    stages: HashMap<usize, Vec<Entry>>,
    pub(super) faults: Vec<PragmaFault>,
    /// Those that the policy does not let pass.
    pub(super) refused: Vec<Span>,
    /// `# check=error=true`
    pub(super) strict: bool,
    /// `# check=experimental=CHECK,…`
    experimental: Vec<Selection>,
}

/// One name in a comment.
#[derive(Debug)]
struct Entry {
    comment: Span,
    selection: Selection,
}

/// A name in a comment that turned nothing off.
#[derive(Debug)]
pub(super) struct Idle {
    pub(super) comment: Span,
    /// `None` for all rules.
    pub(super) name: Option<String>,
}

impl Idle {
    /// Whether it names one of the rules.
    pub(super) fn is_about(&self, rules: &BTreeSet<&str>) -> bool {
        let rule = self.name.as_deref().and_then(super::rule);
        rule.is_some_and(|rule| rules.contains(rule.name))
    }
}

#[derive(Debug)]
enum Selection {
    All,
    Named(String),
}

/// What is wrong with one of our own comments; others belong to other tools.
#[derive(Debug)]
pub(super) struct PragmaFault {
    pub(super) span: Span,
    pub(super) kind: PragmaFaultKind,
}

#[derive(Debug)]
pub(super) enum PragmaFaultKind {
    Unreadable,
    UnknownRule {
        name: String,
        meant: Option<&'static str>,
    },
    NoReason,
    BadDate {
        text: String,
    },
    Expired {
        day: Date,
    },
    NoInstruction,
    /// Between the lines of one.
    WithinInstruction,
    /// `# hadolint ignore DL3008`, which hadolint passes over.
    NoEquals,
}

impl PragmaFaultKind {
    pub(super) fn message(&self) -> Wording {
        match self {
            Self::Unreadable => say!(
                "`# swrctl` says nothing but `allow=RULE reason=TEXT`",
                "`# swrctl` 只能写 `allow=RULE reason=TEXT`"
            ),
            Self::UnknownRule { name, .. } => say!("no rule is called `{name}`", "没有名为 `{name}` 的规则", name),
            Self::NoReason => say!("the comment allows without a reason", "注释放行时没有写原因"),
            Self::BadDate { text } => say!("`{text}` is no day", "`{text}` 不是日期", text),
            Self::Expired { day } => say!("the permission ended on {day}", "放行已于 {day} 到期", day),
            Self::NoInstruction => say!("no instruction follows this comment", "这条注释后面没有指令"),
            Self::WithinInstruction => {
                say!("a comment within an instruction allows nothing", "指令中间的注释不会放行任何问题")
            }
            Self::NoEquals => say!("hadolint follows `ignore=` alone", "hadolint 只认 `ignore=`"),
        }
    }
}

impl Selection {
    fn of(name: &str) -> Self {
        Self::Named(name.to_owned())
    }

    fn covers(&self, draft: &Draft) -> bool {
        match self {
            // What stops the build, and what was not looked at, is no check.
            Self::All => !matches!(draft.rule.name, SYNTAX_ERROR | UNCHECKED),
            Self::Named(name) => is_named(draft.rule.name, draft.aliases, name),
        }
    }
}

impl Pragmas {
    pub(super) fn read(dockerfile: &Dockerfile, policy: PragmaPolicy, today: Date) -> Self {
        let mut pragmas = Self { policy, ..Self::default() };
        for directive in dockerfile.directives.iter().filter(|directive| *directive.name == "check") {
            let skipped = skipped_checks(&directive.value);
            if !skipped.is_empty() && pragmas.admits(directive.value.span, "") {
                pragmas.file.extend(entries(directive.value.span, skipped));
            }
            pragmas.experimental.extend(selections(&directive.value, "experimental="));
            let mut switches = directive.value.split(';').filter_map(|setting| setting.trim().strip_prefix("error="));
            pragmas.strict |= switches.any(|switch| read_switch(switch) == Some(true));
        }
        for comment in &dockerfile.comments {
            let next = dockerfile.instructions.partition_point(|instruction| instruction.span.start < comment.start);
            let next = (next < dockerfile.instructions.len()).then_some(next);
            pragmas.comment(dockerfile, *comment, next, today);
        }
        let within = dockerfile.inner_comments.iter().filter(|span| is_request(dockerfile.source.slice(**span)));
        let fault = |span: &Span| PragmaFault { span: *span, kind: PragmaFaultKind::WithinInstruction };
        pragmas.faults.extend(within.map(fault));
        pragmas
    }

    /// Every name in a comment.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let entries =
            self.file.iter().chain(self.instructions.values().flatten()).chain(self.stages.values().flatten());
        let selections = entries.map(|entry| &entry.selection);
        selections
            .filter_map(|selection| if let Selection::Named(name) = selection { Some(name.as_str()) } else { None })
    }

    /// Takes out what a comment turns off, and tells which names in comments turned off nothing.
    pub(super) fn allow(&self, drafts: &mut Vec<Draft>, dockerfile: &Dockerfile) -> Vec<Idle> {
        let mut used: HashSet<*const Entry> = HashSet::new();
        drafts.retain(|draft| {
            let covering = self.entries_for(draft, dockerfile).filter(|entry| entry.selection.covers(draft));
            let covering: Vec<_> = covering.map(std::ptr::from_ref).collect();
            let allowed = !covering.is_empty();
            used.extend(covering);
            !allowed
        });
        let all = self.file.iter().chain(self.instructions.values().flatten()).chain(self.stages.values().flatten());
        all.filter(|entry| !used.contains(&std::ptr::from_ref(*entry))).filter_map(Entry::idle).collect()
    }

    /// What comments say about the place of a finding.
    fn entries_for(&self, draft: &Draft, dockerfile: &Dockerfile) -> impl Iterator<Item = &Entry> {
        let after = dockerfile.instructions.partition_point(|instruction| instruction.span.start <= draft.span.start);
        let index = after.checked_sub(1);
        let above = index.and_then(|index| self.instructions.get(&index));
        let stage = index.and_then(|index| self.stages.get(&dockerfile.stage_of(index)?));
        self.file.iter().chain(above.into_iter().chain(stage).flatten())
    }

    /// Whether the policy lets a comment with this reason pass; keeps those that it does not.
    fn admits(&mut self, comment: Span, reason: &str) -> bool {
        let (admitted, told) = match self.policy {
            PragmaPolicy::Allowed => (true, false),
            PragmaPolicy::NeedReason => (!reason.trim().is_empty(), true),
            PragmaPolicy::Forbidden => (false, true),
            PragmaPolicy::Ignored => (false, false),
        };
        if !admitted && told {
            self.refused.push(comment);
        }
        admitted
    }

    /// Whether the file may ask for what BuildKit calls by one of `ids`: one of its experimental checks.
    pub(super) fn try_out(&self, ids: &[&str]) -> bool {
        !self.experimental.is_empty() && foreign::is_experimental(ids)
    }

    /// Whether the file asks for one of BuildKit's experimental checks.
    pub(super) fn ask_for(&self, draft: &Draft) -> bool {
        foreign::is_experimental(draft.aliases) && self.experimental.iter().any(|selection| selection.covers(draft))
    }

    fn comment(&mut self, dockerfile: &Dockerfile, span: Span, next: Option<usize>, today: Date) {
        let text = dockerfile.source.slice(span).trim_start_matches('#').trim();
        if let Some(rest) = text.strip_prefix("hadolint").filter(|rest| rest.starts_with([' ', '\t'])) {
            self.hadolint(rest.trim(), span, next, dockerfile);
        } else if let Some(checks) = text.strip_prefix("check=") {
            if self.admits(span, "") {
                self.add(next, span, skipped_checks(checks));
            }
        } else if let Some(rest) = own_request(text) {
            self.own(rest, span, next, today);
        }
    }

    fn add(&mut self, next: Option<usize>, comment: Span, selections: Vec<Selection>) {
        if let Some(next) = next {
            self.instructions.entry(next).or_default().extend(entries(comment, selections));
        }
    }

    fn hadolint(&mut self, text: &str, comment: Span, next: Option<usize>, dockerfile: &Dockerfile) {
        let (scope, text) = text
            .split_once([' ', '\t'])
            .filter(|(scope, _)| matches!(*scope, "global" | "stage"))
            .map_or(("", text), |(scope, rest)| (scope, rest.trim_start()));
        let Some(rest) = text.strip_prefix("ignore") else { return };
        let Some(list) = rest.trim_start().strip_prefix('=') else {
            if rest.split_whitespace().next().is_some_and(|word| super::rule(word.trim_end_matches(',')).is_some()) {
                self.faults.push(PragmaFault { span: comment, kind: PragmaFaultKind::NoEquals });
            }
            return;
        };
        if !self.admits(comment, list.split_once('#').map_or("", |(_, reason)| reason)) {
            return;
        }
        let selections = names(list).map(Selection::of).collect();
        match scope {
            "global" => self.file.extend(entries(comment, selections)),
            "stage" => {
                if let Some(stage) = next.and_then(|next| dockerfile.stage_of(next)) {
                    self.stages.entry(stage).or_default().extend(entries(comment, selections));
                }
            }
            _ => self.add(next, comment, selections),
        }
    }

    fn own(&mut self, text: &str, span: Span, next: Option<usize>, today: Date) {
        let mut fault = |kind| self.faults.push(PragmaFault { span, kind });
        let (settings, reason) = text.split_once("reason=").unwrap_or((text, ""));
        // A day may stand behind the reason, too.
        let (late, reason): (Vec<&str>, Vec<&str>) =
            reason.split_whitespace().partition(|word| word.starts_with("until="));
        let mut selections = Vec::new();
        let mut ended = false;
        for setting in settings.split_whitespace().chain(late) {
            match setting.split_once('=') {
                Some(("allow", list)) => selections.extend(names(list).map(Selection::of)),
                Some(("until", day)) => match day.parse::<Date>() {
                    Ok(day) if day < today => {
                        ended = true;
                        fault(PragmaFaultKind::Expired { day });
                    }
                    Ok(_) => {}
                    Err(_) => {
                        ended = true;
                        fault(PragmaFaultKind::BadDate { text: day.chars().take(40).collect() });
                    }
                },
                // Nothing is selected then, or a rule would be allowed that was not meant.
                _ => {
                    selections.clear();
                    break;
                }
            }
        }
        let readable = !selections.is_empty();
        // What is told as unknown need not be told as idle.
        selections.retain(|selection| {
            let Selection::Named(name) = selection else { return true };
            let known =
                super::rule(name).is_some() || super::rule_names().any(|known| known.eq_ignore_ascii_case(name));
            if !known {
                let meant = did_you_mean(name, super::rule_names());
                fault(PragmaFaultKind::UnknownRule { name: name.chars().take(60).collect(), meant });
            }
            known
        });
        if !readable {
            fault(PragmaFaultKind::Unreadable);
        } else if next.is_none() {
            fault(PragmaFaultKind::NoInstruction);
        } else if reason.is_empty() {
            fault(PragmaFaultKind::NoReason);
        } else if !ended && self.admits(span, &reason.join(" ")) {
            self.add(next, span, selections);
        }
    }
}

impl Entry {
    /// Unless nobody can tell: ShellCheck's findings are known where it is installed alone.
    fn idle(&self) -> Option<Idle> {
        let name = match &self.selection {
            Selection::All => None,
            Selection::Named(name) if name.starts_with("SC") => return None,
            Selection::Named(name) => Some(name.clone()),
        };
        Some(Idle { comment: self.comment, name })
    }
}

fn entries(comment: Span, selections: Vec<Selection>) -> impl Iterator<Item = Entry> {
    selections.into_iter().map(move |selection| Entry { comment, selection })
}

/// What one of our own comments says, when it asks for something to be let through, rightly or not.
fn own_request(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("swrctl")?;
    let asks = |(at, word): (usize, &str)| {
        ["allow", "ignore"]
            .iter()
            .any(|verb| word.strip_prefix(verb).is_some_and(|rest| rest.starts_with('=') || at == 0))
    };
    let mut words = rest.trim_start_matches([':', ' ', '\t']).split_whitespace().enumerate();
    (rest.starts_with([' ', '\t', ':']) && words.any(asks)).then(|| rest.trim_start())
}

/// Whether a comment would turn something off above an instruction; ShellCheck's own are followed everywhere.
fn is_request(comment: &str) -> bool {
    let text = comment.trim().trim_start_matches('#').trim();
    let hadolint = text
        .strip_prefix("hadolint")
        .is_some_and(|rest| rest.split_whitespace().any(|word| word.starts_with("ignore=")));
    hadolint || own_request(text).is_some()
}

/// `A, B` up to the first word that no comma joins.
fn names(list: &str) -> impl Iterator<Item = &str> {
    let mut go_on = true;
    let parts = list.split(',').map_while(move |part| {
        let trimmed = part.trim();
        let name = trimmed.split_whitespace().next().unwrap_or_default();
        std::mem::replace(&mut go_on, name.len() == trimmed.len()).then_some(name)
    });
    parts.filter(|name| !name.is_empty())
}

/// `skip=A,B;error=true`
fn skipped_checks(value: &str) -> Vec<Selection> {
    selections(value, "skip=")
}

/// The checks that one of BuildKit's settings names.
fn selections(value: &str, setting: &str) -> Vec<Selection> {
    // The last one counts.
    let list = value.split(';').rev().find_map(|text| text.trim().strip_prefix(setting));
    let select = |name: &str| if name == "all" { Selection::All } else { Selection::of(name) };
    list.into_iter().flat_map(names).map(select).collect()
}
