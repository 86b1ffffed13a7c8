//! `network`: the path to a registry.

use std::net::IpAddr;

use globset::Glob;

use super::Names;
use crate::diag::Spanned;
use crate::lint::policy::Level;
use crate::network::{Check, Egress, Mode, Network, Via};
use crate::project::kdl::{Child, Cursor, Fault, Shape};

pub(super) static NETWORK: Shape = Shape::new("network", "network \"swr\" { mode \"private\"; }")
    .takes(&["registry"])
    .children(&[
        Child::once(&MODE),
        Child::once(&ENDPOINT),
        Child::once(&HOSTS_FILE),
        Child::once(&INTERFACE),
        Child::many(&CHECK),
    ])
    .planned(&[
        ("api-endpoint", "write the management API's address into the hosts file yourself"),
        ("obs-endpoint", "write OBS' address into the hosts file yourself"),
        ("bind-zone", "write the zone file yourself"),
    ]);

static MODE: Shape =
    Shape::new("mode", "mode \"vpc-endpoint\" via=\"direct-connect\"").takes(&["way"]).properties(&["egress", "via"]);

static ENDPOINT: Shape = Shape::new("endpoint", "endpoint \"172.16.0.12\"").takes(&["address"]);

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
    if let (Some(child), Some(Some(mode))) = (cursor.child("endpoint"), &mode)
        && !matches!(mode.value, Mode::VpcEndpoint { .. })
    {
        let fault = Fault::new("useless", format!("mode `{}` has no endpoint", mode.name())).at(child.header(), "");
        cursor.add(fault.help("remove it, or write `mode \"vpc-endpoint\"`"));
    }
    let interface = cursor.child("interface").map(interface);
    let levels = levels(cursor);
    Some(Network {
        registry: registry?,
        mode: mode.map_or(Some(None), |mode| mode.map(Some))?,
        endpoint: endpoint.map_or(Some(None), |endpoint| endpoint.map(Some))?,
        hosts_file: hosts_file.map_or(Some(None), |path| path.map(Some))?,
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
            fault.at(text.span, "").help("write the address of the VPC endpoint, as in `endpoint \"172.16.0.12\"`"),
        );
    }
    Some(Spanned::new(address?, text.span))
}

fn hosts_file(cursor: Cursor) -> Option<Spanned<std::path::PathBuf>> {
    if cursor.flag_of("manage") == Some(true)
        && let Some(span) = cursor.property_span("manage")
    {
        cursor.refuse("writing the hosts file", span, "write `manage=false` and the hosts file's lines yourself");
    }
    cursor.path(cursor.argument(0)?)
}

fn interface(cursor: Cursor) -> Option<Spanned<String>> {
    let text = cursor.argument(0)?;
    if let Err(error) = Glob::new(&text) {
        let fault = Fault::new("bad-glob", format!("not a glob over interfaces: {}", error.kind())).at(text.span, "");
        cursor.add(fault.help("write the interface as `ip link` shows it, `*` stands for any text: `tun*`"));
        return None;
    }
    Some(text.map(str::to_owned))
}

fn levels(cursor: Cursor) -> Vec<(Spanned<Check>, Level)> {
    let levels = [("off", Level::Off), ("warn", Level::Warning), ("warning", Level::Warning), ("error", Level::Error)];
    let checks = Check::ALL.map(|check| (check.name(), check));
    let mut read: Vec<(Spanned<Check>, Level)> = Vec::new();
    for child in cursor.children("check") {
        let check = child.argument(0).and_then(|text| child.word(text, "check", &checks, &PLANNED_CHECKS));
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

/// Checks of the design that do not run yet.
const PLANNED_CHECKS: [(&str, &str); 7] = {
    const HELP: &str = "remove this line: the check does not run, so it needs no level";
    [
        ("dns-api", HELP),
        ("dns-obs", HELP),
        ("auth-organization", HELP),
        ("obs-redirect", HELP),
        ("obs-redirect-repeat", HELP),
        ("large-record", HELP),
        ("ping", HELP),
    ]
};
