//! Turns what was observed into [`CheckResult`]s: one pure function a check. All wording of results lives here.

mod address_class;
mod auth_token;
mod clock;
mod dns_registry;
mod env_proxy;
mod env_region;
mod name_servers;
mod registry_api;
mod route_source;
mod tcp;
mod tls;

use std::fmt::Display;
use std::time::Duration;

use super::{Check, CheckResult};

pub use address_class::address_class;
pub use auth_token::{Asked, Grant, auth_token, login};
pub use clock::clock;
pub use dns_registry::{Answer, HostsFile, Resolution, dns_registry, literal_address};
pub use env_proxy::env_proxy;
pub use env_region::env_region;
pub use name_servers::NameServer;
pub use registry_api::registry_api;
pub use route_source::{Departure, Source, route_source};
pub use tcp::{Attempt, ConnectFailure, Peer, proxy_without_address, tcp};
pub use tls::{Distrust, Handshake, tls};

/// A check that is not made, and why.
#[must_use]
pub fn skipped(check: Check, why: impl Into<String>) -> CheckResult {
    let expected = match check {
        Check::EnvRegion => "a machine where the declared mode is possible",
        Check::EnvProxy => "a way out that fits the declared mode",
        Check::DnsRegistry => "the registry's name resolves",
        Check::AddressClass => "addresses that fit the declared mode",
        Check::RouteSource => "packets to the registry have a way out",
        Check::Tcp => "the registry accepts connections",
        Check::Tls => "a trusted certificate for the registry's name",
        Check::RegistryApi => "/v2/ speaks the registry protocol",
        Check::Clock => "this machine's clock agrees with the registry's",
        Check::AuthToken => "the registry grants what the migrations need",
    };
    CheckResult::new(check, expected).skip(why)
}

/// `a, b and c`.
fn list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    let mut items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    match items.pop() {
        Some(last) if items.is_empty() => last,
        Some(last) => format!("{} and {last}", items.join(", ")),
        None => "nothing".to_owned(),
    }
}

/// `3 s`, or `250 ms` below two seconds.
fn span(duration: Duration) -> String {
    match duration.as_millis() {
        0 => "less than 1 ms".to_owned(),
        milliseconds @ 1..2000 => format!("{milliseconds} ms"),
        _ => format!("{} s", duration.as_secs()),
    }
}
