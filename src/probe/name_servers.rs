//! Asks every name server of `resolv.conf` itself, past the hosts file and past the order in which the system asks.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use futures_util::future::join_all;
use hickory_resolver::config::{
    ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use resolv_conf::{Config, ScopedIp};
use tokio::time::timeout;

use super::dns_registry::read;
use crate::diag::{Wording, say};
use crate::network::judge::{Answer, NameServer};

const DNS_PORT: u16 = 53;

/// What each server of the file at `resolv_conf` says about `host`, all asked at once. None where there is no such file
/// (Windows), and for a name without a dot, which the search list completes.
pub(super) async fn ask_all(resolv_conf: &Path, host: &str, limit: Duration) -> Vec<NameServer> {
    let Ok(Ok(text)) = timeout(limit, read(resolv_conf)).await else { return Vec::new() };
    if !host.contains('.') {
        return Vec::new();
    }
    join_all(servers(&text).into_iter().map(|address| ask(address, host, limit))).await
}

/// The servers in their order; what is not valid in the file is passed over, as the system does.
fn servers(resolv_conf: &[u8]) -> Vec<SocketAddr> {
    let (config, _) = Config::parse_with_errors(resolv_conf);
    let servers = config.nameservers.into_iter().filter_map(|server| match server {
        ScopedIp::V4(address) => Some(SocketAddr::from((address, DNS_PORT))),
        ScopedIp::V6(address, None) => Some(SocketAddr::from((address, DNS_PORT))),
        // A link-local server is reached by an interface that a socket address cannot name.
        ScopedIp::V6(_, Some(_)) => None,
    });
    let mut servers: Vec<_> = servers.collect();
    servers.dedup();
    servers
}

async fn ask(server: SocketAddr, host: &str, limit: Duration) -> NameServer {
    let answer = match timeout(limit, lookup(server, host, limit)).await {
        Ok(Err(NetError::Timeout)) | Err(_) => Answer::TimedOut(limit),
        Ok(Err(error)) => Answer::None(words(&error)),
        Ok(Ok(addresses)) => addresses,
    };
    NameServer { address: server.ip(), answer }
}

async fn lookup(server: SocketAddr, host: &str, limit: Duration) -> Result<Answer, NetError> {
    let [mut udp, mut tcp] = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
    (udp.port, tcp.port) = (server.port(), server.port());
    let server = NameServerConfig::new(server.ip(), true, vec![udp, tcp]);
    let config = ResolverConfig::from_name_servers(vec![server]);
    let mut builder = hickory_resolver::Resolver::builder_with_config(config, TokioRuntimeProvider::default());
    *builder.options_mut() = options(limit);
    let resolver = builder.build()?;
    // With the dot at its end the name is whole: no search list.
    let found = resolver.lookup_ip(format!("{}.", host.trim_end_matches('.'))).await?;
    let mut addresses: Vec<_> = found.iter().collect();
    addresses.sort_unstable();
    addresses.dedup();
    Ok(if addresses.is_empty() {
        Answer::None(say!("no address", "没有地址"))
    } else {
        Answer::Addresses(addresses)
    })
}

fn options(limit: Duration) -> ResolverOpts {
    let mut options = ResolverOpts::default();
    // A lost packet is no verdict: asked twice within the limit.
    (options.timeout, options.attempts) = (limit / 2, 1);
    options.use_hosts_file = ResolveHosts::Never;
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    options.cache_size = 0;
    options
}

fn words(error: &NetError) -> Wording {
    match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => match none.response_code {
            ResponseCode::NXDomain => say!("no such name (NXDOMAIN)", "没有这个域名（NXDOMAIN）"),
            ResponseCode::NoError => say!("the name has no address", "该域名没有地址"),
            code => Wording::foreign(code.to_str()),
        },
        NetError::Dns(DnsError::ResponseCode(code)) => say!("it answers {code}", "它答复 {code}", code = code.to_str()),
        NetError::NoConnections => say!("no answer", "没有应答"),
        error => Wording::foreign(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_read_as_the_system_reads_them() {
        let text = "# comment\nsearch corp.example\nnameserver 10.0.0.2\nnameserver nonsense\noptions ndots:5\n\
                    nameserver fd00::2\nnameserver fe80::1%eth0\nnameserver 10.0.0.3 # second\n";
        let addresses: Vec<String> = servers(text.as_bytes()).iter().map(ToString::to_string).collect();
        assert_eq!(addresses, ["10.0.0.2:53", "[fd00::2]:53", "10.0.0.3:53"]);
    }

    #[tokio::test]
    async fn a_server_that_is_silent_is_not_waited_for_beyond_the_limit() {
        let silent = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let limit = Duration::from_millis(400);
        let said = ask(silent.local_addr().unwrap(), "swr.corp.example", limit).await;
        assert_eq!(said.answer, Answer::TimedOut(limit));
    }
}
