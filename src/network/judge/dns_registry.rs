//! `dns-registry`: what the registry's name resolves to, and what the hosts file says about it.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::name_servers::{NameServer, disagreement};
use super::{silence, span};
use crate::diag::{Wording, say};
use crate::network::hosts::Pin;
use crate::network::managed::Managed;
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
    /// Why there is none, often in the resolver's own words.
    None(Wording),
    TimedOut(Duration),
}

/// The lines that pin the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostsFile {
    pub path: PathBuf,
    /// Named in the project file; else the system's.
    pub is_declared: bool,
    /// As apply will write it: the lines are not there yet.
    pub is_planned: bool,
    /// Or why the file could not be read.
    pub pins: Result<Vec<Pin>, Wording>,
}

/// Judges how `host` resolves; `endpoint` is the declared address.
#[must_use]
pub fn dns_registry(host: &str, endpoint: Option<IpAddr>, resolution: &Resolution) -> CheckResult {
    let result = CheckResult::new(
        Check::DnsRegistry,
        say!("`{host}` resolves, and the hosts file agrees", "`{host}` 能够解析，并与 hosts 文件一致", host),
    );
    let (hosts, servers) = (&resolution.hosts, &resolution.servers);
    let result = result.with_evidence(servers.iter().map(NameServer::wording));
    match &resolution.answer {
        Answer::TimedOut(limit) if is_dead(servers) => result
            .fail(say!(
                "no name server answers within {limit}",
                "{limit}内没有一台域名服务器应答",
                limit = span(*limit)
            ))
            .with_fix(say!(
                "bring this machine's network up, or correct the name servers in /etc/resolv.conf",
                "启用本机的网络，或者修正 /etc/resolv.conf 里的域名服务器"
            )),
        Answer::TimedOut(limit) => result.unknown(silence(*limit)).with_fix(say!(
            "look for name servers in /etc/resolv.conf that do not answer",
            "找出 /etc/resolv.conf 里不应答的域名服务器"
        )),
        Answer::None(reason) => result.fail(nowhere(hosts, reason)).with_fix(match endpoint {
            Some(endpoint) => say!(
                "add the line `{line}` to the hosts file, or forward the name to the VPC's DNS",
                "在 hosts 文件里加一行 `{line}`，或者把该域名转发给 VPC 的 DNS",
                line = format_args!("{endpoint} {host}")
            ),
            None => say!(
                "correct the host, or the name servers that this machine asks, or pin `{host}` in the hosts file",
                "修正主机名或本机使用的域名服务器，或者在 hosts 文件里固定 `{host}`",
                host
            ),
        }),
        Answer::Addresses(addresses) => {
            let objection = objection(host, endpoint, hosts, addresses);
            match objection.or_else(|| by_servers(host, endpoint, hosts, servers)) {
                Some(Objection { is_failure, what, fix }) => {
                    let observed = say!(
                        "{what}; the system says {seen}",
                        "{what}；系统解析为 {seen}",
                        what,
                        seen = Wording::list(addresses)
                    );
                    let result = if is_failure { result.fail(observed) } else { result.warn(observed) };
                    result.with_fix(fix)
                }
                None => result.pass(seen(addresses, hosts)),
            }
        }
    }
}

/// What to do where the name does not resolve as declared, and files that say so are managed.
#[must_use]
pub fn managed_fix(host: &str, endpoint: Option<IpAddr>, managed: &Managed, hosts: &HostsFile) -> Option<Wording> {
    let says = |endpoint: IpAddr| hosts.pins.iter().flatten().any(|pin| is_same(pin.address, endpoint));
    match endpoint {
        Some(endpoint) if managed.hosts && !says(endpoint) => Some(say!(
            "run `swrctl apply`: it writes the line `{line}` into {path}",
            "运行 `swrctl apply`：它会把 `{line}` 这一行写入 {path}",
            line = format_args!("{endpoint} {host}"),
            path = hosts.path.display()
        )),
        _ if managed.bind_files().next().is_some() && managed.is_any() => Some(say!(
            "run `swrctl apply` as long as the plan shows files, have BIND reload them (`rndc reload`), and let this \
             machine ask that BIND (/etc/resolv.conf)",
            "只要计划里还有文件就运行 `swrctl apply`，让 BIND 重新加载（`rndc reload`），并让本机使用该 BIND 解析（/etc/resolv.conf）"
        )),
        _ => None,
    }
}

