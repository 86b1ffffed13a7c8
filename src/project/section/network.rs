//! `network`: the path to a registry.

use std::net::IpAddr;

use globset::Glob;

use super::{Names, arguments, bind};
use crate::diag::{Spanned, Wording, say};
use crate::image::RegistryHost;
use crate::lint::policy::Level;
use crate::network::managed::{Managed, Service};
use crate::network::{Check, Egress, Mode, Network, ProbeImage, Via};
use crate::project::kdl::{Child, Cursor, Fault, Shape};

pub(super) static NETWORK: Shape =
    Shape::new("network", "network \"swr\" { mode \"private\"; }").takes(&[arguments::REGISTRY]).children(&[
        Child::once(&MODE),
        Child::once(&ENDPOINT),
        Child::once(&API_ENDPOINT),
        Child::once(&OBS_ENDPOINT),
        Child::once(&OBS_HOSTS),
        Child::once(&HOSTS_FILE),
        Child::many(&bind::ZONE),
        Child::once(&bind::FORWARD),
        Child::once(&INTERFACE),
        Child::once(&PROBE_IMAGE),
        Child::many(&CHECK),
    ]);

static MODE: Shape = Shape::new("mode", "mode \"vpc-endpoint\" via=\"direct-connect\"")
    .takes(&[arguments::WAY])
    .properties(&["egress", "via"]);

static ENDPOINT: Shape = Shape::new("endpoint", "endpoint \"172.16.0.12\"").takes(&[arguments::ADDRESS]);

static API_ENDPOINT: Shape = Shape::new("api-endpoint", "api-endpoint \"172.16.0.13\"").takes(&[arguments::ADDRESS]);

static OBS_ENDPOINT: Shape =
    Shape::new("obs-endpoint", "obs-endpoint \"172.16.0.14\"").takes(&[arguments::ADDRESS]).properties(&["names"]);

static OBS_HOSTS: Shape =
    Shape::new("obs-hosts", "obs-hosts \"op-svc-swr-cn-north-4-backup.obs.cn-north-4.myhuaweicloud.com\"")
        .takes_many(&[arguments::HOST]);

static PROBE_IMAGE: Shape = Shape::new("probe-image", "probe-image \"portal/base:1.0\"").takes(&[arguments::IMAGE]);

static HOSTS_FILE: Shape =
    Shape::new("hosts-file", "hosts-file \"/etc/hosts\"").takes(&[arguments::PATH]).properties(&["manage"]);

static INTERFACE: Shape = Shape::new("interface", "interface \"tun*\"").takes(&[arguments::GLOB]);

static CHECK: Shape = Shape::new("check", "check \"env-proxy\" level=\"warn\"")
    .takes(&[arguments::NAME])
    .properties(&["level"])
    .required(&["level"]);

pub(super) fn read(cursor: Cursor, names: &Names) -> Option<Network> {
    let registry = cursor.argument(0).and_then(|name| names.registry(cursor, name));
    let mode = cursor.child("mode").map(mode);
    let endpoint = cursor.child("endpoint").map(endpoint);
    let hosts_file = cursor.child("hosts-file").map(hosts_file);
    let endpoints = ["endpoint", "api-endpoint", "obs-endpoint"].into_iter().filter_map(|name| cursor.child(name));
    if let Some(Some(mode)) = &mode
        && !matches!(mode.value, Mode::VpcEndpoint { .. })
    {
        for child in endpoints {
            let message = say!("mode `{mode}` has no endpoint", "模式 `{mode}` 没有终端节点", mode = mode.name());
            cursor.add(
                Fault::new("useless", message).on(child.header()).help(say!(
                    "remove it, or write `mode \"vpc-endpoint\"`",
                    "删除它，或者写 `mode \"vpc-endpoint\"`"
                )),
            );
        }
    }
    let interface = cursor.child("interface").map(interface);
    let api_endpoint = cursor.child("api-endpoint").and_then(self::endpoint);
    let obs_endpoint = cursor.child("obs-endpoint").and_then(self::endpoint);
    let obs_names = cursor.child("obs-endpoint").and_then(storage_names);
    let obs_hosts = cursor.child("obs-hosts").map(obs_hosts).unwrap_or_default();
    let probe_image = cursor.child("probe-image").and_then(probe_image);
    let managed = managed(cursor);
    let levels = levels(cursor);
    Some(Network {
        registry: registry?,
        mode: mode.map_or(Some(None), |mode| mode.map(Some))?,
        endpoint: endpoint.map_or(Some(None), |endpoint| endpoint.map(Some))?,
        api_endpoint,
        obs_endpoint,
        obs_names,
        obs_hosts,
        probe_image,
        hosts_file: hosts_file.map_or(Some(None), |path| path.map(Some))?,
        managed,
        interface: interface.map_or(Some(None), |interface| interface.map(Some))?,
        levels,
    })
}

