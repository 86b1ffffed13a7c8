//! `dns-registry`: what the registry's name resolves to, and what the hosts file says about it.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::name_servers::{NameServer, disagreement};
use super::{list, span};
use crate::network::hosts::Pin;
use crate::network::{Check, CheckResult};

/// What this system, its name servers and its hosts file say about a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// The system's: what programs use.
    pub answer: Answer,
    /// Each asked by itself, past the hosts file; empty where they are unknown.
    pub servers: Vec<NameServer>,
    pub hosts: HostsFile,
}

/// What a resolver said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Not empty.
    Addresses(Vec<IpAddr>),
    /// The resolver's own words.
    None(String),
    TimedOut(Duration),
}

/// The lines that pin the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostsFile {
    pub path: PathBuf,
    /// Named in the project file; else the system's.
    pub is_declared: bool,
    /// Or why the file could not be read.
    pub pins: Result<Vec<Pin>, String>,
}

/// Judges how `host` resolves; `endpoint` is the declared address.
#[must_use]
pub fn dns_registry(host: &str, endpoint: Option<IpAddr>, resolution: &Resolution) -> CheckResult {
    let result = CheckResult::new(Check::DnsRegistry, format!("`{host}` resolves, and the hosts file agrees"));
    let (hosts, servers) = (&resolution.hosts, &resolution.servers);
    let result = result.with_evidence(servers);
    match &resolution.answer {
        Answer::TimedOut(limit) if is_dead(servers) => result
            .fail(format!("no name server answers within {}", span(*limit)))
            .with_fix("bring this machine's network up, or correct the name servers in /etc/resolv.conf"),
        Answer::TimedOut(limit) => result
            .unknown(format!("no answer within {}", span(*limit)))
            .with_fix("look for name servers in /etc/resolv.conf that do not answer"),
        Answer::None(reason) => result.fail(nowhere(hosts, reason)).with_fix(match endpoint {
            Some(endpoint) => {
                format!("add the line `{endpoint} {host}` to the hosts file, or forward the name to the VPC's DNS")
            }
            None => format!(
                "correct the host, or the name servers that this machine asks, or pin `{host}` in the hosts file"
            ),
        }),
        Answer::Addresses(addresses) => {
            let seen = list(addresses);
            match objection(host, endpoint, hosts, addresses).or_else(|| by_servers(host, endpoint, hosts, servers)) {
                Some(Objection { is_failure: true, what, fix }) => {
                    result.fail(format!("{what}; the system says {seen}")).with_fix(fix)
                }
                Some(Objection { what, fix, .. }) => {
                    result.warn(format!("{what}; the system says {seen}")).with_fix(fix)
                }
                None => result.pass(format!("{seen}{}", pinned(hosts))),
            }
        }
    }
}

/// None of the servers that are known answers anybody.
fn is_dead(servers: &[NameServer]) -> bool {
    !servers.is_empty() && servers.iter().all(|server| matches!(server.answer, Answer::TimedOut(_)))
}

/// A host that is an address needs no name service.
#[must_use]
pub fn literal_address(host: &str) -> CheckResult {
    CheckResult::new(Check::DnsRegistry, format!("`{host}` resolves")).pass("it is an address")
}

pub(super) struct Objection {
    pub(super) is_failure: bool,
    pub(super) what: String,
    pub(super) fix: String,
}

/// What the name servers make doubtful. A name that the hosts file pins does not depend on them, but an undeclared pin
/// that none of them knows is stale.
fn by_servers(host: &str, endpoint: Option<IpAddr>, hosts: &HostsFile, servers: &[NameServer]) -> Option<Objection> {
    let Some(pins) = hosts.pins.as_deref().ok().filter(|pins| !pins.is_empty()) else {
        return disagreement(host, servers);
    };
    let said: Vec<IpAddr> = servers.iter().flat_map(NameServer::addresses).copied().collect();
    if endpoint.is_some() || said.is_empty() {
        return None;
    }
    let stale = pins.iter().find(|pin| !said.iter().any(|address| is_same(*address, pin.address)))?;
    let path = hosts.path.display();
    let what = format!("line {} of {path} pins {}, which no name server says", stale.line, stale.address);
    let fix = format!(
        "remove line {} of {path} if it is out of date; if it is meant, declare it: `mode \"vpc-endpoint\"` and `endpoint \"{}\"`",
        stale.line, stale.address
    );
    Some(Objection { is_failure: false, what, fix })
}