/// None of the servers that are known answers anybody.
fn is_dead(servers: &[NameServer]) -> bool {
    !servers.is_empty() && servers.iter().all(|server| matches!(server.answer, Answer::TimedOut(_)))
}

/// A host that is an address needs no name service.
#[must_use]
pub fn literal_address(host: &str) -> CheckResult {
    CheckResult::new(Check::DnsRegistry, say!("`{host}` resolves", "`{host}` 能够解析", host))
        .pass(say!("it is an address", "它本身就是地址"))
}

pub(super) struct Objection {
    pub(super) is_failure: bool,
    pub(super) what: Wording,
    pub(super) fix: Wording,
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
    let Pin { line, address } = stale;
    let what = say!(
        "line {line} of {path} pins {address}, which no name server says",
        "{path} 第 {line} 行固定为 {address}，而没有一台域名服务器这样解析",
        line,
        path,
        address
    );
    let fix = say!(
        "remove line {line} of {path} if it is out of date; if it is meant, declare it: `mode \"vpc-endpoint\"` and \
         `endpoint \"{address}\"`",
        "如果 {path} 第 {line} 行已过时，就删除它；如果是有意为之，就声明出来：`mode \"vpc-endpoint\"` 和 \
         `endpoint \"{address}\"`",
        line,
        path,
        address
    );
    Some(Objection { is_failure: false, what, fix })
}

/// Why the hosts file is not as it should be though the name resolves.
fn objection(host: &str, endpoint: Option<IpAddr>, hosts: &HostsFile, system: &[IpAddr]) -> Option<Objection> {
    let path = hosts.path.display();
    let pins = match &hosts.pins {
        Ok(pins) => pins,
        Err(reason) if hosts.is_declared => {
            let what = say!(
                "the declared hosts file {path} cannot be read: {reason}",
                "无法读取声明的 hosts 文件 {path}：{reason}",
                path,
                reason
            );
            let fix =
                say!("correct `hosts-file`, or make {path} readable", "修正 `hosts-file`，或者让 {path} 可读", path);
            return Some(Objection { is_failure: true, what, fix });
        }
        // A system without a hosts file pins nothing.
        Err(_) => return None,
    };
    if pins.is_empty() && hosts.is_declared {
        let what = say!("the declared hosts file {path} does not name it", "声明的 hosts 文件 {path} 里没有它", path);
        let fix = match endpoint {
            Some(endpoint) => say!(
                "add the line `{line}` to {path}",
                "在 {path} 里加一行 `{line}`",
                line = format_args!("{endpoint} {host}"),
                path
            ),
            None => say!(
                "add a line for `{host}` to {path}, or drop `hosts-file`",
                "在 {path} 里为 `{host}` 加一行，或者去掉 `hosts-file`",
                host,
                path
            ),
        };
        return Some(Objection { is_failure: false, what, fix });
    }
    let stale =
        endpoint.and_then(|endpoint| Some((pins.iter().find(|pin| !is_same(pin.address, endpoint))?, endpoint)));
    if let Some((pin, endpoint)) = stale {
        let Pin { line, address } = pin;
        let what = say!(
            "line {line} of {path} pins {address}, not the declared endpoint {endpoint}",
            "{path} 第 {line} 行固定为 {address}，不是声明的终端节点 {endpoint}",
            line,
            path,
            address,
            endpoint
        );
        let fix = say!(
            "change line {line} of {path} to `{text}`",
            "把 {path} 第 {line} 行改为 `{text}`",
            line,
            path,
            text = format_args!("{endpoint} {host}")
        );
        return Some(Objection { is_failure: false, what, fix });
    }
    let ignored = pins.iter().find(|pin| !system.iter().any(|address| is_same(*address, pin.address)))?;
    let Pin { line, address } = ignored;
    let what = say!(
        "line {line} of {path} pins {address}, which is not what is used",
        "{path} 第 {line} 行固定为 {address}，但实际使用的不是它",
        line,
        path,
        address
    );
    let fix = say!(
        "bring line {line} of {path} up to date, or copy it to the hosts file this system reads",
        "更新 {path} 第 {line} 行，或者把它复制到本系统读取的 hosts 文件",
        line,
        path
    );
    Some(Objection { is_failure: false, what, fix })
}

