//! `tcp`: which addresses accept a connection.

use std::net::SocketAddr;
use std::time::Duration;

use super::{Answer, silence, skipped, span};
use crate::diag::{Wording, say};
use crate::network::{Check, CheckResult, Proxy};

/// What stands at the other end of the connection.
#[derive(Clone, Copy, Debug)]
pub enum Peer<'a> {
    Registry(&'a str),
    Proxy(&'a Proxy),
}

impl Peer<'_> {
    fn wording(&self) -> Wording {
        match self {
            Self::Registry(host) => Wording::same(format!("`{host}`")),
            Self::Proxy(proxy) => {
                say!("the proxy {proxy} of {variable}", "{variable} 的代理 {proxy}", proxy, variable = proxy.variable)
            }
        }
    }
}

/// One connection that was tried: how long it took, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub address: SocketAddr,
    pub outcome: Result<Duration, ConnectFailure>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectFailure {
    Refused,
    TimedOut(Duration),
    /// This machine has no route to the address.
    Unreachable,
    /// A router or firewall on the way says so.
    Rejected,
    /// The operating system's words.
    Other(Wording),
}

impl ConnectFailure {
    fn wording(&self) -> Wording {
        match self {
            Self::Refused => say!("refused, nothing listens there", "连接被拒绝，该端口没有程序监听"),
            Self::TimedOut(limit) => silence(*limit),
            Self::Unreachable => say!("no route", "没有路由"),
            Self::Rejected => say!("reported as unreachable", "途中设备报告不可达"),
            Self::Other(words) => words.clone(),
        }
    }
}

impl Attempt {
    fn wording(&self) -> Wording {
        let address = self.address;
        match &self.outcome {
            Ok(time) => say!("{address} in {time}", "{address} 用时 {time}", address, time = span(*time)),
            Err(failure) => say!("{address}: {reason}", "{address}：{reason}", address, reason = failure.wording()),
        }
    }
}

fn told<'a>(attempts: impl IntoIterator<Item = &'a Attempt>) -> Wording {
    Wording::list(attempts.into_iter().map(Attempt::wording))
}

fn accepts(peer: Peer) -> CheckResult {
    let expected =
        say!("{peer} accepts connections at every address", "{peer} 在每个地址上都接受连接", peer = peer.wording());
    CheckResult::new(Check::Tcp, expected)
}

/// The proxy's name resolves to nothing.
#[must_use]
pub fn proxy_without_address(proxy: &Proxy, answer: &Answer) -> CheckResult {
    let result = accepts(Peer::Proxy(proxy));
    let result = match answer {
        Answer::Addresses(_) => result.unknown(say!("not tried", "没有尝试")),
        Answer::None(reason) => {
            result.fail(say!("the proxy's name has no address: {reason}", "代理的域名没有地址：{reason}", reason))
        }
        Answer::TimedOut(limit) => {
            result.unknown(say!("the proxy's name: {silence}", "代理的域名：{silence}", silence = silence(*limit)))
        }
    };
    result.with_fix(say!(
        "correct {variable}, or the name servers that this machine asks",
        "修正 {variable}，或本机使用的域名服务器",
        variable = proxy.variable
    ))
}

/// Judges the attempts, one an address.
#[must_use]
pub fn tcp(peer: Peer<'_>, attempts: &[Attempt]) -> CheckResult {
    if attempts.is_empty() {
        return skipped(Check::Tcp, say!("no address is known", "没有已知的地址"));
    }
    let result = accepts(peer).with_evidence(attempts.iter().map(Attempt::wording));
    let connected = || attempts.iter().filter(|attempt| attempt.outcome.is_ok());
    let failed: Vec<_> = attempts.iter().filter(|attempt| attempt.outcome.is_err()).collect();
    if failed.is_empty() {
        return result.pass(told(attempts));
    }
    if connected().next().is_none() {
        return result.fail(told(failed.iter().copied())).with_fix(fix(peer, &failed));
    }
    // A machine without IPv6 (or IPv4) passes over such addresses and loses nothing.
    if failed.iter().all(|attempt| is_of_an_absent_family(attempt, attempts)) {
        let family = if failed[0].address.is_ipv6() { "IPv6" } else { "IPv4" };
        return result.pass(say!(
            "{connected}; this machine has no {family}",
            "{connected}；本机没有 {family}",
            connected = told(connected()),
            family
        ));
    }
    let observed = say!(
        "{failed}; but {connected}",
        "{failed}；但 {connected}",
        failed = told(failed.iter().copied()),
        connected = told(connected())
    );
    result.warn(observed).with_fix(say!(
        "take the dead addresses out of DNS or the hosts file, or open the way to them: they fail now and then",
        "从 DNS 或 hosts 文件里去掉不通的地址，或者打通到它们的路径：访问会时好时坏"
    ))
}

