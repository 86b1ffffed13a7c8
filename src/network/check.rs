//! The named checks of a path and what they found.

use std::collections::BTreeSet;
use std::fmt;

use super::TakenPath;
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
    Ping,
    Tcp,
    Tls,
    RegistryApi,
    Clock,
    LargeRecord,
    DnsApi,
    AuthToken,
    AuthOrganization,
    DnsObs,
    ObsRedirect,
    ObsRedirectRepeat,
}

impl Check {
    pub const ALL: [Self; 17] = [
        Self::EnvRegion,
        Self::EnvProxy,
        Self::DnsRegistry,
        Self::AddressClass,
        Self::RouteSource,
        Self::Ping,
        Self::Tcp,
        Self::Tls,
        Self::RegistryApi,
        Self::Clock,
        Self::LargeRecord,
        Self::DnsApi,
        Self::AuthToken,
        Self::AuthOrganization,
        Self::DnsObs,
        Self::ObsRedirect,
        Self::ObsRedirectRepeat,
    ];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EnvRegion => "env-region",
            Self::EnvProxy => "env-proxy",
            Self::DnsRegistry => "dns-registry",
            Self::AddressClass => "address-class",
            Self::RouteSource => "route-source",
            Self::Ping => "ping",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::RegistryApi => "registry-api",
            Self::Clock => "clock",
            Self::LargeRecord => "large-record",
            Self::DnsApi => "dns-api",
            Self::AuthToken => "auth-token",
            Self::AuthOrganization => "auth-organization",
            Self::DnsObs => "dns-obs",
            Self::ObsRedirect => "obs-redirect",
            Self::ObsRedirectRepeat => "obs-redirect-repeat",
        }
    }

    /// Checks whose failure leaves this one nothing to prove. What asks the registry itself needs all before it:
    /// requests with credentials take no other path than the declared one.
    #[must_use]
    pub const fn needs(self) -> &'static [Self] {
        /// Each needs what stands before it, and nothing behind.
        const CHAIN: [Check; 11] = [
            Check::EnvProxy,
            Check::DnsRegistry,
            Check::AddressClass,
            Check::RouteSource,
            Check::Tcp,
            Check::Tls,
            Check::RegistryApi,
            Check::AuthToken,
            Check::DnsObs,
            Check::ObsRedirect,
            Check::ObsRedirectRepeat,
        ];
        match self {
            Self::EnvRegion | Self::EnvProxy => &[],
            Self::DnsRegistry => &[Self::EnvProxy],
            Self::AddressClass | Self::RouteSource | Self::Ping | Self::Tcp => &[Self::EnvProxy, Self::DnsRegistry],
            Self::Tls => &[Self::EnvProxy, Self::DnsRegistry, Self::Tcp],
            Self::RegistryApi => CHAIN.split_at(6).0,
            Self::Clock | Self::LargeRecord | Self::DnsApi | Self::AuthToken => CHAIN.split_at(7).0,
            Self::AuthOrganization | Self::DnsObs => CHAIN.split_at(8).0,
            Self::ObsRedirect => CHAIN.split_at(9).0,
            Self::ObsRedirectRepeat => CHAIN.split_at(10).0,
        }
    }

    /// Whether a result of this check with `verdict` leaves nothing to prove to those that need it. Storage that only
    /// pulls need is a warning to who pushes, and out of reach all the same.
    #[must_use]
    pub fn stops(self, verdict: Verdict) -> bool {
        verdict == Verdict::Fail || verdict == Verdict::Warn && matches!(self, Self::DnsObs | Self::ObsRedirect)
    }

    /// What a failure weighs where the project file does not say: what proves nothing is not made.
    #[must_use]
    pub const fn default_level(self) -> Level {
        match self {
            Self::Ping => Level::Off,
            _ => Level::Error,
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

    /// Whether `check` itself was asked for by its name.
    #[must_use]
    pub fn names(&self, check: Check) -> bool {
        self.0.contains(&check)
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

/// Every check of the path to one registry, in the order of [`Check::ALL`], and the path that they went.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct PathReport {
    pub checks: Vec<CheckResult>,
    pub taken: TakenPath,
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