/// Why the hosts file is not as it should be though the name resolves.
fn objection(host: &str, endpoint: Option<IpAddr>, hosts: &HostsFile, system: &[IpAddr]) -> Option<Objection> {
    let path = hosts.path.display();
    let pins = match &hosts.pins {
        Ok(pins) => pins,
        Err(reason) if hosts.is_declared => {
            let what = format!("the declared hosts file {path} cannot be read: {reason}");
            let fix = format!("correct `hosts-file`, or make {path} readable");
            return Some(Objection { is_failure: true, what, fix });
        }
        // A system without a hosts file pins nothing.
        Err(_) => return None,
    };
    let line = |address: IpAddr| format!("`{address} {host}`");
    if pins.is_empty() && hosts.is_declared {
        let what = format!("the declared hosts file {path} does not name it");
        let fix = match endpoint {
            Some(endpoint) => format!("add the line {} to {path}", line(endpoint)),
            None => format!("add a line for `{host}` to {path}, or drop `hosts-file`"),
        };
        return Some(Objection { is_failure: false, what, fix });
    }
    let stale =
        endpoint.and_then(|endpoint| Some((pins.iter().find(|pin| !is_same(pin.address, endpoint))?, endpoint)));
    if let Some((pin, endpoint)) = stale {
        let what = format!("line {} of {path} pins {}, not the declared endpoint {endpoint}", pin.line, pin.address);
        let fix = format!("change line {} of {path} to {}", pin.line, line(endpoint));
        return Some(Objection { is_failure: false, what, fix });
    }
    let ignored = pins.iter().find(|pin| !system.iter().any(|address| is_same(*address, pin.address)))?;
    let what = format!("line {} of {path} pins {}, which is not what is used", ignored.line, ignored.address);
    let fix =
        format!("bring line {} of {path} up to date, or copy it to the hosts file this system reads", ignored.line);
    Some(Objection { is_failure: false, what, fix })
}

fn is_same(one: IpAddr, other: IpAddr) -> bool {
    one.to_canonical() == other.to_canonical()
}

fn nowhere(hosts: &HostsFile, reason: &str) -> String {
    match hosts.pins.as_deref() {
        Ok([pin, ..]) => format!(
            "no address: {reason}; line {} of {} pins {}, but the system does not read it",
            pin.line,
            hosts.path.display(),
            pin.address
        ),
        _ => format!("no address: {reason}"),
    }
}