fn is_same(one: IpAddr, other: IpAddr) -> bool {
    one.to_canonical() == other.to_canonical()
}

fn nowhere(hosts: &HostsFile, reason: &Wording) -> Wording {
    match hosts.pins.as_deref() {
        Ok([Pin { line, address }, ..]) => say!(
            "no address: {reason}; line {line} of {path} pins {address}, but the system does not read it",
            "没有地址：{reason}；{path} 第 {line} 行固定为 {address}，但系统不读取该文件",
            reason,
            line,
            path = hosts.path.display(),
            address
        ),
        _ => say!("no address: {reason}", "没有地址：{reason}", reason),
    }
}

/// The addresses, and the lines that pin them.
fn seen(addresses: &[IpAddr], hosts: &HostsFile) -> Wording {
    let seen = Wording::list(addresses);
    let lines = |pins: &[Pin]| Wording::list(pins.iter().map(|pin| pin.line));
    let path = hosts.path.display();
    match hosts.pins.as_deref() {
        Ok([pin]) if hosts.is_planned => say!(
            "{seen}, by line {line} of {path} as apply will write it",
            "{seen}，来自 apply 将写入的 {path} 第 {line} 行",
            seen,
            line = pin.line,
            path
        ),
        Ok([pin]) => {
            say!("{seen}, by line {line} of {path}", "{seen}，来自 {path} 第 {line} 行", seen, line = pin.line, path)
        }
        Ok(pins @ [_, ..]) => say!(
            "{seen}, by lines {lines} of {path}",
            "{seen}，来自 {path} 第 {lines} 行",
            seen,
            lines = lines(pins),
            path
        ),
        _ => seen,
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
        HostsFile {
            path: "/etc/hosts".into(),
            is_declared: declared,
            is_planned: false,
            pins: Ok(hosts::pins(text, HOST)),
        }
    }

    fn judged(endpoint: Option<&str>, answer: &[&str], hosts: HostsFile) -> CheckResult {
        let answer = match answer {
            [] => Answer::None(Wording::same("name or service not known")),
            addresses => Answer::Addresses(addresses.iter().map(|address| ip(address)).collect()),
        };
        dns_registry(HOST, endpoint.map(ip), &Resolution { answer, servers: Vec::new(), hosts })
    }

    #[test]
    fn a_name_that_resolves_passes_and_its_pin_is_told() {
        let result = judged(None, &["10.0.0.5", "10.0.0.6"], hosts_file(false, ""));
        assert_eq!((result.verdict, result.observed.english()), (Verdict::Pass, "10.0.0.5 and 10.0.0.6"));
        let result = judged(Some("10.0.0.5"), &["10.0.0.5"], hosts_file(true, "\n10.0.0.5 swr.corp"));
        assert_eq!((result.verdict, result.observed.english()), (Verdict::Pass, "10.0.0.5, by line 2 of /etc/hosts"));
    }

    #[test]
    fn a_name_without_an_address_fails_with_the_line_to_add() {
        let result = judged(Some("10.0.0.5"), &[], hosts_file(false, ""));
        assert_eq!(result.verdict, Verdict::Fail);
        assert!(result.fix.unwrap().english().starts_with("add the line `10.0.0.5 swr.corp`"));
        let result = judged(None, &[], hosts_file(true, "10.0.0.5 swr.corp"));
        assert!(result.observed.english().ends_with("pins 10.0.0.5, but the system does not read it"));
    }

    #[test]
    fn where_files_are_managed_apply_is_what_mends_the_name() {
        let fix =
            |managed: &Managed, text: &str| managed_fix(HOST, Some(ip("10.0.0.5")), managed, &hosts_file(true, text));
        let hosts = Managed { hosts: true, ..Managed::default() };
        let written = "run `swrctl apply`: it writes the line `10.0.0.5 swr.corp` into /etc/hosts";
        assert_eq!(fix(&hosts, "10.0.0.9 swr.corp").unwrap().english(), written);
        assert_eq!(fix(&hosts, "10.0.0.5 swr.corp"), None, "it is there: something else is wrong");
        assert_eq!(fix(&Managed::default(), ""), None);
    }

    #[test]
    fn a_stale_line_is_named_with_its_number() {
        let result = judged(Some("10.0.0.5"), &["10.0.0.9"], hosts_file(false, "#\n10.0.0.9 swr.corp"));
        assert_eq!(result.verdict, Verdict::Warn);
        assert_eq!(
            result.fix.as_ref().map(Wording::english),
            Some("change line 2 of /etc/hosts to `10.0.0.5 swr.corp`")
        );
    }

    #[test]
    fn a_declared_file_must_be_there_hold_the_name_and_be_the_one_in_use() {
        let unreadable = HostsFile { pins: Err(Wording::same("no such file or directory")), ..hosts_file(true, "") };
        assert_eq!(judged(None, &["10.0.0.5"], unreadable).verdict, Verdict::Fail);
        assert_eq!(judged(None, &["10.0.0.5"], hosts_file(true, "")).verdict, Verdict::Warn);
        let unused = judged(None, &["9.9.9.9"], hosts_file(true, "10.0.0.5 swr.corp"));
        assert_eq!(unused.verdict, Verdict::Warn);
        assert!(
            unused.observed.english().contains("pins 10.0.0.5, which is not what is used; the system says 9.9.9.9")
        );
    }

    #[test]
    fn a_missing_system_file_pins_nothing() {
        let hosts = HostsFile { pins: Err(Wording::same("gone")), ..hosts_file(false, "") };
        assert_eq!(judged(None, &["10.0.0.5"], hosts).verdict, Verdict::Pass);
    }

    #[test]
    fn where_no_server_answers_the_network_is_dead() {
        let answer = Answer::TimedOut(Duration::from_secs(3));
        let servers = vec![NameServer { address: ip("10.0.0.2"), answer: answer.clone() }];
        let result = dns_registry(HOST, None, &Resolution { answer, servers, hosts: hosts_file(false, "") });
        assert_eq!((result.verdict, result.observed.english()), (Verdict::Fail, "no name server answers within 3 s"));
    }

    #[test]
    fn a_resolver_that_says_nothing_is_unknown() {
        let answer = Answer::TimedOut(Duration::from_secs(3));
        let resolution = Resolution { answer, servers: Vec::new(), hosts: hosts_file(false, "") };
        let result = dns_registry(HOST, None, &resolution);
        assert_eq!((result.verdict, result.observed.english()), (Verdict::Unknown, "no answer within 3 s"));
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
        assert!(stale.observed.english().starts_with("line 1 of /etc/hosts pins 10.0.0.9, which no name server says"));
        assert_eq!(stale.evidence[0].english(), "name server 10.0.0.2 says 10.0.0.5");
        assert_eq!(judged("10.0.0.9", Some("10.0.0.9")).verdict, Verdict::Pass);
        assert_eq!(judged("10.0.0.5", None).verdict, Verdict::Pass);
    }
}
