//! How long each check may take.

use std::time::Duration;

/// The longest time that each check may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub metadata: Duration,
    pub dns: Duration,
    /// An address; addresses are tried at the same time.
    pub tcp: Duration,
    pub tls: Duration,
    pub registry_api: Duration,
    /// A large request, and a small one after it.
    pub large_record: Duration,
    pub auth_token: Duration,
    /// Finding an image and its storage hosts.
    pub storage: Duration,
    /// A byte of a storage host; hosts are asked at the same time.
    pub fetch: Duration,
    pub ping: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            metadata: Duration::from_secs(1),
            dns: Duration::from_secs(2),
            tcp: Duration::from_millis(2500),
            tls: Duration::from_secs(5),
            registry_api: Duration::from_secs(10),
            large_record: Duration::from_secs(3),
            auth_token: Duration::from_secs(10),
            storage: Duration::from_secs(10),
            fetch: Duration::from_secs(5),
            ping: Duration::from_secs(2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Before anything answers, names and connections are waited for in turn, the machine's region beside them.
    #[test]
    fn a_dead_network_is_told_within_five_seconds() {
        let Limits { metadata, dns, tcp, .. } = Limits::default();
        assert!(metadata.max(dns + tcp) < Duration::from_secs(5));
    }
}
