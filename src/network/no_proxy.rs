//! `NO_PROXY`: hosts that are reached without the proxy.

use std::net::IpAddr;

/// Entries of a `NO_PROXY` variable: a domain with all below it, an address, a range (`10.0.0.0/8`), or `*` for
/// every name. A range never matches a name, whatever the name resolves to.
#[derive(Clone, Debug)]
pub(super) struct NoProxy<'a>(Vec<&'a str>);

impl<'a> NoProxy<'a> {
    pub(super) fn parse(value: &'a str) -> Self {
        Self(value.split(',').map(str::trim).filter(|entry| !entry.is_empty()).collect())
    }

    /// The entry that excepts `host`.
    pub(super) fn entry_for(&self, host: &str) -> Option<&'a str> {
        self.0.iter().copied().find(|entry| matches(entry, host))
    }

    /// Entries that would match if a port or a `*.` in them were understood, or if blanks parted entries.
    pub(super) fn near_misses(&self, host: &str) -> Vec<String> {
        let meant = |entry: &str| {
            let name = entry.strip_prefix('*').unwrap_or(entry);
            let name = name.rsplit_once(':').map_or(name, |(name, _)| name);
            matches(name, host) || entry.split_ascii_whitespace().any(|word| word != entry && matches(word, host))
        };
        self.0.iter().filter(|entry| meant(entry)).map(|entry| (*entry).to_owned()).collect()
    }
}

fn matches(entry: &str, host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(address) => range(entry).is_some_and(|range| contains(range, address)),
        Err(_) => entry == "*" || is_within(host, entry),
    }
}

fn is_within(host: &str, domain: &str) -> bool {
    let domain = domain.strip_prefix('.').unwrap_or(domain);
    let Some(start) = host.len().checked_sub(domain.len()) else { return false };
    host.get(start..).is_some_and(|end| end.eq_ignore_ascii_case(domain))
        && !domain.is_empty()
        && (start == 0 || host.as_bytes()[start - 1] == b'.')
}

/// Address and length of its prefix in bits.
fn range(entry: &str) -> Option<(IpAddr, u32)> {
    let (address, length) = entry.split_once('/').map_or((entry, None), |(address, length)| (address, Some(length)));
    let address: IpAddr = address.parse().ok()?;
    let bits = if address.is_ipv4() { 32 } else { 128 };
    let length = length.map_or(Some(bits), |length| length.parse().ok())?;
    (length <= bits).then_some((address, length))
}

fn contains((network, length): (IpAddr, u32), address: IpAddr) -> bool {
    match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            (network.to_bits() ^ address.to_bits()).checked_shr(32 - length).unwrap_or(0) == 0
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => {
            (network.to_bits() ^ address.to_bits()).checked_shr(128 - length).unwrap_or(0) == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excepted(value: &str, host: &str) -> bool {
        NoProxy::parse(value).entry_for(host).is_some()
    }

    #[test]
    fn a_domain_excepts_itself_and_all_below_it() {
        assert!(excepted("corp.example", "corp.example"));
        assert!(excepted(" .Corp.example ,x", "swr.corp.EXAMPLE"));
        assert!(!excepted("corp.example", "notcorp.example"));
        assert!(!excepted(".", "corp.example"));
        assert!(excepted("x,*", "corp.example"));
    }

    #[test]
    fn ranges_except_addresses_and_never_names() {
        assert!(excepted("100.64.0.0/10", "100.125.0.1"));
        assert!(!excepted("100.64.0.0/10", "100.128.0.1"));
        assert!(excepted("0.0.0.0/0", "9.9.9.9"));
        assert!(!excepted("0.0.0.0/0", "fd00::1"));
        assert!(excepted("fd00::/8", "fdff::1"));
        assert!(!excepted("0.0.0.0/0", "corp.example"));
        assert!(!excepted("10.0.0.0/33", "10.0.0.0"));
    }

    #[test]
    fn entries_that_were_meant_for_the_host_but_do_not_match_are_found() {
        let misses = |value: &str| NoProxy::parse(value).near_misses("swr.corp.example");
        assert_eq!(misses("a.example,*.corp.example"), ["*.corp.example"]);
        assert_eq!(misses("swr.corp.example:443"), ["swr.corp.example:443"]);
        assert_eq!(misses("localhost swr.corp.example"), ["localhost swr.corp.example"]);
        assert!(misses("other.example,10.0.0.0/8").is_empty());
    }
}
