//! `address-class`: the resolved addresses against the declared mode.

use std::net::IpAddr;

use super::skipped;
use crate::diag::{Wording, say};
use crate::network::{AddressClass, Check, CheckResult, Mode};

/// Judges the addresses that `host` resolved to; `endpoint` is the declared one of mode `vpc-endpoint`.
#[must_use]
pub fn address_class(host: &str, mode: Option<Mode>, endpoint: Option<IpAddr>, addresses: &[IpAddr]) -> CheckResult {
    let Some(mode) = mode else {
        return skipped(Check::AddressClass, say!("no mode declared", "没有声明模式"));
    };
    let expected = match (mode, endpoint) {
        (Mode::VpcEndpoint { .. }, Some(endpoint)) => {
            say!("`{host}` resolves to the endpoint {endpoint}", "`{host}` 解析为终端节点 {endpoint}", host, endpoint)
        }
        (Mode::Private | Mode::VpcEndpoint { .. }, _) => say!(
            "`{host}` resolves to private addresses: RFC 1918, 100.64.0.0/10 or unique-local IPv6",
            "`{host}` 解析为私有地址：RFC 1918、100.64.0.0/10 或唯一本地 IPv6",
            host
        ),
        (Mode::Public { .. }, _) => {
            say!("`{host}` resolves to global addresses", "`{host}` 解析为全球地址", host)
        }
    };
    let result = CheckResult::new(Check::AddressClass, expected);
    let (fitting, wrong): (Vec<_>, Vec<_>) = addresses.iter().partition(|address| fits(mode, endpoint, **address));
    if wrong.is_empty() {
        return result.pass(described(&fitting));
    }
    let seen = described(&wrong);
    let seen = match fitting.as_slice() {
        [] => seen,
        fitting => say!("{seen}, besides {others}", "{seen}；此外还有 {others}", seen, others = described(fitting)),
    };
    result.fail(seen).with_fix(fix(host, mode, endpoint))
}

/// Whether an address is one of `mode`; with an endpoint declared, it alone is.
pub(super) fn fits(mode: Mode, endpoint: Option<IpAddr>, address: IpAddr) -> bool {
    match (mode, endpoint) {
        (Mode::VpcEndpoint { .. }, Some(endpoint)) => address.to_canonical() == endpoint.to_canonical(),
        (Mode::Private | Mode::VpcEndpoint { .. }, _) => AddressClass::of(address).is_private(),
        (Mode::Public { .. }, _) => AddressClass::of(address) == AddressClass::Global,
    }
}

/// Addresses, each with its class.
pub(super) fn described(addresses: &[&IpAddr]) -> Wording {
    Wording::list(addresses.iter().map(|address| {
        let class = AddressClass::of(**address).name();
        say!("{address} ({class})", "{address}（{class}）", address, class)
    }))
}

fn fix(host: &str, mode: Mode, endpoint: Option<IpAddr>) -> Wording {
    match (mode, endpoint) {
        (Mode::VpcEndpoint { .. }, Some(endpoint)) => {
            say!(
                "pin it with the line `{line}` in the hosts file, or forward the name to the VPC's DNS",
                "在 hosts 文件里加一行 `{line}` 固定它，或者把该域名转发给 VPC 的 DNS",
                line = format_args!("{endpoint} {host}")
            )
        }
        (Mode::VpcEndpoint { .. }, None) => say!(
            "forward the name to the VPC's DNS, or declare the endpoint's address with `endpoint` and pin it",
            "把该域名转发给 VPC 的 DNS，或者用 `endpoint` 声明终端节点的地址并固定它"
        ),
        (Mode::Private, _) => say!(
            "use the DNS servers of the registry's region on this machine and remove lines of the hosts file that pin \
             the name, or declare mode \"public\"",
            "让本机使用镜像仓库所在区域的 DNS 服务器，并删除 hosts 文件里固定该域名的行；或者声明 mode \"public\""
        ),
        (Mode::Public { .. }, _) => say!(
            "remove lines of the hosts file and DNS overrides that give the name an internal address, or declare mode \
             \"private\" or \"vpc-endpoint\"",
            "删除 hosts 文件里和 DNS 上把该域名指向内网地址的设置，或者声明 mode \"private\" 或 \"vpc-endpoint\""
        ),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::network::Verdict;

    const PUBLIC: Mode = Mode::Public { egress: None };
    const ENDPOINT: Mode = Mode::VpcEndpoint { via: None };

    fn judged(mode: Mode, endpoint: Option<&str>, addresses: &[&str]) -> CheckResult {
        let addresses: Vec<IpAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
        address_class("swr.corp", Some(mode), endpoint.map(|address| address.parse().unwrap()), &addresses)
    }

    #[test]
    fn each_mode_accepts_its_own_addresses_only() {
        let verdict = |mode, addresses: &[&str]| judged(mode, None, addresses).verdict;
        assert_eq!(verdict(Mode::Private, &["100.125.0.1", "10.0.0.1", "fd00::1"]), Verdict::Pass);
        assert_eq!(verdict(Mode::Private, &["9.9.9.9"]), Verdict::Fail);
        assert_eq!(verdict(Mode::Private, &["127.0.0.1"]), Verdict::Fail);
        assert_eq!(verdict(PUBLIC, &["9.9.9.9", "2606:4700::1"]), Verdict::Pass);
        assert_eq!(verdict(PUBLIC, &["127.0.0.1"]), Verdict::Fail);
        assert_eq!(verdict(ENDPOINT, &["192.168.1.1"]), Verdict::Pass);
        assert_eq!(verdict(ENDPOINT, &["9.9.9.9"]), Verdict::Fail);
    }

    #[test]
    fn a_declared_endpoint_is_the_only_right_address() {
        assert_eq!(judged(ENDPOINT, Some("127.0.0.1"), &["127.0.0.1"]).verdict, Verdict::Pass);
        assert_eq!(judged(ENDPOINT, Some("10.0.0.5"), &["::ffff:10.0.0.5"]).verdict, Verdict::Pass);
        let result = judged(ENDPOINT, Some("10.0.0.5"), &["10.0.0.5", "10.0.0.6"]);
        assert_eq!(result.observed.english(), "10.0.0.6 (private, RFC 1918), besides 10.0.0.5 (private, RFC 1918)");
        assert!(result.fix.unwrap().english().contains("`10.0.0.5 swr.corp`"));
    }

    #[test]
    fn without_a_mode_nothing_is_asked() {
        assert_eq!(address_class("h", None, None, &["127.0.0.1".parse().unwrap()]).verdict, Verdict::Skip);
    }

    proptest! {
        #[test]
        fn no_address_is_both_private_and_public(bits: u32) {
            let address = std::net::Ipv4Addr::from_bits(bits).to_string();
            let both = [Mode::Private, PUBLIC].map(|mode| judged(mode, None, &[&address]).verdict);
            prop_assert_ne!(both, [Verdict::Pass, Verdict::Pass]);
        }
    }
}