fn pinned(hosts: &HostsFile) -> String {
    match hosts.pins.as_deref() {
        Ok(pins @ [_, ..]) => {
            let noun = if pins.len() == 1 { "line" } else { "lines" };
            format!(", by {noun} {} of {}", list(pins.iter().map(|pin| pin.line)), hosts.path.display())
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Verdict, hosts};

    const HOST: &str = "swr.corp";

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn hosts_file(declared: bool, text: &str) -> HostsFile {
        HostsFile { path: "/etc/hosts".into(), is_declared: declared, pins: Ok(hosts::pins(text, HOST)) }
    }

    fn judged(endpoint: Option<&str>, answer: &[&str], hosts: HostsFile) -> CheckResult {
        let answer = match answer {
            [] => Answer::None("name or service not known".to_owned()),
            addresses => Answer::Addresses(addresses.iter().map(|address| ip(address)).collect()),
        };
        dns_registry(HOST, endpoint.map(ip), &Resolution { answer, servers: Vec::new(), hosts })
    }

    #[test]
    fn a_name_that_resolves_passes_and_its_pin_is_told() {
        let result = judged(None, &["10.0.0.5", "10.0.0.6"], hosts_file(false, ""));
        assert_eq!((result.verdict, result.observed.as_str()), (Verdict::Pass, "10.0.0.5 and 10.0.0.6"));
        let result = judged(Some("10.0.0.5"), &["10.0.0.5"], hosts_file(true, "\n10.0.0.5 swr.corp"));
        assert_eq!((result.verdict, result.observed.as_str()), (Verdict::Pass, "10.0.0.5, by line 2 of /etc/hosts"));
    }

    #[test]
    fn a_name_without_an_address_fails_with_the_line_to_add() {
        let result = judged(Some("10.0.0.5"), &[], hosts_file(false, ""));
        assert_eq!(result.verdict, Verdict::Fail);
        assert!(result.fix.unwrap().starts_with("add the line `10.0.0.5 swr.corp`"));
        let result = judged(None, &[], hosts_file(true, "10.0.0.5 swr.corp"));
        assert!(result.observed.ends_with("pins 10.0.0.5, but the system does not read it"));
    }

    #[test]
    fn a_stale_line_is_named_with_its_number() {
        let result = judged(Some("10.0.0.5"), &["10.0.0.9"], hosts_file(false, "#\n10.0.0.9 swr.corp"));
        assert_eq!(result.verdict, Verdict::Warn);
        assert_eq!(result.fix.as_deref(), Some("change line 2 of /etc/hosts to `10.0.0.5 swr.corp`"));
    }

    #[test]
    fn a_declared_file_must_be_there_hold_the_name_and_be_the_one_in_use() {
        let unreadable = HostsFile { pins: Err("no such file or directory".to_owned()), ..hosts_file(true, "") };
        assert_eq!(judged(None, &["10.0.0.5"], unreadable).verdict, Verdict::Fail);
        assert_eq!(judged(None, &["10.0.0.5"], hosts_file(true, "")).verdict, Verdict::Warn);
        let unused = judged(None, &["9.9.9.9"], hosts_file(true, "10.0.0.5 swr.corp"));
        assert_eq!(unused.verdict, Verdict::Warn);
        assert!(unused.observed.contains("pins 10.0.0.5, which is not what is used; the system says 9.9.9.9"));
    }

    #[test]
    fn a_missing_system_file_pins_nothing() {
        let hosts = HostsFile { pins: Err("gone".to_owned()), ..hosts_file(false, "") };
        assert_eq!(judged(None, &["10.0.0.5"], hosts).verdict, Verdict::Pass);
    }

    #[test]
    fn where_no_server_answers_the_network_is_dead() {
        let answer = Answer::TimedOut(Duration::from_secs(3));
        let servers = vec![NameServer { address: ip("10.0.0.2"), answer: answer.clone() }];
        let result = dns_registry(HOST, None, &Resolution { answer, servers, hosts: hosts_file(false, "") });
        assert_eq!((result.verdict, result.observed.as_str()), (Verdict::Fail, "no name server answers within 3 s"));
    }

    #[test]
    fn a_resolver_that_says_nothing_is_unknown() {
        let answer = Answer::TimedOut(Duration::from_secs(3));
        let resolution = Resolution { answer, servers: Vec::new(), hosts: hosts_file(false, "") };
        let result = dns_registry(HOST, None, &resolution);
        assert_eq!((result.verdict, result.observed.as_str()), (Verdict::Unknown, "no answer within 3 s"));
    }

    #[test]
    fn an_undeclared_pin_that_no_server_knows_is_stale() {
        let server = NameServer { address: ip("10.0.0.2"), answer: Answer::Addresses(vec![ip("10.0.0.5")]) };
        let judged = |pin: &str, endpoint: Option<&str>| {
            let answer = Answer::Addresses(vec![ip(pin)]);
            let hosts = hosts_file(false, &format!("{pin} {HOST}\n"));
            dns_registry(HOST, endpoint.map(ip), &Resolution { answer, servers: vec![server.clone()], hosts })
        };
        let stale = judged("10.0.0.9", None);
        assert_eq!(stale.verdict, Verdict::Warn);
        assert!(stale.observed.starts_with("line 1 of /etc/hosts pins 10.0.0.9, which no name server says"));
        assert_eq!(stale.evidence, ["name server 10.0.0.2 says 10.0.0.5"]);
        assert_eq!(judged("10.0.0.9", Some("10.0.0.9")).verdict, Verdict::Pass);
        assert_eq!(judged("10.0.0.5", None).verdict, Verdict::Pass);
    }
}
