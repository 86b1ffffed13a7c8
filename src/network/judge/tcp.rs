//! `tcp`: which addresses accept a connection.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use super::{Answer, list, skipped, span};
use crate::network::{Check, CheckResult, Proxy};

/// What stands at the other end of the connection.
#[derive(Clone, Copy, Debug)]
pub enum Peer<'a> {
    Registry(&'a str),
    Proxy(&'a Proxy),
}

impl fmt::Display for Peer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry(host) => write!(f, "`{host}`"),
            Self::Proxy(proxy) => write!(f, "the proxy {proxy} of {}", proxy.variable),
        }
    }
}

/// One connection that was tried: how long it took, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub address: SocketAddr,
    pub outcome: Result<Duration, ConnectFailure>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectFailure {
    #[error("refused, nothing listens there")]
    Refused,
    #[error("no answer within {}", span(*.0))]
    TimedOut(Duration),
    /// This machine has no route to the address.
    #[error("no route")]
    Unreachable,
    /// A router or firewall on the way says so.
    #[error("reported as unreachable")]
    Rejected,
    /// The operating system's words.
    #[error("{0}")]
    Other(String),
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.outcome {
            Ok(time) => write!(f, "{} in {}", self.address, span(*time)),
            Err(failure) => write!(f, "{}: {failure}", self.address),
        }
    }
}

/// The proxy's name resolves to nothing.
#[must_use]
pub fn proxy_without_address(proxy: &Proxy, answer: &Answer) -> CheckResult {
    let peer = Peer::Proxy(proxy);
    let result = CheckResult::new(Check::Tcp, format!("{peer} accepts connections at every address"));
    let result = match answer {
        Answer::Addresses(_) => result.unknown("not tried"),
        Answer::None(reason) => result.fail(format!("the proxy's name has no address: {reason}")),
        Answer::TimedOut(limit) => result.unknown(format!("the proxy's name: no answer within {}", span(*limit))),
    };
    result.with_fix(format!("correct {}, or the name servers that this machine asks", proxy.variable))
}

/// Judges the attempts, one an address.
#[must_use]
pub fn tcp(peer: Peer<'_>, attempts: &[Attempt]) -> CheckResult {
    if attempts.is_empty() {
        return skipped(Check::Tcp, "no address is known");
    }
    let result = CheckResult::new(Check::Tcp, format!("{peer} accepts connections at every address"));
    let result = result.with_evidence(attempts);
    let connected = || attempts.iter().filter(|attempt| attempt.outcome.is_ok());
    let failed: Vec<_> = attempts.iter().filter(|attempt| attempt.outcome.is_err()).collect();
    if failed.is_empty() {
        return result.pass(list(attempts));
    }
    if connected().next().is_none() {
        return result.fail(list(&failed)).with_fix(fix(peer, &failed));
    }
    // A machine without IPv6 (or IPv4) passes over such addresses and loses nothing.
    if failed.iter().all(|attempt| is_of_an_absent_family(attempt, attempts)) {
        let family = if failed[0].address.is_ipv6() { "IPv6" } else { "IPv4" };
        return result.pass(format!("{}; this machine has no {family}", list(connected())));
    }
    result.warn(format!("{}; but {}", list(&failed), list(connected()))).with_fix(
        "take the dead addresses out of DNS or the hosts file, or open the way to them: they fail now and then",
    )
}

fn is_of_an_absent_family(attempt: &Attempt, all: &[Attempt]) -> bool {
    all.iter()
        .filter(|other| other.address.is_ipv6() == attempt.address.is_ipv6())
        .all(|other| other.outcome == Err(ConnectFailure::Unreachable))
}

fn fix(peer: Peer<'_>, failed: &[&Attempt]) -> String {
    let port = failed[0].address.port();
    let is = |kind: fn(&ConnectFailure) -> bool| failed.iter().any(|attempt| attempt.outcome.as_ref().is_err_and(kind));
    if is(|failure| matches!(failure, ConnectFailure::TimedOut(_) | ConnectFailure::Rejected)) {
        return format!("open port {port} towards {peer} in firewalls, security groups and routes on the way");
    }
    match peer {
        _ if is(|failure| *failure == ConnectFailure::Unreachable) => {
            format!("give this machine a route to {peer}: default gateway, VPN or Direct Connect")
        }
        Peer::Registry(_) => format!("start {peer} on port {port}, or correct the host or port in the project file"),
        Peer::Proxy(proxy) => format!("start the proxy, or correct {}", proxy.variable),
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
        assert_eq!((result.verdict, result.observed.as_str()), (Verdict::Pass, "10.0.0.1:443 in 3 ms"));
        let result = judged(&[up, down.clone()]);
        assert_eq!(result.verdict, Verdict::Warn);
        assert_eq!(result.observed, "10.0.0.2:443: refused, nothing listens there; but 10.0.0.1:443 in 3 ms");
        let result = judged(&[down]);
        assert_eq!(result.verdict, Verdict::Fail);
        assert!(result.fix.unwrap().starts_with("start `swr.corp` on port 443"));
    }

    #[test]
    fn silence_points_at_firewalls() {
        let silent = attempt("10.0.0.1:443", Err(ConnectFailure::TimedOut(Duration::from_secs(3))));
        let result = judged(&[silent]);
        assert_eq!(result.observed, "10.0.0.1:443: no answer within 3 s");
        assert!(result.fix.unwrap().starts_with("open port 443 towards `swr.corp` in firewalls"));
    }

    #[test]
    fn a_machine_without_ipv6_loses_nothing() {
        let up = attempt("10.0.0.1:443", Ok(0));
        let unreachable = attempt("[2606:4700::1]:443", Err(ConnectFailure::Unreachable));
        let result = judged(&[up.clone(), unreachable.clone()]);
        assert_eq!(result.verdict, Verdict::Pass);
        assert_eq!(result.observed, "10.0.0.1:443 in less than 1 ms; this machine has no IPv6");
        let refused = attempt("[2606:4700::2]:443", Err(ConnectFailure::Refused));
        assert_eq!(judged(&[up, unreachable, refused]).verdict, Verdict::Warn);
    }
}
