//! `route-source`: the address and the interface by which packets to the registry leave.

use std::net::IpAddr;

use globset::Glob;

use crate::diag::{Wording, say};
use crate::network::{Check, CheckResult};

/// How packets to one address leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departure {
    pub to: IpAddr,
    /// Or why there is no way.
    pub from: Result<Source, Wording>,
}

/// A local address and the interface that has it, where that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub address: IpAddr,
    pub interface: Option<String>,
}

impl Source {
    fn wording(&self) -> Wording {
        let address = self.address;
        match &self.interface {
            Some(interface) => {
                say!("from {address} by {interface}", "从 {address} 经 {interface} 离开", address, interface)
            }
            None => say!("from {address}", "从 {address} 离开", address),
        }
    }
}

impl Departure {
    fn wording(&self) -> Wording {
        match &self.from {
            Ok(source) => say!("{to} {from}", "到 {to}：{from}", to = self.to, from = source.wording()),
            Err(reason) => say!("{to}: {reason}", "{to}：{reason}", to = self.to, reason),
        }
    }
}

/// Judges the departures, one an address; `interface` is the declared one, a glob.
#[must_use]
pub fn route_source(departures: &[Departure], interface: Option<&str>) -> CheckResult {
    let expected = interface.map_or_else(
        || say!("packets to the registry have a way out", "发往镜像仓库的数据包有出口"),
        |interface| {
            say!(
                "packets to the registry leave by `{interface}`",
                "发往镜像仓库的数据包经 `{interface}` 离开",
                interface
            )
        },
    );
    let told = || departures.iter().map(Departure::wording);
    let result = CheckResult::new(Check::RouteSource, expected).with_evidence(told());
    let sources: Vec<&Source> = departures.iter().filter_map(|departure| departure.from.as_ref().ok()).collect();
    if sources.is_empty() {
        return result.fail(Wording::list(told())).with_fix(say!(
            "give this machine a route to the registry: default gateway, VPN or Direct Connect",
            "为本机添加到镜像仓库的路由：默认网关、VPN 或云专线"
        ));
    }
    let Some(declared) = interface else { return result.pass(unique(&sources)) };
    let matcher = Glob::new(declared).map(|glob| glob.compile_matcher());
    let leaves = |source: &&&Source| {
        let by = source.interface.as_deref();
        by.is_some_and(|by| matcher.as_ref().map_or(by == declared, |matcher| matcher.is_match(by)))
    };
    let astray: Vec<&Source> = sources.iter().filter(|source| !leaves(source)).copied().collect();
    if astray.is_empty() {
        return result.pass(unique(&sources));
    }
    result.fail(unique(&astray)).with_fix(say!(
        "add a route to the registry's addresses by `{declared}`, bring the tunnel up, or correct `interface`",
        "添加经 `{declared}` 到镜像仓库地址的路由，建立隧道，或者修正 `interface`",
        declared
    ))
}

fn unique(sources: &[&Source]) -> Wording {
    let mut texts: Vec<Wording> = sources.iter().map(|source| source.wording()).collect();
    texts.dedup();
    Wording::list(texts)
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
        Departure { to: to.parse().unwrap(), from: by.map(source).ok_or_else(|| Wording::same("no route")) }
    }

    #[test]
    fn the_way_out_is_told_once() {
        let both =
            [departure("10.1.0.1", Some(("10.0.0.9", "eth0"))), departure("10.1.0.2", Some(("10.0.0.9", "eth0")))];
        let result = route_source(&both, None);
        assert_eq!((result.verdict, result.observed.english()), (Verdict::Pass, "from 10.0.0.9 by eth0"));
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
        assert_eq!((result.verdict, result.observed.english()), (Verdict::Fail, "10.1.0.1: no route"));
    }
}
