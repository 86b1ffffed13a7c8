//! Probes against servers on loopback.

mod path;
mod servers;
mod storage;
mod tls;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::{Limits, PathTarget};
use crate::network::judge::Need;
use crate::network::{Environment, WantedChecks};
use crate::registry::{Client, Settings, TlsSettings, TrustedCertificates};

/// Long enough for a busy machine, short enough for a test that waits for the end of it.
const SHORT: Duration = Duration::from_secs(1);

/// `name` at the port of `address`, direct, without a `network` section.
fn target(name: &str, address: SocketAddr) -> PathTarget {
    target_with(name, address, TlsSettings::default())
}

fn target_with(name: &str, address: SocketAddr, tls: TlsSettings) -> PathTarget {
    let host = format!("{name}:{}", address.port()).parse().unwrap();
    let settings = Settings { tls, retries: 0, ..Settings::new(host) };
    PathTarget {
        planned_hosts: None,
        client: Client::new(settings).unwrap(),
        network: None,
        hosts_file: None,
        region: None,
        metadata: String::new(),
        resolv_conf: PathBuf::new(),
        environment: Environment::new(),
        access: Vec::new(),
        creates_organization: false,
        organizations: Vec::new(),
        is_swr: false,
        api: None,
        need: Need::Pull,
        limits: Limits::default(),
        wanted: WantedChecks::default(),
    }
}

fn trusting(pem: &str) -> TlsSettings {
    TlsSettings { trusted: TrustedCertificates::from_pem(pem.as_bytes()).unwrap(), ..TlsSettings::default() }
}
