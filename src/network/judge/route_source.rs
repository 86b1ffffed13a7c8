//! `route-source`: the address and the interface by which packets to the registry leave.

use std::fmt;
use std::net::IpAddr;

use globset::Glob;

use super::list;
use crate::network::{Check, CheckResult};

/// How packets to one address leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departure {
    pub to: IpAddr,
    /// Or why there is no way.
    pub from: Result<Source, String>,
}

/// A local address and the interface that has it, where that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub address: IpAddr,
    pub interface: Option<String>,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "from {}", self.address)?;
        self.interface.as_ref().map_or(Ok(()), |interface| write!(f, " by {interface}"))
    }
}

impl fmt::Display for Departure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.from {
            Ok(source) => write!(f, "{} {source}", self.to),
            Err(reason) => write!(f, "{}: {reason}", self.to),
        }
    }
}

/// Judges the departures, one an address; `interface` is the declared one, a glob.
#[must_use]
pub fn route_source(departures: &[Departure], interface: Option<&str>) -> CheckResult {
    let expected = interface.map_or_else(
        || "packets to the registry have a way out".to_owned(),
        |interface| format!("packets to the registry leave by `{interface}`"),
    );
    let result = CheckResult::new(Check::RouteSource, expected).with_evidence(departures);
    let sources: Vec<&Source> = departures.iter().filter_map(|departure| departure.from.as_ref().ok()).collect();
    if sources.is_empty() {
        return result
            .fail(list(departures))
            .with_fix("give this machine a route to the registry: default gateway, VPN or Direct Connect");
    }
    let Some(declared) = interface else { return result.pass(list(unique(&sources))) };
    let matcher = Glob::new(declared).map(|glob| glob.compile_matcher());
    let leaves = |source: &&&Source| {
        let by = source.interface.as_deref();
        by.is_some_and(|by| matcher.as_ref().map_or(by == declared, |matcher| matcher.is_match(by)))
    };
    let astray: Vec<&Source> = sources.iter().filter(|source| !leaves(source)).copied().collect();
    if astray.is_empty() {
        return result.pass(list(unique(&sources)));
    }
    result.fail(list(unique(&astray))).with_fix(format!(
        "add a route to the registry's addresses by `{declared}`, bring the tunnel up, or correct `interface`"
    ))
}

fn unique(sources: &[&Source]) -> Vec<String> {
    let mut texts: Vec<String> = sources.iter().map(ToString::to_string).collect();
    texts.dedup();
    texts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Verdict;

    fn departure(to: &str, by: Option<(&str, &str)>) -> Departure {
        let source = |(address, interface): (&str, &str)| Source {
            address: address.parse().unwrap(),
            interface: Some(interface.to_owned()),
        };
        Departure { to: to.parse().unwrap(), from: by.map(source).ok_or_else(|| "no route".to_owned()) }
    }

    #[test]
    fn the_way_out_is_told_once() {
        let both =
            [departure("10.1.0.1", Some(("10.0.0.9", "eth0"))), departure("10.1.0.2", Some(("10.0.0.9", "eth0")))];
        let result = route_source(&both, None);
        assert_eq!((result.verdict, result.observed.as_str()), (Verdict::Pass, "from 10.0.0.9 by eth0"));
        assert_eq!(result.evidence.len(), 2);
    }

    #[test]
    fn a_way_beside_the_declared_interface_fails() {
        let ways = [departure("10.1.0.1", Some(("192.168.1.5", "eth0")))];
        assert_eq!(route_source(&ways, Some("tun*")).verdict, Verdict::Fail);
        assert_eq!(route_source(&ways, Some("eth*")).verdict, Verdict::Pass);
    }

    #[test]
    fn no_way_at_all_fails() {
        let result = route_source(&[departure("10.1.0.1", None)], None);
        assert_eq!((result.verdict, result.observed.as_str()), (Verdict::Fail, "10.1.0.1: no route"));
    }
}
