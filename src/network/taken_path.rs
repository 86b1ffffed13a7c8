//! The way by which a registry was reached: what a saved plan holds fast, and how two such ways differ.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::AddressClass;
use crate::diag::{Wording, say};
use crate::image::Digest;

/// The way to a registry, as far as it is known. It holds no secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TakenPath {
    /// The proxy's URL, without its login; none where requests go straight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// Kinds of the addresses that the name has; empty where they are not known, or a proxy's business.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub addresses: BTreeSet<Destination>,
    /// Who gave the name these addresses; none where the host is an address itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_by: Option<ResolvedBy>,
    /// SHA-256 of the public keys (`SubjectPublicKeyInfo`) of the certificates that were shown and taken; a load balancer may
    /// show several.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub certificate_keys: BTreeSet<Digest>,
}

/// Where an address leads. Coarse on purpose: another address of the same kind is the same path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Destination {
    /// The address that the project file declares.
    Endpoint,
    Private,
    Public,
    Loopback,
    LinkLocal,
    /// Where nothing should answer.
    Reserved,
}

/// Who says which addresses a name has.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ResolvedBy {
    /// A line of the system's hosts file. (Braces, so that unknown keys are refused.)
    HostsFile {},
    /// The name servers that this machine asks, in no order: which of them is the first to answer says little.
    NameServers { servers: BTreeSet<IpAddr> },
    /// The system, nobody knows how.
    System {},
}

/// A part of the path that is another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathChange {
    Proxy { before: Option<String>, now: Option<String> },
    Addresses { before: BTreeSet<Destination>, now: BTreeSet<Destination> },
    ResolvedBy { before: ResolvedBy, now: ResolvedBy },
    CertificateKeys { before: BTreeSet<Digest>, now: BTreeSet<Digest> },
}

impl Destination {
    /// Where `address` leads in a project that declares `endpoint`.
    #[must_use]
    pub fn of(address: IpAddr, endpoint: Option<IpAddr>) -> Self {
        if endpoint.is_some_and(|endpoint| endpoint.to_canonical() == address.to_canonical()) {
            return Self::Endpoint;
        }
        match AddressClass::of(address) {
            AddressClass::Private | AddressClass::Shared | AddressClass::UniqueLocal => Self::Private,
            AddressClass::Global => Self::Public,
            AddressClass::Loopback => Self::Loopback,
            AddressClass::LinkLocal => Self::LinkLocal,
            AddressClass::Unspecified | AddressClass::Multicast | AddressClass::Reserved => Self::Reserved,
        }
    }

    const fn wording(self) -> Wording {
        match self {
            Self::Endpoint => say!("the declared endpoint", "声明的终端节点"),
            Self::Private => say!("private addresses", "私有地址"),
            Self::Public => say!("public addresses", "公网地址"),
            Self::Loopback => say!("this machine itself", "本机自己"),
            Self::LinkLocal => say!("link-local addresses", "链路本地地址"),
            Self::Reserved => say!("reserved addresses", "保留地址"),
        }
    }
}

impl ResolvedBy {
    fn wording(&self) -> Wording {
        match self {
            Self::HostsFile {} => say!("the hosts file", "系统的 hosts 文件"),
            Self::NameServers { servers } => match servers.len() {
                1 => say!("name server {servers}", "域名服务器 {servers}", servers = Wording::list(servers)),
                _ => say!("name servers {servers}", "域名服务器 {servers}", servers = Wording::list(servers)),
            },
            Self::System {} => say!("this system", "本系统"),
        }
    }

    /// Whether `self` is another source than `before`; a name server that is not asked any more is none.
    fn is_other(&self, before: &Self) -> bool {
        match (before, self) {
            (Self::NameServers { servers: before }, Self::NameServers { servers: now }) => !now.is_subset(before),
            _ => before != self,
        }
    }
}

impl TakenPath {
    /// In one line: `direct to private addresses, by name server 10.0.0.2, certificate key sha256:0123456789ab`.
    #[must_use]
    pub fn wording(&self) -> Wording {
        let Self { proxy, addresses, resolved_by, certificate_keys } = self;
        let way = match addresses.len() {
            0 => way(proxy.as_deref()),
            _ => say!(
                "{way} to {addresses}",
                "{way}，指向{addresses}",
                way = way(proxy.as_deref()),
                addresses = destinations(addresses)
            ),
        };
        let name = resolved_by.as_ref().map(|by| say!("by {by}", "解析来自{by}", by = by.wording()));
        let key = (!certificate_keys.is_empty())
            .then(|| say!("certificate key {keys}", "证书公钥 {keys}", keys = keys(certificate_keys)));
        Wording::joined([Some(way), name, key].into_iter().flatten(), &say!(", ", "，"))
    }

