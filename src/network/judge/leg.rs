//! Another host of the path (the management API's, a storage host), judged by the mode as the registry's own is.

use std::net::IpAddr;

use super::address_class::{described, fits};
use super::{Answer, silence};
use crate::diag::{Wording, say};
use crate::network::{Mode, Proxy};

/// A host and how it is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leg {
    pub host: String,
    pub way: Way,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// The proxy resolves the name.
    Through(Proxy),
    Direct(Answer),
}

/// What the project declares about a leg.
#[derive(Clone, Copy, Debug)]
pub struct Expectation {
    pub mode: Option<Mode>,
    /// The declared endpoint's address (mode `vpc-endpoint`).
    pub endpoint: Option<IpAddr>,
    /// The node that declares one.
    pub node: &'static str,
}

/// What is not as it should be, and what to do.
pub(super) struct Fault {
    pub(super) what: Wording,
    pub(super) fix: Wording,
}

impl Leg {
    /// How it is reached.
    pub(super) fn wording(&self) -> Wording {
        let host = &self.host;
        match &self.way {
            Way::Through(proxy) => {
                say!("the proxy {proxy} resolves `{host}`", "`{host}` 由代理 {proxy} 解析", host, proxy)
            }
            Way::Direct(Answer::Addresses(addresses)) => {
                let addresses = Wording::list(addresses);
                say!("`{host}` resolves to {addresses}", "`{host}` 解析为 {addresses}", host, addresses)
            }
            Way::Direct(Answer::None(reason)) => {
                say!("`{host}` does not resolve: {reason}", "`{host}` 无法解析：{reason}", host, reason)
            }
            Way::Direct(Answer::TimedOut(limit)) => {
                say!(
                    "`{host}` does not resolve: {reason}",
                    "`{host}` 无法解析：{reason}",
                    host,
                    reason = silence(*limit)
                )
            }
        }
    }

    /// Why this is not what `expected` wants.
    pub(super) fn fault(&self, expected: &Expectation) -> Option<Fault> {
        match (&self.way, expected.mode) {
            (Way::Through(proxy), Some(mode @ (Mode::Private | Mode::VpcEndpoint { .. }))) => Some(Fault {
                what: say!(
                    "{variable} sends requests to `{host}` through {proxy}: the declared {mode} path is not used",
                    "{variable} 让发往 `{host}` 的请求经过 {proxy}：没有走声明的 {mode} 路径",
                    variable = proxy.variable,
                    host = self.host,
                    proxy,
                    mode = mode.name()
                ),
                fix: say!(
                    "add `{domain}` to NO_PROXY: it excepts all hosts below it",
                    "把 `{domain}` 加入 NO_PROXY：其下的所有主机都会被排除",
                    domain = self.domain()
                ),
            }),
            (Way::Direct(Answer::None(_) | Answer::TimedOut(_)), _) => {
                Some(Fault { what: self.wording(), fix: self.resolve(expected) })
            }
            (Way::Direct(Answer::Addresses(addresses)), Some(mode)) => {
                let wrong: Vec<&IpAddr> =
                    addresses.iter().filter(|address| !fits(mode, expected.endpoint, **address)).collect();
                (!wrong.is_empty()).then(|| Fault {
                    what: say!(
                        "`{host}` resolves to {wrong}, which is not the declared {mode} path",
                        "`{host}` 解析为 {wrong}，不是声明的 {mode} 路径",
                        host = self.host,
                        wrong = described(&wrong),
                        mode = mode.name()
                    ),
                    fix: self.resolve(expected),
                })
            }
            (Way::Through(_), _) | (Way::Direct(Answer::Addresses(_)), None) => None,
        }
    }

    /// What `NO_PROXY` takes for this host and those beside it.
    fn domain(&self) -> &str {
        match self.host.split_once('.') {
            Some((_, domain)) if domain.contains('.') && self.host.parse::<IpAddr>().is_err() => domain,
            _ => &self.host,
        }
    }

