//! The checks of [`crate::network`] as real probes: opens sockets, reads the hosts file, asks the registry. Words no
//! result: that is [`judge`]'s. Changes nothing anywhere.

mod auth_token;
mod beyond;
mod dns_registry;
mod large_record;
mod limits;
mod metadata;
mod name_servers;
mod organization;
mod ping;
mod planned_hosts;
mod prove;
mod registry_api;
mod route_source;
mod storage;
mod tcp;
mod tls;
mod trust;
mod tunnel;

#[cfg(test)]
mod tests;

pub use limits::Limits;
pub use planned_hosts::PlannedHosts;
pub use prove::{StorageHosts, prove, storage_hosts};

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use crate::diag::{Wording, say};
use crate::image::{RegistryHost, Repository};
use crate::lint::policy::Level;
use crate::network::judge::{self, Answer, Need, Peer};
use crate::network::{
    Check, CheckResult, Destination, Environment, Mode, Network, PathReport, ProbeImage, Proxy, ProxyScheme, Route,
    Verdict, WantedChecks, route,
};
use crate::registry::{Access, Client, TlsSettings};

/// A registry and all that is declared about the way to it.
pub struct PathTarget {
    /// Client of the registry, with its credentials.
    pub client: Client,
    pub network: Option<Network>,
    /// The hosts file as it will be when the plan is applied, where that changes it.
    pub planned_hosts: Option<PlannedHosts>,
    /// The declared hosts file, as the process must open it; none is the system's.
    pub hosts_file: Option<PathBuf>,
    /// The file that names this system's name servers.
    pub resolv_conf: PathBuf,
    /// The registry's region, where it is known to have one.
    pub region: Option<String>,
    /// The metadata service of this machine, `host:port`.
    pub metadata: String,
    /// Variables of this process.
    pub environment: Environment,
    /// What the migrations need.
    pub access: Vec<(Repository, Access)>,
    /// Writing into an organization that does not exist yet is no fault: a step of the plan creates it.
    pub creates_organization: bool,
    /// A repository of each organization that is pushed to, there or not.
    pub organizations: Vec<Repository>,
    /// Whether it is SWR, which keeps blobs in object storage.
    pub is_swr: bool,
    /// The host of its management API, where there is one.
    pub api: Option<RegistryHost>,
    /// Whether somebody reads from the registry.
    pub need: Need,
    pub limits: Limits,
    pub wanted: WantedChecks,
}

/// Without the environment, which holds passwords.
impl fmt::Debug for PathTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PathTarget")
            .field("client", &self.client)
            .field("network", &self.network)
            .field("hosts_file", &self.hosts_file)
            .field("access", &self.access)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl PathTarget {
    fn host(&self) -> &RegistryHost {
        self.client.host()
    }

    fn tls(&self) -> &TlsSettings {
        self.client.tls()
    }

    fn port(&self) -> u16 {
        self.host().port().unwrap_or(if self.tls().plain_http { 80 } else { 443 })
    }

    fn mode(&self) -> Option<Mode> {
        self.network.as_ref()?.mode.as_deref().copied()
    }

    fn interface(&self) -> Option<&str> {
        self.network.as_ref()?.interface.as_ref().map(|interface| interface.value.as_str())
    }

    fn endpoint(&self) -> Option<IpAddr> {
        self.network.as_ref()?.endpoint.as_deref().copied()
    }

    fn probe_image(&self) -> Option<&ProbeImage> {
        self.network.as_ref()?.probe_image.as_deref()
    }

    /// How much a failure of `check` weighs. What is off by default is not when it is asked for by its name.
    fn level(&self, check: Check) -> Level {
        let level = self.network.as_ref().map_or(check.default_level(), |network| network.level(check));
        let is_asked_for = check.default_level() == Level::Off && self.wanted.names(check);
        if level == Level::Off && is_asked_for { Level::Warning } else { level }
    }
}

/// Makes the wanted checks of the path to a registry, one after the other; each ends within its limit.
pub async fn path(target: &PathTarget) -> PathReport {
    let route = route(&target.environment, target.host().host(), target.tls().plain_http);
    let mut report = PathReport::default();
    if let Route::Through(proxy) = &route {
        report.taken.proxy = Some(proxy.to_string());
    }
    let mut walk = Walk { target, route, report };
    // No other check depends on the region, and outside a cloud its service is only silent.
    let (region, ()) = tokio::join!(env_region(target), walk.go());
    if let Some(region) = region {
        walk.record(region);
    }
    let mut report = walk.report;
    report.checks.retain(|result| target.wanted.shows(result));
    report.checks.sort_by_key(|result| result.check);
    report
}