fn is_of_an_absent_family(attempt: &Attempt, all: &[Attempt]) -> bool {
    all.iter()
        .filter(|other| other.address.is_ipv6() == attempt.address.is_ipv6())
        .all(|other| other.outcome == Err(ConnectFailure::Unreachable))
}

fn fix(peer: Peer<'_>, failed: &[&Attempt]) -> Wording {
    let port = failed[0].address.port();
    let is = |kind: fn(&ConnectFailure) -> bool| failed.iter().any(|attempt| attempt.outcome.as_ref().is_err_and(kind));
    if is(|failure| matches!(failure, ConnectFailure::TimedOut(_) | ConnectFailure::Rejected)) {
        return say!(
            "open port {port} towards {peer} in firewalls, security groups and routes on the way",
            "在沿途的防火墙、安全组和路由里放通到 {peer} 的 {port} 端口",
            port,
            peer = peer.wording()
        );
    }
    match peer {
        _ if is(|failure| *failure == ConnectFailure::Unreachable) => say!(
            "give this machine a route to {peer}: default gateway, VPN or Direct Connect",
            "为本机添加到 {peer} 的路由：默认网关、VPN 或云专线",
            peer = peer.wording()
        ),
        Peer::Registry(host) => say!(
            "start `{host}` on port {port}, or correct the host or port in the project file",
            "在 {port} 端口上启动 `{host}`，或者修正项目文件里的主机名或端口",
            host,
            port
        ),
        Peer::Proxy(proxy) => {
            say!("start the proxy, or correct {variable}", "启动代理，或者修正 {variable}", variable = proxy.variable)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Verdict;

    fn attempt(address: &str, outcome: Result<u64, ConnectFailure>) -> Attempt {
        Attempt { address: address.parse().unwrap(), outcome: outcome.map(Duration::from_millis) }
    }

    fn judged(attempts: &[Attempt]) -> CheckResult {
        tcp(Peer::Registry("swr.corp"), attempts)
    }

    #[test]
    fn all_addresses_pass_some_warn_none_fail() {
        let up = attempt("10.0.0.1:443", Ok(3));
        let down = attempt("10.0.0.2:443", Err(ConnectFailure::Refused));
        let result = judged(std::slice::from_ref(&up));
        assert_eq!((result.verdict, result.observed.english()), (Verdict::Pass, "10.0.0.1:443 in 3 ms"));
        let result = judged(&[up, down.clone()]);
        assert_eq!(result.verdict, Verdict::Warn);
        assert_eq!(result.observed.english(), "10.0.0.2:443: refused, nothing listens there; but 10.0.0.1:443 in 3 ms");
        let result = judged(&[down]);
        assert_eq!(result.verdict, Verdict::Fail);
        assert!(result.fix.unwrap().english().starts_with("start `swr.corp` on port 443"));
    }

    #[test]
    fn silence_points_at_firewalls() {
        let silent = attempt("10.0.0.1:443", Err(ConnectFailure::TimedOut(Duration::from_secs(3))));
        let result = judged(&[silent]);
        assert_eq!(result.observed.english(), "10.0.0.1:443: no answer within 3 s");
        assert!(result.fix.unwrap().english().starts_with("open port 443 towards `swr.corp` in firewalls"));
    }

    #[test]
    fn a_machine_without_ipv6_loses_nothing() {
        let up = attempt("10.0.0.1:443", Ok(0));
        let unreachable = attempt("[2606:4700::1]:443", Err(ConnectFailure::Unreachable));
        let result = judged(&[up.clone(), unreachable.clone()]);
        assert_eq!(result.verdict, Verdict::Pass);
        assert_eq!(result.observed.english(), "10.0.0.1:443 in less than 1 ms; this machine has no IPv6");
        let refused = attempt("[2606:4700::2]:443", Err(ConnectFailure::Refused));
        assert_eq!(judged(&[up, unreachable, refused]).verdict, Verdict::Warn);
    }
}
