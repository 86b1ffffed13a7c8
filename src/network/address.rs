//! What kind of network an address belongs to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::diag::{Wording, say};

/// The kind of network of an address, by the IANA special-purpose registries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AddressClass {
    /// `0.0.0.0`, `::`: stands for no address.
    Unspecified,
    /// This machine itself.
    Loopback,
    LinkLocal,
    /// RFC 1918: `10/8`, `172.16/12`, `192.168/16`.
    Private,
    /// RFC 6598: `100.64/10`, where clouds keep their internal services.
    Shared,
    /// RFC 4193: `fc00::/7`.
    UniqueLocal,
    Multicast,
    /// Documentation, benchmarking, broadcast and future use: nothing answers there.
    Reserved,
    /// Reachable over the Internet.
    Global,
}

impl AddressClass {
    /// An IPv4 address mapped into IPv6 counts as the IPv4 address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => Self::of_v6(address),
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        match address.octets() {
            _ if address.is_unspecified() => Self::Unspecified,
            _ if address.is_loopback() => Self::Loopback,
            _ if address.is_link_local() => Self::LinkLocal,
            _ if address.is_private() => Self::Private,
            [100, 64..=127, ..] => Self::Shared,
            [224..=239, ..] => Self::Multicast,
            [0 | 240..=255, ..] | [198, 18 | 19, ..] | [192, 0, 0, _] => Self::Reserved,
            _ if address.is_documentation() => Self::Reserved,
            _ => Self::Global,
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        match address.segments() {
            _ if address.is_unspecified() => Self::Unspecified,
            _ if address.is_loopback() => Self::Loopback,
            _ if address.is_unicast_link_local() => Self::LinkLocal,
            _ if address.is_unique_local() => Self::UniqueLocal,
            _ if address.is_multicast() => Self::Multicast,
            // Documentation (RFC 3849, RFC 9637), discard (RFC 6666), benchmarking (RFC 5180).
            [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] | [0x0100, 0, 0, 0, ..] | [0x2001, 2, 0, ..] => {
                Self::Reserved
            }
            // NAT64's prefix (RFC 6052) stands for the IPv4 Internet; all other global unicast lies in 2000::/3.
            [0x0064, 0xff9b, 0, 0, 0, 0, ..] | [0x2000..=0x3fff, ..] => Self::Global,
            _ => Self::Reserved,
        }
    }

    /// As it stands behind an address.
    #[must_use]
    pub const fn name(self) -> Wording {
        match self {
            Self::Unspecified => say!("no address at all", "不是真正的地址"),
            Self::Loopback => say!("loopback, this machine itself", "环回地址，即本机自己"),
            Self::LinkLocal => say!("link-local", "链路本地地址"),
            Self::Private => say!("private, RFC 1918", "私有地址，RFC 1918"),
            Self::Shared => say!("private, 100.64.0.0/10", "私有地址，100.64.0.0/10"),
            Self::UniqueLocal => say!("private, unique-local IPv6", "私有地址，唯一本地 IPv6"),
            Self::Multicast => say!("multicast", "组播地址"),
            Self::Reserved => say!("reserved, nothing answers there", "保留地址，不会有应答"),
            Self::Global => say!("global", "全球地址"),
        }
    }

    /// In use inside one organization or cloud only, and reachable there.
    #[must_use]
    pub const fn is_private(self) -> bool {
        matches!(self, Self::Private | Self::Shared | Self::UniqueLocal)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn class(address: &str) -> AddressClass {
        AddressClass::of(address.parse().unwrap())
    }

    #[test]
    fn boundaries_of_each_range_are_exact() {
        use AddressClass::{
            Global, LinkLocal, Loopback, Multicast, Private, Reserved, Shared, UniqueLocal, Unspecified,
        };
        for (address, expected) in [
            ("0.0.0.0", Unspecified),
            ("0.0.0.1", Reserved),
            ("9.255.255.255", Global),
            ("10.0.0.0", Private),
            ("11.0.0.0", Global),
            ("100.63.255.255", Global),
            ("100.64.0.0", Shared),
            ("100.125.0.37", Shared),
            ("100.127.255.255", Shared),
            ("100.128.0.0", Global),
            ("127.255.0.1", Loopback),
            ("169.254.169.254", LinkLocal),
            ("172.15.255.255", Global),
            ("172.16.0.0", Private),
            ("172.31.255.255", Private),
            ("172.32.0.0", Global),
            ("192.0.2.1", Reserved),
            ("192.168.0.1", Private),
            ("198.18.0.1", Reserved),
            ("198.20.0.1", Global),
            ("224.0.0.1", Multicast),
            ("255.255.255.255", Reserved),
            ("::", Unspecified),
            ("::1", Loopback),
            ("fe80::1", LinkLocal),
            ("fec0::1", Reserved),
            ("fbff::1", Reserved),
            ("fc00::1", UniqueLocal),
            ("fdff::1", UniqueLocal),
            ("ff02::1", Multicast),
            ("2001:db8::1", Reserved),
            ("2606:4700::1", Global),
            ("64:ff9b::808:808", Global),
        ] {
            assert_eq!(class(address), expected, "{address}");
        }
    }

    proptest! {
        #[test]
        fn a_mapped_address_counts_as_itself(bits: u32) {
            let address = Ipv4Addr::from_bits(bits);
            prop_assert_eq!(
                AddressClass::of(address.to_ipv6_mapped().into()),
                AddressClass::of(address.into())
            );
        }

        #[test]
        fn shared_space_is_ten_bits(bits: u32) {
            let inside = bits >> 22 == u32::from_be_bytes([100, 64, 0, 0]) >> 22;
            prop_assert_eq!(AddressClass::of(Ipv4Addr::from_bits(bits).into()) == AddressClass::Shared, inside);
        }
    }
}