    fn resolve(&self, expected: &Expectation) -> Wording {
        let host = &self.host;
        match (expected.mode, expected.endpoint) {
            (Some(Mode::VpcEndpoint { .. }), Some(endpoint)) => say!(
                "pin it with the line `{line}` in the hosts file, or forward the name to the VPC's DNS",
                "在 hosts 文件里加一行 `{line}` 固定它，或者把该域名转发给 VPC 的 DNS",
                line = format_args!("{endpoint} {host}")
            ),
            (Some(Mode::VpcEndpoint { .. }), None) => say!(
                "buy an endpoint for it, declare its address with `{node}`, and give `{host}` that address in the hosts \
                 file or the DNS of this site",
                "为它购买终端节点，用 `{node}` 声明其地址，并在 hosts 文件或本地 DNS 里让 `{host}` 指向该地址",
                node = expected.node,
                host
            ),
            (Some(Mode::Private), _) => say!(
                "use the DNS servers of the registry's region on this machine, and remove lines of the hosts file that \
                 pin `{host}`",
                "让本机使用镜像仓库所在区域的 DNS 服务器，并删除 hosts 文件里固定 `{host}` 的行",
                host
            ),
            (Some(Mode::Public { .. }) | None, _) => say!(
                "correct the name servers that this machine asks, or lines of the hosts file that pin `{host}`",
                "修正本机使用的域名服务器，或 hosts 文件里固定 `{host}` 的行",
                host
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Environment, Route, route};

    fn leg(addresses: &[&str]) -> Leg {
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        Leg { host: "b.obs.r-1.example".to_owned(), way: Way::Direct(Answer::Addresses(addresses)) }
    }

    fn fault(leg: &Leg, mode: Option<Mode>, endpoint: Option<&str>) -> Option<(String, String)> {
        let endpoint = endpoint.map(|address| address.parse().unwrap());
        let fault = leg.fault(&Expectation { mode, endpoint, node: "obs-endpoint" })?;
        Some((fault.what.english().to_owned(), fault.fix.english().to_owned()))
    }

    const ENDPOINT: Mode = Mode::VpcEndpoint { via: None };

    #[test]
    fn each_mode_wants_its_own_addresses() {
        assert_eq!(fault(&leg(&["9.9.9.9"]), None, None), None);
        assert_eq!(fault(&leg(&["100.125.0.1"]), Some(Mode::Private), None), None);
        assert_eq!(fault(&leg(&["10.0.0.9"]), Some(ENDPOINT), Some("10.0.0.9")), None);
        let (what, fix) = fault(&leg(&["9.9.9.9"]), Some(ENDPOINT), None).unwrap();
        assert_eq!(
            what,
            "`b.obs.r-1.example` resolves to 9.9.9.9 (global), which is not the declared vpc-endpoint path"
        );
        assert!(fix.contains("`obs-endpoint`"), "{fix}");
        let (_, fix) = fault(&leg(&["9.9.9.9"]), Some(ENDPOINT), Some("10.0.0.9")).unwrap();
        assert!(fix.contains("`10.0.0.9 b.obs.r-1.example`"), "{fix}");
    }

    #[test]
    fn a_proxy_that_takes_only_this_leg_is_told_in_private_modes() {
        let environment = Environment::from([("HTTPS_PROXY".to_owned(), "http://proxy.corp:3128".to_owned())]);
        let Route::Through(proxy) = route(&environment, "b.obs.r-1.example", false) else { panic!("a proxy") };
        let leg = Leg { host: "b.obs.r-1.example".to_owned(), way: Way::Through(proxy) };
        let (what, fix) = fault(&leg, Some(Mode::Private), None).unwrap();
        assert!(what.starts_with("HTTPS_PROXY sends requests to `b.obs.r-1.example` through "), "{what}");
        assert!(fix.starts_with("add `obs.r-1.example` to NO_PROXY"), "{fix}");
        assert_eq!(fault(&leg, Some(Mode::Public { egress: None }), None), None);
    }

    #[test]
    fn a_name_that_does_not_resolve_is_a_fault_in_every_mode() {
        let leg = Leg { host: "b".to_owned(), way: Way::Direct(Answer::None(Wording::same("no such name"))) };
        for mode in [None, Some(Mode::Private), Some(ENDPOINT), Some(Mode::Public { egress: None })] {
            assert_eq!(fault(&leg, mode, None).unwrap().0, "`b` does not resolve: no such name");
        }
    }
}