async fn env_region(target: &PathTarget) -> Option<CheckResult> {
    if !target.wanted.makes(Check::EnvRegion) {
        return None;
    }
    let skipped = |why: Wording| Some(judge::skipped(Check::EnvRegion, why));
    let Some(region) = &target.region else {
        return skipped(say!("the registry belongs to no region", "镜像仓库不属于任何区域"));
    };
    match target.mode() {
        None => skipped(say!("no mode is declared", "没有声明模式")),
        Some(Mode::VpcEndpoint { .. }) => {
            skipped(say!("an endpoint is reached from outside the region too", "终端节点从区域外也可以访问"))
        }
        Some(mode) => {
            let here = metadata::region(&target.metadata, target.limits.metadata).await;
            Some(judge::env_region(mode, target.host().host(), region, &here))
        }
    }
}

const NO_ADDRESS: Wording = say!("no address is known", "没有已知的地址");

fn proxy_resolves(proxy: &Proxy) -> Wording {
    say!("the proxy {proxy} resolves the name", "域名由代理 {proxy} 解析", proxy)
}

/// What is to be done about a check.
enum Turn {
    Due,
    /// Not made, and what is to be recorded about that.
    Left(Option<CheckResult>),
}

struct Walk<'a> {
    target: &'a PathTarget,
    route: Route,
    report: PathReport,
}