    /// What is another than `before`. What one of both does not know is no change; nor is another address of the same
    /// kind, or a certificate beside one that was seen before.
    #[must_use]
    pub fn changes_since(&self, before: &Self) -> Vec<PathChange> {
        let Self { proxy, addresses, resolved_by, certificate_keys } = self.clone();
        let mut changes = Vec::new();
        if before.proxy != proxy {
            changes.push(PathChange::Proxy { before: before.proxy.clone(), now: proxy });
        }
        if !before.addresses.is_empty() && !addresses.is_subset(&before.addresses) {
            changes.push(PathChange::Addresses { before: before.addresses.clone(), now: addresses });
        }
        if let (Some(before), Some(now)) = (before.resolved_by.clone(), resolved_by)
            && now.is_other(&before)
        {
            changes.push(PathChange::ResolvedBy { before, now });
        }
        let (known, shown) = (&before.certificate_keys, certificate_keys);
        if !known.is_empty() && !shown.is_empty() && known.is_disjoint(&shown) {
            changes.push(PathChange::CertificateKeys { before: known.clone(), now: shown });
        }
        changes
    }
}

impl PathChange {
    /// A clause: what it is now, and what it was.
    #[must_use]
    pub fn wording(&self) -> Wording {
        match self {
            Self::Proxy { before, now } => say!(
                "requests go {now}, not {before}",
                "请求{now}，而不是{before}",
                now = way(now.as_deref()),
                before = way(before.as_deref())
            ),
            Self::Addresses { before, now } => say!(
                "the name leads to {now}, not to {before}",
                "域名指向{now}，而不是{before}",
                now = destinations(now),
                before = destinations(before)
            ),
            Self::ResolvedBy { before, now } => say!(
                "the name is resolved by {now}, not by {before}",
                "域名解析来自{now}，而不是{before}",
                now = now.wording(),
                before = before.wording()
            ),
            Self::CertificateKeys { before, now } => say!(
                "the certificate key is {now}, not {before}",
                "证书公钥是 {now}，而不是 {before}",
                now = keys(now),
                before = keys(before)
            ),
        }
    }
}

fn way(proxy: Option<&str>) -> Wording {
    proxy.map_or_else(|| say!("direct", "直连"), |proxy| say!("through {proxy}", "经过 {proxy}", proxy))
}

fn destinations(destinations: &BTreeSet<Destination>) -> Wording {
    Wording::list(destinations.iter().map(|destination| destination.wording()))
}

fn keys(keys: &BTreeSet<Digest>) -> Wording {
    Wording::list(keys.iter().map(Digest::short))
}

#[cfg(test)]
mod tests {
    use proptest::collection::btree_set;
    use proptest::prelude::*;

    use super::*;

    fn key(text: &str) -> Digest {
        Digest::sha256(text.as_bytes())
    }

    fn servers(addresses: &[&str]) -> ResolvedBy {
        ResolvedBy::NameServers { servers: addresses.iter().map(|address| address.parse().unwrap()).collect() }
    }

    fn inside() -> TakenPath {
        TakenPath {
            proxy: None,
            addresses: [Destination::Private].into(),
            resolved_by: Some(servers(&["10.0.0.2", "10.0.0.3"])),
            certificate_keys: [key("a")].into(),
        }
    }

    fn changed(now: &TakenPath) -> Vec<String> {
        now.changes_since(&inside()).iter().map(|change| change.wording().english().to_owned()).collect()
    }

    #[test]
    fn a_path_is_one_line() {
        let key = key("a").short();
        assert_eq!(
            inside().wording().english(),
            format!("direct to private addresses, by name servers 10.0.0.2 and 10.0.0.3, certificate key {key}")
        );
        assert_eq!(
            inside().wording().get(crate::diag::Lang::Zh),
            format!("直连，指向私有地址，解析来自域名服务器 10.0.0.2、10.0.0.3，证书公钥 {key}")
        );
        let proxied = TakenPath { proxy: Some("http://proxy.corp:3128".to_owned()), ..TakenPath::default() };
        assert_eq!(proxied.wording().english(), "through http://proxy.corp:3128");
    }