fn mode(cursor: Cursor) -> Option<Spanned<Mode>> {
    let modes = [
        ("private", Mode::Private),
        ("public", Mode::Public { egress: None }),
        ("vpc-endpoint", Mode::VpcEndpoint { via: None }),
    ];
    let mode = cursor.word(cursor.argument(0)?, &say!("mode", "模式"), &modes)?;
    let egresses = [("nat", Egress::Nat), ("eip", Egress::Eip)];
    let vias = [("vpn", Via::Vpn), ("direct-connect", Via::DirectConnect)];
    let egress = cursor.text_of("egress").and_then(|text| cursor.word(text, &say!("egress", "出口"), &egresses));
    let via = cursor
        .text_of("via")
        .and_then(|text| cursor.word(text, &say!("way to an endpoint", "到终端节点的方式"), &vias));
    let of_other_modes: &[(&str, &str)] = match mode.value {
        Mode::Private => &[("egress", "public"), ("via", "vpc-endpoint")],
        Mode::Public { .. } => &[("via", "vpc-endpoint")],
        Mode::VpcEndpoint { .. } => &[("egress", "public")],
    };
    for (property, owner) in of_other_modes {
        if let Some(span) = cursor.property_span(property) {
            let fault = Fault::new(
                "useless",
                say!(
                    "mode `{mode}` has no `{property}`",
                    "模式 `{mode}` 没有 `{property}`",
                    mode = mode.name(),
                    property
                ),
            )
            .on(span);
            cursor.add(fault.help(say!(
                "remove it, or write `mode \"{owner}\"`",
                "删除它，或者写 `mode \"{owner}\"`",
                owner
            )));
        }
    }
    Some(mode.map(|mode| match mode {
        Mode::Private => Mode::Private,
        Mode::Public { .. } => Mode::Public { egress: egress.map(|egress| egress.value) },
        Mode::VpcEndpoint { .. } => Mode::VpcEndpoint { via: via.map(|via| via.value) },
    }))
}

fn endpoint(cursor: Cursor) -> Option<Spanned<IpAddr>> {
    let text = cursor.argument(0)?;
    let address = text.parse().ok();
    if address.is_none() {
        cursor.add(no_address(text).help(say!(
            "write the address of the VPC endpoint, as in `{node} \"172.16.0.12\"`",
            "写 VPC 终端节点的地址，例如 `{node} \"172.16.0.12\"`",
            node = *cursor.name()
        )));
    }
    Some(Spanned::new(address?, text.span))
}

pub(super) fn no_address(text: Spanned<&str>) -> Fault {
    let message = say!("`{text}` is not an IP address", "`{text}` 不是 IP 地址", text = text.escape_debug());
    Fault::new("bad-address", message).on(text.span)
}

fn probe_image(cursor: Cursor) -> Option<Spanned<ProbeImage>> {
    let help = say!(
        "write the repository without its registry, and a tag or a digest: `probe-image \"portal/base:1.0\"`",
        "写不带镜像仓库地址的仓库名，以及标签或摘要：`probe-image \"portal/base:1.0\"`"
    );
    cursor.parsed(cursor.argument(0)?, "bad-image-name", help)
}

fn hosts_file(cursor: Cursor) -> Option<Spanned<std::path::PathBuf>> {
    cursor.path(cursor.argument(0)?)
}

