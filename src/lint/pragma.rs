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

use std::collections::HashMap;

use jiff::civil::Date;

use super::foreign;
use super::rule::{Draft, is_named};
use crate::diag::{Span, Wording, did_you_mean, say};
use crate::dockerfile::Dockerfile;

#[derive(Debug, Default)]
pub(super) struct Pragmas {
    file: Vec<Selection>,
    /// By the index of the instruction below.
    instructions: HashMap<usize, Vec<Selection>>,
    /// By the number of the stage.
    stages: HashMap<usize, Vec<Selection>>,
    pub(super) faults: Vec<PragmaFault>,
    /// `# check=error=true`
    pub(super) strict: bool,
    /// `# check=experimental=CHECK,…`
    experimental: Vec<Selection>,
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
    UnknownRule { name: String, meant: Option<&'static str> },
    NoReason,
    BadDate { text: String },
    Expired { day: Date },
    NoInstruction,
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
        }
    }
}

impl Selection {
    fn of(name: &str) -> Self {
        Self::Named(name.to_owned())
    }

    fn covers(&self, draft: &Draft) -> bool {
        match self {
            Self::All => true,
            Self::Named(name) => is_named(draft.rule.name, draft.aliases, name),
        }
    }
}

impl Pragmas {
    pub(super) fn read(dockerfile: &Dockerfile, today: Date) -> Self {
        let mut pragmas = Self::default();
        for directive in dockerfile.directives.iter().filter(|directive| *directive.name == "check") {
            pragmas.file.extend(skipped_checks(&directive.value));
            pragmas.experimental.extend(selections(&directive.value, "experimental="));
            pragmas.strict |= directive.value.split(';').any(|setting| setting.trim() == "error=true");
        }
        for comment in &dockerfile.comments {
            let next = dockerfile.instructions.partition_point(|instruction| instruction.span.start < comment.start);
            let next = (next < dockerfile.instructions.len()).then_some(next);
            pragmas.comment(dockerfile, *comment, next, today);
        }
        pragmas
    }

    pub(super) fn allow(&self, draft: &Draft, dockerfile: &Dockerfile) -> bool {
        let after = dockerfile.instructions.partition_point(|instruction| instruction.span.start <= draft.span.start);
        let index = after.checked_sub(1);
        let above = index.and_then(|index| self.instructions.get(&index));
        let stage = index.and_then(|index| self.stages.get(&dockerfile.stage_of(index)?));
        let local = above.into_iter().chain(stage).flatten();
        self.file.iter().chain(local).any(|selection| selection.covers(draft))
    }

    /// Whether the file asks for one of BuildKit's experimental checks.
    pub(super) fn ask_for(&self, draft: &Draft) -> bool {
        foreign::is_experimental(draft.aliases) && self.experimental.iter().any(|selection| selection.covers(draft))
    }

    fn comment(&mut self, dockerfile: &Dockerfile, span: Span, next: Option<usize>, today: Date) {
        let text = dockerfile.source.slice(span).trim_start_matches('#').trim();
        if let Some(rest) = text.strip_prefix("hadolint ") {
            self.hadolint(rest.trim(), next, dockerfile);
        } else if let Some(checks) = text.strip_prefix("check=") {
            self.add(next, skipped_checks(checks));
        } else if let Some(rest) = text.strip_prefix("swrctl ").map(str::trim_start)
            && ["allow", "ignore"].iter().any(|word| rest.starts_with(word))
        {
            self.own(rest, span, next, today);
        }
    }

    fn add(&mut self, next: Option<usize>, selections: Vec<Selection>) {
        if let Some(next) = next {
            self.instructions.entry(next).or_default().extend(selections);
        }
    }

    fn hadolint(&mut self, text: &str, next: Option<usize>, dockerfile: &Dockerfile) {
        let (scope, text) = text
            .split_once(' ')
            .filter(|(scope, _)| matches!(*scope, "global" | "stage"))
            .map_or(("", text), |(scope, rest)| (scope, rest.trim_start()));
        let Some(list) = text.strip_prefix("ignore").and_then(|rest| rest.trim_start().strip_prefix('=')) else {
            return;
        };
        let selections = || names(list).map(Selection::of).collect::<Vec<_>>();
        match scope {
            "global" => self.file.extend(selections()),
            "stage" => {
                if let Some(stage) = next.and_then(|next| dockerfile.stage_of(next)) {
                    self.stages.entry(stage).or_default().extend(selections());
                }
            }
            _ => self.add(next, selections()),
        }
    }

    fn own(&mut self, text: &str, span: Span, next: Option<usize>, today: Date) {
        let mut fault = |kind| self.faults.push(PragmaFault { span, kind });
        let (settings, reason) = match text.split_once("reason=") {
            Some((settings, reason)) => (settings, reason.trim()),
            None => (text, ""),
        };
        let mut selections = Vec::new();
        let mut expired = false;
        for setting in settings.split_whitespace() {
            match setting.split_once('=') {
                Some(("allow", list)) => selections.extend(names(list).map(Selection::of)),
                Some(("until", day)) => match day.parse::<Date>() {
                    Ok(day) if day < today => {
                        expired = true;
                        fault(PragmaFaultKind::Expired { day });
                    }
                    Ok(_) => {}
                    Err(_) => fault(PragmaFaultKind::BadDate { text: day.chars().take(40).collect() }),
                },
                // Nothing is selected then, or a rule would be allowed that was not meant.
                _ => {
                    selections.clear();
                    break;
                }
            }
        }
        for selection in &selections {
            if let Selection::Named(name) = selection
                && super::rule(name).is_none()
                && !super::rule_names().any(|known| known.eq_ignore_ascii_case(name))
            {
                let meant = did_you_mean(name, super::rule_names());
                fault(PragmaFaultKind::UnknownRule { name: name.chars().take(60).collect(), meant });
            }
        }
        if selections.is_empty() {
            fault(PragmaFaultKind::Unreadable);
        } else if next.is_none() {
            fault(PragmaFaultKind::NoInstruction);
        } else if reason.is_empty() {
            fault(PragmaFaultKind::NoReason);
        } else if !expired {
            self.add(next, selections);
        }
    }
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
    let list = value.split(';').find_map(|text| text.trim().strip_prefix(setting));
    let select = |name: &str| if name == "all" { Selection::All } else { Selection::of(name) };
    list.into_iter().flat_map(names).map(select).collect()
}