    #[test]
    fn each_part_that_is_another_is_named_with_what_it_was() {
        let by = |by| changed(&TakenPath { resolved_by: Some(by), ..inside() });
        let now =
            "the name is resolved by name servers 8.8.8.8 and 10.0.0.2, not by name servers 10.0.0.2 and 10.0.0.3";
        assert_eq!(by(servers(&["8.8.8.8", "10.0.0.2"])), [now]);
        assert_eq!(
            by(ResolvedBy::HostsFile {}),
            ["the name is resolved by the hosts file, not by name servers 10.0.0.2 and 10.0.0.3"]
        );
        let public = TakenPath { addresses: [Destination::Public].into(), ..inside() };
        assert_eq!(changed(&public), ["the name leads to public addresses, not to private addresses"]);
        let other = TakenPath { certificate_keys: [key("b")].into(), ..inside() };
        let [before, now] = [key("a"), key("b")].map(|key| key.short());
        assert_eq!(changed(&other), [format!("the certificate key is {now}, not {before}")]);
        let proxied = TakenPath { proxy: Some("http://p:1".to_owned()), ..TakenPath::default() };
        assert_eq!(changed(&proxied), ["requests go through http://p:1, not direct"]);
        assert_eq!(inside().changes_since(&proxied).len(), 1, "what was the proxy's business is not known");
    }

    #[test]
    fn less_of_the_same_and_another_certificate_of_the_same_balancer_is_no_change() {
        let both = TakenPath { certificate_keys: [key("a"), key("b")].into(), ..inside() };
        let one = TakenPath { certificate_keys: [key("b"), key("c")].into(), ..inside() };
        assert!(one.changes_since(&both).is_empty());
        assert!(changed(&TakenPath { resolved_by: Some(servers(&["10.0.0.3"])), ..inside() }).is_empty());
        let two = TakenPath { addresses: [Destination::Private, Destination::Public].into(), ..inside() };
        assert!(inside().changes_since(&two).is_empty());
        assert_eq!(two.changes_since(&inside()).len(), 1, "some of it leaves by another way");
    }

    #[test]
    fn an_address_leads_where_its_class_or_the_project_says() {
        let of = |address: &str, endpoint: Option<&str>| {
            Destination::of(address.parse().unwrap(), endpoint.map(|endpoint| endpoint.parse().unwrap()))
        };
        assert_eq!(of("172.16.0.12", Some("172.16.0.12")), Destination::Endpoint);
        assert_eq!(of("::ffff:172.16.0.12", Some("172.16.0.12")), Destination::Endpoint);
        assert_eq!(of("172.16.0.13", Some("172.16.0.12")), Destination::Private);
        assert_eq!((of("100.125.0.1", None), of("fd00::1", None)), (Destination::Private, Destination::Private));
        assert_eq!((of("121.36.0.1", None), of("127.0.0.1", None)), (Destination::Public, Destination::Loopback));
    }

    fn path() -> impl Strategy<Value = TakenPath> {
        use Destination::{Endpoint, Loopback, Private, Public};
        let destination = prop::sample::select(vec![Endpoint, Private, Public, Loopback]);
        let servers = btree_set((1_u8..4).prop_map(|last| IpAddr::from([10, 0, 0, last])), 1..3);
        let by = prop_oneof![
            Just(ResolvedBy::HostsFile {}),
            Just(ResolvedBy::System {}),
            servers.prop_map(|servers| ResolvedBy::NameServers { servers }),
        ];
        let proxy = prop::option::of("http://[a-c]:1");
        let keys = btree_set("[a-c]".prop_map(|text| key(&text)), 0..3);
        (proxy, btree_set(destination, 0..3), prop::option::of(by), keys).prop_map(
            |(proxy, addresses, resolved_by, certificate_keys)| TakenPath {
                proxy,
                addresses,
                resolved_by,
                certificate_keys,
            },
        )
    }

    proptest! {
        #[test]
        fn no_path_is_another_than_itself_and_it_reads_back(path in path()) {
            prop_assert!(path.changes_since(&path).is_empty());
            let text = serde_json::to_string(&path).unwrap();
            prop_assert_eq!(serde_json::from_str::<TakenPath>(&text).unwrap(), path);
        }

        #[test]
        fn what_is_not_known_is_no_change(path in path()) {
            let unknown = TakenPath { proxy: path.proxy.clone(), ..TakenPath::default() };
            prop_assert!(path.changes_since(&unknown).is_empty());
            prop_assert!(unknown.changes_since(&path).is_empty());
        }
    }
}