impl Walk<'_> {
    async fn go(&mut self) {
        let result = judge::env_proxy(self.target.host().host(), self.target.mode(), &self.route);
        self.record(result);
        let addresses = self.dns_registry().await;
        self.address_class(&addresses);
        self.route_source(&addresses);
        let (ping, (tcp, connected)) =
            tokio::join!(self.when_due(Check::Ping, self.ping(&addresses)), self.tcp(&addresses));
        self.record_all([ping, tcp]);
        self.tls(connected).await;
        self.registry_api().await;
        self.clock();
        // Boxed: what asks the registry so often holds much.
        Box::pin(self.beyond()).await;
    }

    /// Takes a result in, weighed as the project file says.
    fn record(&mut self, result: CheckResult) {
        let level = self.target.level(result.check);
        self.report.checks.push(result.weighed(level));
    }

    fn record_all<const N: usize>(&mut self, results: [Option<CheckResult>; N]) {
        for result in results.into_iter().flatten() {
            self.record(result);
        }
    }

    /// Whether `check` is to be made now: somebody wants it, and no check that it needs has failed.
    fn turn(&self, check: Check) -> Turn {
        if !self.target.wanted.makes(check) {
            return Turn::Left(None);
        }
        let stops = |result: &&CheckResult| check.needs().contains(&result.check) && result.check.stops(result.verdict);
        match self.report.checks.iter().find(stops).map(|result| result.check) {
            Some(blocker) => {
                let why = say!("{blocker} failed", "{blocker} 失败", blocker);
                Turn::Left(Some(judge::skipped(check, why)))
            }
            None => Turn::Due,
        }
    }

    /// Whether `check` is to be left; where a check that it needs has failed, that is recorded.
    fn is_left(&mut self, check: Check) -> bool {
        match self.turn(check) {
            Turn::Due => false,
            Turn::Left(result) => {
                self.record_all([result]);
                true
            }
        }
    }

    /// The result of `check`: what `probe` finds where its turn has come.
    async fn when_due(&self, check: Check, probe: impl Future<Output = CheckResult>) -> Option<CheckResult> {
        match self.turn(check) {
            Turn::Due => Some(probe.await),
            Turn::Left(result) => result,
        }
    }

    /// Addresses of the registry; none where they are unknown or the proxy's business.
    async fn dns_registry(&mut self) -> Vec<IpAddr> {
        let host = self.target.host().host();
        if self.is_left(Check::DnsRegistry) {
            return Vec::new();
        }
        if let Route::Through(proxy) = &self.route {
            let skipped = judge::skipped(Check::DnsRegistry, proxy_resolves(proxy));
            self.record(skipped);
            return Vec::new();
        }
        if let Ok(address) = host.parse() {
            self.record(judge::literal_address(host));
            return self.lead_to(vec![address]);
        }
        let resolution = dns_registry::observe(self.target).await;
        let endpoint = self.target.endpoint();
        let mut result = judge::dns_registry(host, endpoint, &resolution);
        if result.verdict == Verdict::Fail
            && let Some(network) = &self.target.network
            && let Some(fix) = judge::managed_fix(host, endpoint, &network.managed, &resolution.hosts)
        {
            result.fix = Some(fix);
        }
        self.record(result);
        match &resolution.answer {
            Answer::Addresses(addresses) => {
                let by = dns_registry::resolved_by(self.target, &resolution, addresses).await;
                self.report.taken.resolved_by = Some(by);
                self.lead_to(addresses.clone())
            }
            Answer::None(_) | Answer::TimedOut(_) => Vec::new(),
        }
    }

    /// Notes where the registry's addresses lead.
    fn lead_to(&mut self, addresses: Vec<IpAddr>) -> Vec<IpAddr> {
        let endpoint = self.target.endpoint();
        self.report.taken.addresses = addresses.iter().map(|address| Destination::of(*address, endpoint)).collect();
        addresses
    }

    fn address_class(&mut self, addresses: &[IpAddr]) {
        if self.is_left(Check::AddressClass) {
            return;
        }
        let (target, mode) = (self.target, self.target.mode());
        let result = match (mode, &self.route) {
            (Some(_), Route::Through(proxy)) => judge::skipped(Check::AddressClass, proxy_resolves(proxy)),
            (Some(_), Route::Direct(_)) if addresses.is_empty() => judge::skipped(Check::AddressClass, NO_ADDRESS),
            _ => judge::address_class(target.host().host(), mode, target.endpoint(), addresses),
        };
        self.record(result);
    }

    fn route_source(&mut self, addresses: &[IpAddr]) {
        if self.is_left(Check::RouteSource) {
            return;
        }
        let result = match &self.route {
            Route::Through(proxy) => {
                let why = say!("packets go to the proxy {proxy}", "数据包发往代理 {proxy}", proxy);
                judge::skipped(Check::RouteSource, why)
            }
            Route::Direct(_) if addresses.is_empty() => judge::skipped(Check::RouteSource, NO_ADDRESS),
            Route::Direct(_) => judge::route_source(&route_source::observe(addresses), self.target.interface()),
        };
        self.record(result);
    }

    async fn ping(&self, addresses: &[IpAddr]) -> CheckResult {
        if self.target.level(Check::Ping) == Level::Off {
            let why = say!(
                "off by default: `check \"ping\" level=\"warn\"` or `--only ping` makes it",
                "默认不执行：用 `check \"ping\" level=\"warn\"` 或 `--only ping` 开启"
            );
            return judge::skipped(Check::Ping, why);
        }
        match &self.route {
            Route::Through(proxy) => judge::skipped(Check::Ping, proxy_resolves(proxy)),
            Route::Direct(_) => judge::ping(&ping::observe(addresses, self.target.limits.ping).await),
        }
    }

    /// The result, and the addresses that accepted a connection: the registry's, or the proxy's.
    async fn tcp(&self, addresses: &[IpAddr]) -> (Option<CheckResult>, Vec<SocketAddr>) {
        if let Turn::Left(result) = self.turn(Check::Tcp) {
            return (result, Vec::new());
        }
        let limits = self.target.limits;
        let attempts;
        let result = match &self.route {
            Route::Direct(_) => {
                attempts = tcp::observe(addresses, self.target.port(), limits.tcp).await;
                judge::tcp(Peer::Registry(self.target.host().as_str()), &attempts)
            }
            Route::Through(proxy) => match dns_registry::resolve(&proxy.host, limits.dns).await {
                Answer::Addresses(addresses) => {
                    attempts = tcp::observe(&addresses, proxy.port, limits.tcp).await;
                    judge::tcp(Peer::Proxy(proxy), &attempts)
                }
                answer => {
                    attempts = Vec::new();
                    judge::proxy_without_address(proxy, &answer)
                }
            },
        };
        let connected = attempts.iter().filter(|attempt| attempt.outcome.is_ok()).map(|attempt| attempt.address);
        (Some(result), connected.collect())
    }

    async fn tls(&mut self, connected: Vec<SocketAddr>) {
        if self.is_left(Check::Tls) {
            return;
        }
        let result = match (connected.as_slice(), &self.route) {
            _ if self.target.tls().plain_http => {
                judge::skipped(Check::Tls, say!("`plain-http=true` is declared", "声明了 `plain-http=true`"))
            }
            (_, Route::Through(proxy)) if proxy.scheme != ProxyScheme::Http => judge::skipped(
                Check::Tls,
                say!(
                    "{proxy} is itself reached through TLS or SOCKS; registry-api makes the handshake",
                    "{proxy} 本身要通过 TLS 或 SOCKS 访问；握手由 registry-api 完成",
                    proxy
                ),
            ),
            ([], _) => judge::skipped(Check::Tls, say!("no connection to make it over", "没有可用的连接")),
            (addresses, route) => {
                let (handshake, keys) = tls::observe(self.target, route, addresses).await;
                self.report.taken.certificate_keys = keys;
                judge::tls(self.target.host().host(), &handshake)
            }
        };
        self.record(result);
    }

    async fn registry_api(&mut self) {
        if !self.is_left(Check::RegistryApi) {
            let result = registry_api::observe(self.target).await;
            self.record(result);
        }
    }

    fn clock(&mut self) {
        if !self.is_left(Check::Clock) {
            self.record(judge::clock(self.target.client.clock_ahead()));
        }
    }
}
