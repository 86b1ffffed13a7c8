//! Turns what was observed into [`CheckResult`]s: one pure function a check. All wording of results lives here.

mod address_class;
mod auth_token;
mod clock;
mod dns_api;
mod dns_registry;
mod env_proxy;
mod env_region;
mod large_record;
mod leg;
mod name_servers;
mod obs;
mod organization;
mod ping;
mod registry_api;
mod route_source;
mod tcp;
mod tls;

use std::time::Duration;

use super::{Check, CheckResult};
use crate::diag::{Wording, say};

pub use address_class::address_class;
pub use auth_token::{Asked, Grant, auth_token, login};
pub use clock::clock;
pub use dns_api::dns_api;
pub use dns_registry::{Answer, HostsFile, Resolution, dns_registry, literal_address, managed_fix};
pub use env_proxy::env_proxy;
pub use env_region::env_region;
pub use large_record::{LargeRequest, large_record};
pub use leg::{Expectation, Leg, Way};
pub use name_servers::NameServer;
pub use obs::{
    FetchFailure, Fetched, Need, StoragePins, dns_obs, obs_redirect, obs_redirect_repeat, storage_is_registry,
    storage_unknown,
};
pub use organization::{Membership, Standing, auth_organization};
pub use ping::{Echo, ping};
pub use registry_api::registry_api;
pub use route_source::{Departure, Source, route_source};
pub use tcp::{Attempt, ConnectFailure, Peer, proxy_without_address, tcp};
pub use tls::{Distrust, Handshake, tls};

/// A check that is not made, and why.
#[must_use]
pub fn skipped(check: Check, why: Wording) -> CheckResult {
    let expected = match check {
        Check::EnvRegion => say!("a machine where the declared mode is possible", "本机能够使用声明的模式"),
        Check::EnvProxy => say!("a way out that fits the declared mode", "出口与声明的模式相符"),
        Check::DnsRegistry => say!("the registry's name resolves", "镜像仓库的域名能够解析"),
        Check::AddressClass => say!("addresses that fit the declared mode", "地址与声明的模式相符"),
        Check::RouteSource => say!("packets to the registry have a way out", "发往镜像仓库的数据包有出口"),
        Check::Tcp => say!("the registry accepts connections", "镜像仓库接受连接"),
        Check::Tls => say!("a trusted certificate for the registry's name", "镜像仓库的域名有受信任的证书"),
        Check::RegistryApi => say!("/v2/ speaks the registry protocol", "/v2/ 遵循镜像仓库协议"),
        Check::Clock => say!("this machine's clock agrees with the registry's", "本机时钟与镜像仓库一致"),
        Check::Ping => say!("the registry's addresses echo", "镜像仓库的地址有回显"),
        Check::LargeRecord => say!("requests in full packets are answered", "占满数据包的请求得到应答"),
        Check::DnsApi => say!("the management API's name resolves", "管理 API 的域名能够解析"),
        Check::AuthOrganization => say!("the organizations that are pushed to exist", "要推送到的组织存在"),
        Check::DnsObs => {
            say!("the names of object storage (OBS) resolve as the mode wants", "对象存储（OBS）的域名按模式的要求解析")
        }
        Check::ObsRedirect => {
            say!("a byte of a blob can be read from object storage", "可以从对象存储读取数据块的一个字节")
        }
        Check::ObsRedirectRepeat => {
            say!("both clusters of object storage hand out blobs", "对象存储的两个集群都可以读取数据块")
        }
        Check::AuthToken => say!("the registry grants what the migrations need", "镜像仓库授予迁移所需的权限"),
    };
    CheckResult::new(check, expected).skip(why)
}

/// What is said where nothing came in time.
fn silence(limit: Duration) -> Wording {
    say!("no answer within {limit}", "{limit}内没有应答", limit = span(limit))
}

/// `3 s`, or `250 ms` below two seconds.
fn span(duration: Duration) -> Wording {
    match duration.as_millis() {
        0 => say!("less than 1 ms", "不到 1 毫秒"),
        milliseconds @ 1..2000 => say!("{milliseconds} ms", "{milliseconds} 毫秒", milliseconds),
        _ => say!("{seconds} s", "{seconds} 秒", seconds = duration.as_secs()),
    }
}
