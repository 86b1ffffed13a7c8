//! Part of `dns-registry`: whether the name servers of this system agree.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::dns_registry::{Answer, Objection};
use super::span;
use crate::diag::{Wording, say};
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

    pub(super) fn wording(&self) -> Wording {
        let server = self.address;
        match &self.answer {
            Answer::Addresses(addresses) => say!(
                "name server {server} says {addresses}",
                "域名服务器 {server} 答复 {addresses}",
                server,
                addresses = Wording::list(addresses)
            ),
            Answer::None(reason) => {
                say!(
                    "name server {server} says nothing: {reason}",
                    "域名服务器 {server} 没有给出地址：{reason}",
                    server,
                    reason
                )
            }
            Answer::TimedOut(limit) => say!(
                "name server {server} says nothing within {limit}",
                "域名服务器 {server} 在{limit}内没有应答",
                server,
                limit = span(*limit)
            ),
        }
    }
}

/// Why it is left to chance which answer counts: whichever server is asked first, or answers at all, decides.
pub(super) fn disagreement(host: &str, servers: &[NameServer]) -> Option<Objection> {
    let warning = |what, fix| Some(Objection { is_failure: false, what, fix });
    let answered = || servers.iter().filter(|server| !server.addresses().is_empty());
    let known = answered().flat_map(NameServer::addresses).map(|address| AddressClass::of(*address).is_private());
    if known.collect::<BTreeSet<_>>().len() > 1 {
        let what = say!(
            "`{host}` has a split horizon: {said}",
            "`{host}` 的内外解析不一致：{said}",
            host,
            said = told(servers)
        );
        let fix = say!(
            "keep the name servers of one network in /etc/resolv.conf, or pin the name in the hosts file: the first \
             server that answers decides which way is taken",
            "在 /etc/resolv.conf 里只保留同一网络的域名服务器，或者在 hosts 文件里固定该域名：现在由先应答的服务器决定走哪条路"
        );
        return warning(what, fix);
    }
    let denied: Vec<_> = servers.iter().filter(|server| matches!(server.answer, Answer::None(_))).collect();
    if answered().next().is_some() && !denied.is_empty() {
        let what = say!("the name servers disagree: {said}", "域名服务器的答复不一致：{said}", said = told(servers));
        let fix = say!(
            "mend {servers} or take it out of /etc/resolv.conf",
            "修复 {servers}，或者把它从 /etc/resolv.conf 里去掉",
            servers = Wording::list(denied.iter().map(|server| server.address))
        );
        return warning(what, fix);
    }
    let silent: Vec<_> = servers.iter().filter(|server| matches!(server.answer, Answer::TimedOut(_))).collect();
    if !silent.is_empty() {
        let fix = say!(
            "start {servers} or take it out of /etc/resolv.conf: lookups wait for it",
            "启动 {servers}，或者把它从 /etc/resolv.conf 里去掉：每次解析都在等它",
            servers = Wording::list(silent.iter().map(|server| server.address))
        );
        return warning(told(silent), fix);
    }
    None
}

fn told<'a>(servers: impl IntoIterator<Item = &'a NameServer>) -> Wording {
    Wording::list(servers.into_iter().map(NameServer::wording))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn servers(said: &[(&str, &[&str])]) -> Vec<NameServer> {
        let server = |(address, said): &(&str, &[&str])| {
            let answer = match said {
                [] => Answer::TimedOut(Duration::from_secs(3)),
                ["none"] => Answer::None(Wording::same("no such name (NXDOMAIN)")),
                addresses => Answer::Addresses(addresses.iter().map(|text| text.parse().unwrap()).collect()),
            };
            NameServer { address: address.parse().unwrap(), answer }
        };
        said.iter().map(server).collect()
    }

    fn objected(said: &[(&str, &[&str])]) -> Option<String> {
        disagreement("swr.corp", &servers(said))
            .map(|objection| format!("{} => {}", objection.what.english(), objection.fix.english()))
    }

    #[test]
    fn addresses_of_one_network_may_differ() {
        assert_eq!(objected(&[("10.0.0.1", &["10.1.0.1"]), ("10.0.0.2", &["100.125.0.1", "10.1.0.1"])]), None);
        assert_eq!(objected(&[]), None);
    }

    #[test]
    fn private_here_and_global_there_is_a_split_horizon() {
        let told = objected(&[("10.0.0.1", &["100.125.0.1"]), ("8.8.8.8", &["121.36.1.1"])]).unwrap();
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
        let denied = objected(&[("10.0.0.1", &["10.1.0.1"]), ("10.0.0.2", &["none"])]).unwrap();
        assert!(denied.ends_with("=> mend 10.0.0.2 or take it out of /etc/resolv.conf"), "{denied}");
        let silent = objected(&[("10.0.0.1", &[]), ("10.0.0.2", &["10.1.0.1"])]).unwrap();
        assert!(silent.starts_with("name server 10.0.0.1 says nothing within 3 s => start 10.0.0.1"), "{silent}");
    }

    #[test]
    fn where_all_deny_the_name_they_agree() {
        assert_eq!(objected(&[("10.0.0.1", &["none"]), ("10.0.0.2", &["none"])]), None);
    }
}
