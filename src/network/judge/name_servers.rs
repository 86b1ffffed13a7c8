//! Part of `dns-registry`: whether the name servers of this system agree.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

use super::dns_registry::{Answer, Objection};
use super::{list, span};
use crate::network::AddressClass;

/// What one name server said when it was asked by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameServer {
    pub address: IpAddr,
    pub answer: Answer,
}

impl NameServer {
    pub(super) fn addresses(&self) -> &[IpAddr] {
        match &self.answer {
            Answer::Addresses(addresses) => addresses,
            Answer::None(_) | Answer::TimedOut(_) => &[],
        }
    }
}

impl fmt::Display for NameServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "name server {} says ", self.address)?;
        match &self.answer {
            Answer::Addresses(addresses) => f.write_str(&list(addresses)),
            Answer::None(reason) => write!(f, "nothing: {reason}"),
            Answer::TimedOut(limit) => write!(f, "nothing within {}", span(*limit)),
        }
    }
}

/// Why it is left to chance which answer counts: whichever server is asked first, or answers at all, decides.
pub(super) fn disagreement(host: &str, servers: &[NameServer]) -> Option<Objection> {
    let warning = |what, fix| Some(Objection { is_failure: false, what, fix });
    let answered = || servers.iter().filter(|server| !server.addresses().is_empty());
    let known = answered().flat_map(NameServer::addresses).map(|address| AddressClass::of(*address).is_private());
    if known.collect::<BTreeSet<_>>().len() > 1 {
        let what = format!("`{host}` has a split horizon: {}", list(servers));
        let fix = "keep the name servers of one network in /etc/resolv.conf, or pin the name in the hosts file: the \
                   first server that answers decides which way is taken";
        return warning(what, fix.to_owned());
    }
    let denied: Vec<_> = servers.iter().filter(|server| matches!(server.answer, Answer::None(_))).collect();
    if answered().next().is_some() && !denied.is_empty() {
        let what = format!("the name servers disagree: {}", list(servers));
        let fix = format!("mend {} or take it out of /etc/resolv.conf", list(denied.iter().map(|s| s.address)));
        return warning(what, fix);
    }
    let silent: Vec<_> = servers.iter().filter(|server| matches!(server.answer, Answer::TimedOut(_))).collect();
    if !silent.is_empty() {
        let fix = format!(
            "start {} or take it out of /etc/resolv.conf: lookups wait for it",
            list(silent.iter().map(|s| s.address))
        );
        return warning(list(&silent), fix);
    }
    None
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn servers(said: &[(&str, &[&str])]) -> Vec<NameServer> {
        let server = |(address, said): &(&str, &[&str])| {
            let answer = match said {
                [] => Answer::TimedOut(Duration::from_secs(3)),
                ["none"] => Answer::None("no such name (NXDOMAIN)".to_owned()),
                addresses => Answer::Addresses(addresses.iter().map(|text| text.parse().unwrap()).collect()),
            };
            NameServer { address: address.parse().unwrap(), answer }
        };
        said.iter().map(server).collect()
    }

    fn told(said: &[(&str, &[&str])]) -> Option<String> {
        disagreement("swr.corp", &servers(said)).map(|objection| format!("{} => {}", objection.what, objection.fix))
    }

    #[test]
    fn addresses_of_one_network_may_differ() {
        assert_eq!(told(&[("10.0.0.1", &["10.1.0.1"]), ("10.0.0.2", &["100.125.0.1", "10.1.0.1"])]), None);
        assert_eq!(told(&[]), None);
    }

    #[test]
    fn private_here_and_global_there_is_a_split_horizon() {
        let told = told(&[("10.0.0.1", &["100.125.0.1"]), ("8.8.8.8", &["121.36.1.1"])]).unwrap();
        assert!(
            told.starts_with(
                "`swr.corp` has a split horizon: name server 10.0.0.1 says 100.125.0.1 and name server 8.8.8.8 says \
                 121.36.1.1 => keep the name servers of one network"
            ),
            "{told}"
        );
    }

    #[test]
    fn a_server_that_denies_the_name_or_says_nothing_is_named() {
        let denied = told(&[("10.0.0.1", &["10.1.0.1"]), ("10.0.0.2", &["none"])]).unwrap();
        assert!(denied.ends_with("=> mend 10.0.0.2 or take it out of /etc/resolv.conf"), "{denied}");
        let silent = told(&[("10.0.0.1", &[]), ("10.0.0.2", &["10.1.0.1"])]).unwrap();
        assert!(silent.starts_with("name server 10.0.0.1 says nothing within 3 s => start 10.0.0.1"), "{silent}");
    }

    #[test]
    fn where_all_deny_the_name_they_agree() {
        assert_eq!(told(&[("10.0.0.1", &["none"]), ("10.0.0.2", &["none"])]), None);
    }
}
