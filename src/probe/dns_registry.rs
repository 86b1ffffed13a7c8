//! Asks the system's resolver and every name server by itself, and reads the hosts file.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use tokio::time::timeout;

use super::{PathTarget, name_servers};
use crate::diag::{Wording, say};
use crate::network::judge::{Answer, HostsFile, NameServer, Resolution};
use crate::network::{ResolvedBy, hosts};

pub(super) async fn observe(target: &PathTarget) -> Resolution {
    let host = target.host().host();
    let path = hosts_path(target);
    let (answer, servers, text) = tokio::join!(
        look_up(target, host),
        name_servers::ask_all(&target.resolv_conf, host, target.limits.dns),
        // A declared file may lie on a dead mount.
        timeout(target.limits.dns, hosts_text(target, path)),
    );
    let pins = match text {
        Ok(Ok(text)) => Ok(hosts::pins(&String::from_utf8_lossy(&text), host)),
        Ok(Err(reason)) => Err(reason),
        Err(_) => Err(say!("reading it does not end", "读取迟迟没有结束")),
    };
    Resolution {
        answer,
        servers,
        hosts: HostsFile {
            path: path.to_owned(),
            is_declared: target.hosts_file.is_some(),
            is_planned: target.planned_hosts.is_some(),
            pins,
        },
    }
}

/// Who says that the registry's name has these `addresses`, as far as that can be told from here.
pub(super) async fn resolved_by(target: &PathTarget, resolution: &Resolution, addresses: &[IpAddr]) -> ResolvedBy {
    let host = target.host().host();
    let planned = target.planned_hosts.as_ref().filter(|planned| planned.is_system);
    let text = match planned {
        Some(planned) => planned.text.clone(),
        None => timeout(target.limits.dns, read(Path::new(hosts::SYSTEM_FILE)))
            .await
            .unwrap_or(Ok(Vec::new()))
            .unwrap_or_default(),
    };
    let is_pinned =
        |pin: hosts::Pin| addresses.iter().any(|address| address.to_canonical() == pin.address.to_canonical());
    if hosts::pins(&String::from_utf8_lossy(&text), host).into_iter().any(is_pinned) {
        return ResolvedBy::HostsFile {};
    }
    // One that is silent now may be the one that answers the next time.
    let deny = |server: &NameServer| matches!(server.answer, Answer::None(_));
    if resolution.servers.iter().all(deny) {
        return ResolvedBy::System {};
    }
    ResolvedBy::NameServers { servers: resolution.servers.iter().map(|server| server.address).collect() }
}

/// The hosts file that is looked into: the declared one, or the system's.
pub(super) fn hosts_path(target: &PathTarget) -> &Path {
    target.hosts_file.as_deref().unwrap_or(Path::new(hosts::SYSTEM_FILE))
}

pub(super) async fn hosts_text(target: &PathTarget, path: &Path) -> Result<Vec<u8>, Wording> {
    match &target.planned_hosts {
        Some(planned) => Ok(planned.text.clone()),
        None => read(path).await,
    }
}

/// What the name will resolve to, where a hosts file that says so is still to be written.
pub(super) async fn look_up(target: &PathTarget, host: &str) -> Answer {
    let planned = target.planned_hosts.as_ref().map(|planned| planned.addresses(host)).unwrap_or_default();
    if planned.is_empty() { resolve(host, target.limits.dns).await } else { Answer::Addresses(planned) }
}

/// A pipe would keep its reader for ever, beyond any time limit.
pub(super) async fn read(path: &Path) -> Result<Vec<u8>, Wording> {
    let words = |error| Wording::of_system(&error);
    if tokio::fs::metadata(path).await.map_err(words)?.is_file() {
        tokio::fs::read(path).await.map_err(words)
    } else {
        Err(say!("not a regular file", "不是普通文件"))
    }
}

/// Addresses of `host` as every program on this machine sees them: hosts file, then name servers.
pub(super) async fn resolve(host: &str, limit: Duration) -> Answer {
    let mut addresses: Vec<IpAddr> = match timeout(limit, tokio::net::lookup_host((host, 0))).await {
        Err(_) => return Answer::TimedOut(limit),
        Ok(Err(error)) => return Answer::None(Wording::of_system(&error)),
        Ok(Ok(found)) => found.map(|address| address.ip()).collect(),
    };
    let mut seen = std::collections::BTreeSet::new();
    addresses.retain(|address| seen.insert(*address));
    if addresses.is_empty() {
        Answer::None(say!("the answer is empty", "应答是空的"))
    } else {
        Answer::Addresses(addresses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_systems_own_name_resolves_once_an_address() {
        let Answer::Addresses(addresses) = resolve("localhost", Duration::from_secs(3)).await else { panic!("known") };
        assert!(addresses.iter().all(IpAddr::is_loopback));
    }
}