fn managed(network: Cursor) -> Managed {
    let hosts_file = network.child("hosts-file").filter(|child| child.flag_of("manage") == Some(true));
    if let Some(child) = hosts_file {
        needs_endpoint(network, child, Service::Registry);
        if let Some(hosts) = network.child("obs-hosts") {
            needs_endpoint(network, hosts, Service::Obs);
        }
    }
    let (zones, forward) = bind::read(network);
    Managed { hosts: hosts_file.is_some(), zones, forward }
}

/// What is written for `child` is the address of a service.
pub(super) fn needs_endpoint(cursor: Cursor, child: Cursor, service: Service) {
    let endpoint = service.endpoint();
    if cursor.child(endpoint).is_none() {
        let message = say!("`{node}` has no address to write", "`{node}` 没有可写的地址", node = child.name().value);
        cursor.add(Fault::new("missing", message).on(child.header()).help(say!(
            "add the address: `{endpoint} \"172.16.0.12\"`",
            "补上地址：`{endpoint} \"172.16.0.12\"`",
            endpoint
        )));
    }
}

fn obs_hosts(cursor: Cursor) -> Vec<Spanned<RegistryHost>> {
    let help = || {
        say!(
            "write whole hosts, as `swrctl network` tells them: no `*`, no scheme, no address",
            "写 `swrctl network` 显示的完整主机名：不带 `*`、协议和 IP 地址"
        )
    };
    let read = |text: Spanned<&str>| {
        let host: Spanned<RegistryHost> = cursor.parsed(text, "bad-host", help())?;
        if host.host().parse::<IpAddr>().is_ok() {
            let message =
                say!("`{text}` is an address: there is no name to write", "`{text}` 是地址：没有可写的域名", text);
            cursor.add(Fault::new("bad-host", message).on(text.span).help(help()));
            return None;
        }
        Some(host)
    };
    cursor.arguments(0).into_iter().filter_map(read).collect()
}

fn interface(cursor: Cursor) -> Option<Spanned<String>> {
    let help = say!(
        "write the interface as `ip link` shows it, `*` stands for any text: `tun*`",
        "写 `ip link` 显示的网卡名，`*` 代表任意文本：`tun*`"
    );
    glob(cursor, cursor.argument(0)?, help)
}

fn storage_names(cursor: Cursor) -> Option<Spanned<String>> {
    let help = say!(
        "write hosts, `*` stands for any text: `*.obs.cn-north-4.myhuaweicloud.com`",
        "写主机名，`*` 代表任意文本：`*.obs.cn-north-4.myhuaweicloud.com`"
    );
    glob(cursor, cursor.text_of("names")?, help)
}

fn glob(cursor: Cursor, text: Spanned<&str>, help: Wording) -> Option<Spanned<String>> {
    if let Err(error) = Glob::new(&text) {
        let message = say!("not a glob: {reason}", "不是通配模式：{reason}", reason = error.kind());
        cursor.add(Fault::new("bad-glob", message).on(text.span).help(help));
        return None;
    }
    Some(text.map(str::to_owned))
}

fn levels(cursor: Cursor) -> Vec<(Spanned<Check>, Level)> {
    let levels = [("off", Level::Off), ("warn", Level::Warning), ("warning", Level::Warning), ("error", Level::Error)];
    let checks = Check::ALL.map(|check| (check.name(), check));
    let mut read: Vec<(Spanned<Check>, Level)> = Vec::new();
    for child in cursor.children("check") {
        let check = child.argument(0).and_then(|text| child.word(text, &say!("check", "检查"), &checks));
        let level = child.text_of("level").and_then(|text| child.word(text, &say!("level", "级别"), &levels));
        let Some((check, level)) = check.zip(level) else { continue };
        if let Some((first, _)) = read.iter().find(|(first, _)| first.value == check.value) {
            let fault = Fault::new(
                "duplicate-node",
                say!("check `{check}` has two levels", "检查 `{check}` 有两个级别", check = check.value),
            );
            cursor.add(
                fault
                    .at(check.span, say!("again", "又一次"))
                    .at(first.span, say!("first here", "第一次在这里"))
                    .help(say!("keep one of them", "只保留一个")),
            );
        }
        read.push((check, level.value));
    }
    read
}
