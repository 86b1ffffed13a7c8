//! `network`: the path to a registry.

use std::net::IpAddr;

use globset::Glob;

use super::{Names, bind};
use crate::diag::Spanned;
use crate::lint::policy::Level;
use crate::network::managed::Managed;
use crate::network::{Check, Egress, Mode, Network, ProbeImage, Via};
use crate::project::kdl::{Child, Cursor, Fault, Shape};

pub(super) static NETWORK: Shape =
    Shape::new("network", "network \"swr\" { mode \"private\"; }").takes(&["registry"]).children(&[
        Child::once(&MODE),
        Child::once(&ENDPOINT),
        Child::once(&API_ENDPOINT),
        Child::once(&OBS_ENDPOINT),
        Child::once(&HOSTS_FILE),
        Child::once(&bind::ZONE),
        Child::once(&bind::FORWARD),
        Child::once(&INTERFACE),
        Child::once(&PROBE_IMAGE),
        Child::many(&CHECK),
    ]);

static MODE: Shape =
    Shape::new("mode", "mode \"vpc-endpoint\" via=\"direct-connect\"").takes(&["way"]).properties(&["egress", "via"]);

static ENDPOINT: Shape = Shape::new("endpoint", "endpoint \"172.16.0.12\"").takes(&["address"]);

static API_ENDPOINT: Shape = Shape::new("api-endpoint", "api-endpoint \"172.16.0.13\"").takes(&["address"]);

static OBS_ENDPOINT: Shape =
    Shape::new("obs-endpoint", "obs-endpoint \"172.16.0.14\"").takes(&["address"]).properties(&["names"]);

static PROBE_IMAGE: Shape = Shape::new("probe-image", "probe-image \"portal/base:1.0\"").takes(&["image"]);

static HOSTS_FILE: Shape =
    Shape::new("hosts-file", "hosts-file \"/etc/hosts\"").takes(&["path"]).properties(&["manage"]);

static INTERFACE: Shape = Shape::new("interface", "interface \"tun*\"").takes(&["glob"]);

static CHECK: Shape = Shape::new("check", "check \"env-proxy\" level=\"warn\"")
    .takes(&["name"])
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
            let fault = Fault::new("useless", format!("mode `{}` has no endpoint", mode.name())).at(child.header(), "");
            cursor.add(fault.help("remove it, or write `mode \"vpc-endpoint\"`"));
        }
    }
    let interface = cursor.child("interface").map(interface);
    let api_endpoint = cursor.child("api-endpoint").and_then(self::endpoint);
    let obs_endpoint = cursor.child("obs-endpoint").and_then(self::endpoint);
    let obs_names = cursor.child("obs-endpoint").and_then(storage_names);
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
    let mode = cursor.word(cursor.argument(0)?, "mode", &modes, &[])?;
    let egresses = [("nat", Egress::Nat), ("eip", Egress::Eip)];
    let vias = [("vpn", Via::Vpn), ("direct-connect", Via::DirectConnect)];
    let egress = cursor.text_of("egress").and_then(|text| cursor.word(text, "egress", &egresses, &[]));
    let via = cursor.text_of("via").and_then(|text| cursor.word(text, "way to an endpoint", &vias, &[]));
    let of_other_modes: &[(&str, &str)] = match mode.value {
        Mode::Private => &[("egress", "public"), ("via", "vpc-endpoint")],
        Mode::Public { .. } => &[("via", "vpc-endpoint")],
        Mode::VpcEndpoint { .. } => &[("egress", "public")],
    };
    for (property, owner) in of_other_modes {
        if let Some(span) = cursor.property_span(property) {
            let fault = Fault::new("useless", format!("mode `{}` has no `{property}`", mode.name())).at(span, "");
            cursor.add(fault.help(format!("remove it, or write `mode \"{owner}\"`")));
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
        let fault = Fault::new("bad-address", format!("`{}` is not an IP address", text.escape_debug()));
        cursor.add(
            fault
                .at(text.span, "")
                .help(format!("write the address of the VPC endpoint, as in `{} \"172.16.0.12\"`", *cursor.name())),
        );
    }
    Some(Spanned::new(address?, text.span))
}

fn probe_image(cursor: Cursor) -> Option<Spanned<ProbeImage>> {
    let help = "write the repository without its registry, and a tag or a digest: `probe-image \"portal/base:1.0\"`";
    cursor.parsed(cursor.argument(0)?, "bad-image-name", help)
}

fn hosts_file(cursor: Cursor) -> Option<Spanned<std::path::PathBuf>> {
    cursor.path(cursor.argument(0)?)
}

fn managed(network: Cursor) -> Managed {
    let hosts_file = network.child("hosts-file").filter(|child| child.flag_of("manage") == Some(true));
    if let Some(child) = hosts_file {
        needs_endpoint(network, child);
    }
    let (zone, forward) = bind::read(network);
    Managed { hosts: hosts_file.is_some(), zone, forward }
}

/// What is written by `child` is the endpoint's address.
pub(super) fn needs_endpoint(cursor: Cursor, child: Cursor) {
    if cursor.child("endpoint").is_none() {
        let fault = Fault::new("missing", format!("`{}` has no address to write", child.name().value));
        cursor.add(fault.at(child.header(), "").help("add the address: `endpoint \"172.16.0.12\"`"));
    }
}

fn interface(cursor: Cursor) -> Option<Spanned<String>> {
    glob(cursor, cursor.argument(0)?, "write the interface as `ip link` shows it, `*` stands for any text: `tun*`")
}

fn storage_names(cursor: Cursor) -> Option<Spanned<String>> {
    glob(cursor, cursor.text_of("names")?, "write hosts, `*` stands for any text: `*.obs.cn-north-4.myhuaweicloud.com`")
}

fn glob(cursor: Cursor, text: Spanned<&str>, help: &str) -> Option<Spanned<String>> {
    if let Err(error) = Glob::new(&text) {
        let fault = Fault::new("bad-glob", format!("not a glob: {}", error.kind())).at(text.span, "");
        cursor.add(fault.help(help));
        return None;
    }
    Some(text.map(str::to_owned))
}

fn levels(cursor: Cursor) -> Vec<(Spanned<Check>, Level)> {
    let levels = [("off", Level::Off), ("warn", Level::Warning), ("warning", Level::Warning), ("error", Level::Error)];
    let checks = Check::ALL.map(|check| (check.name(), check));
    let mut read: Vec<(Spanned<Check>, Level)> = Vec::new();
    for child in cursor.children("check") {
        let check = child.argument(0).and_then(|text| child.word(text, "check", &checks, &[]));
        let level = child.text_of("level").and_then(|text| child.word(text, "level", &levels, &[]));
        let Some((check, level)) = check.zip(level) else { continue };
        if let Some((first, _)) = read.iter().find(|(first, _)| first.value == check.value) {
            let fault = Fault::new("duplicate-node", format!("check `{}` has two levels", check.value));
            cursor.add(fault.at(check.span, "again").at(first.span, "first here").help("keep one of them"));
        }
        read.push((check, level.value));
    }
    read
}
