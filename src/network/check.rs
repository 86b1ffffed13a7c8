//! The named checks of a path and what they found.

use std::collections::BTreeSet;
use std::fmt;

use crate::diag::{Wording, say};
use crate::lint::policy::Level;

/// A check of the path to a registry, in the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    EnvRegion,
    EnvProxy,
    DnsRegistry,
    AddressClass,
    RouteSource,
    Tcp,
    Tls,
    RegistryApi,
    Clock,
    AuthToken,
}

impl Check {
    pub const ALL: [Self; 10] = [
        Self::EnvRegion,
        Self::EnvProxy,
        Self::DnsRegistry,
        Self::AddressClass,
        Self::RouteSource,
        Self::Tcp,
        Self::Tls,
        Self::RegistryApi,
        Self::Clock,
        Self::AuthToken,
    ];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EnvRegion => "env-region",
            Self::EnvProxy => "env-proxy",
            Self::DnsRegistry => "dns-registry",
            Self::AddressClass => "address-class",
            Self::RouteSource => "route-source",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::RegistryApi => "registry-api",
            Self::Clock => "clock",
            Self::AuthToken => "auth-token",
        }
    }

    /// Checks whose failure leaves this one nothing to prove. What asks the registry itself needs all before it:
    /// requests with credentials take no other path than the declared one.
    #[must_use]
    pub const fn needs(self) -> &'static [Self] {
        use Check::{AddressClass, DnsRegistry, EnvProxy, RegistryApi, RouteSource, Tcp, Tls};
        match self {
            Self::EnvRegion | EnvProxy => &[],
            DnsRegistry => &[EnvProxy],
            AddressClass | RouteSource | Tcp => &[EnvProxy, DnsRegistry],
            Tls => &[EnvProxy, DnsRegistry, Tcp],
            RegistryApi => &[EnvProxy, DnsRegistry, AddressClass, RouteSource, Tcp, Tls],
            Self::Clock | Self::AuthToken => &[EnvProxy, DnsRegistry, AddressClass, RouteSource, Tcp, Tls, RegistryApi],
        }
    }

    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|check| check.name() == name)
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Pass,
    /// Not asked, because a check that it depends on failed or it does not apply.
    Skip,
    /// Could not be found out; not a failure.
    Unknown,
    Warn,
    Fail,
}

/// What one check expected and saw.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckResult {
    pub check: Check,
    pub verdict: Verdict,
    /// What had to be true, in one phrase.
    pub expected: Wording,
    /// What was seen, in one phrase; says why where it was skipped or is unknown.
    pub observed: Wording,
    /// Single facts behind it: each address tried, each name server asked.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub evidence: Vec<Wording>,
    /// What to do about it; only where something is to be done.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fix: Option<Wording>,
}

impl CheckResult {
    /// A check that is not decided yet: give it a verdict.
    pub(crate) fn new(check: Check, expected: Wording) -> Self {
        Self {
            check,
            verdict: Verdict::Unknown,
            expected,
            observed: Wording::default(),
            evidence: Vec::new(),
            fix: None,
        }
    }

    fn decide(self, verdict: Verdict, observed: Wording) -> Self {
        Self { verdict, observed, ..self }
    }

    #[must_use]
    pub(crate) fn pass(self, observed: Wording) -> Self {
        self.decide(Verdict::Pass, observed)
    }

    #[must_use]
    pub(crate) fn skip(self, why: Wording) -> Self {
        self.decide(Verdict::Skip, why)
    }

    #[must_use]
    pub(crate) fn unknown(self, why: Wording) -> Self {
        self.decide(Verdict::Unknown, why)
    }

    #[must_use]
    pub(crate) fn warn(self, observed: Wording) -> Self {
        self.decide(Verdict::Warn, observed)
    }

    #[must_use]
    pub(crate) fn fail(self, observed: Wording) -> Self {
        self.decide(Verdict::Fail, observed)
    }

    #[must_use]
    pub(crate) fn with_evidence(self, facts: impl IntoIterator<Item = Wording>) -> Self {
        Self { evidence: facts.into_iter().collect(), ..self }
    }

    #[must_use]
    pub(crate) fn with_fix(self, fix: Wording) -> Self {
        Self { fix: Some(fix), ..self }
    }

    /// A failure weighs what the project file says: `warn` softens it, `off` drops it.
    #[must_use]
    pub fn weighed(self, level: Level) -> Self {
        match (self.verdict, level) {
            (Verdict::Fail, Level::Warning | Level::Info | Level::Style) => Self { verdict: Verdict::Warn, ..self },
            (Verdict::Fail | Verdict::Warn, Level::Off) => {
                let observed = self.observed;
                let observed =
                    say!("switched off in the project file; {observed}", "已在项目文件中关闭；{observed}", observed);
                Self { verdict: Verdict::Skip, observed, fix: None, ..self }
            }
            _ => self,
        }
    }
}

/// Which checks somebody wants to see; none named means all.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct WantedChecks(BTreeSet<Check>);

impl WantedChecks {
    /// Whether `check` has to be made: it is wanted, or what is wanted needs it.
    #[must_use]
    pub fn makes(&self, check: Check) -> bool {
        self.0.is_empty() || self.0.iter().any(|wanted| *wanted == check || wanted.needs().contains(&check))
    }

    /// Whether a result is worth showing: it is wanted, or says why what is wanted was not made.
    #[must_use]
    pub fn shows(&self, result: &CheckResult) -> bool {
        self.0.is_empty() || self.0.contains(&result.check) || result.verdict == Verdict::Fail
    }
}

impl FromIterator<Check> for WantedChecks {
    fn from_iter<I: IntoIterator<Item = Check>>(checks: I) -> Self {
        Self(checks.into_iter().collect())
    }
}

/// Every check of the path to one registry, in the order of [`Check::ALL`].
#[derive(Clone, Debug, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct PathReport {
    pub checks: Vec<CheckResult>,
}

impl PathReport {
    /// The first check that failed: why the registry is not reachable as declared.
    #[must_use]
    pub fn failure(&self) -> Option<&CheckResult> {
        self.checks.iter().find(|result| result.verdict == Verdict::Fail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needed_is_made_and_shown_only_where_it_failed() {
        let only: WantedChecks = [Check::Tcp].into_iter().collect();
        let made: Vec<_> = Check::ALL.into_iter().filter(|check| only.makes(*check)).collect();
        assert_eq!(made, [Check::EnvProxy, Check::DnsRegistry, Check::Tcp]);
        let result = |check, verdict| CheckResult { verdict, ..CheckResult::new(check, Wording::default()) };
        assert!(only.shows(&result(Check::Tcp, Verdict::Pass)));
        assert!(!only.shows(&result(Check::DnsRegistry, Verdict::Warn)));
        assert!(only.shows(&result(Check::DnsRegistry, Verdict::Fail)));
        assert!(Check::ALL.into_iter().all(|check| WantedChecks::default().makes(check)));
    }

    #[test]
    fn needs_are_transitive() {
        for check in Check::ALL {
            for need in check.needs() {
                assert!(need.needs().iter().all(|deeper| check.needs().contains(deeper)), "{check} needs {need}");
            }
        }
    }
}
