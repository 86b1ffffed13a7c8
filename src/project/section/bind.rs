//! `bind-zone` and `bind-forward`: what a name server of one's own is told about a registry's name.

use std::net::IpAddr;
use std::path::PathBuf;

use super::network::needs_endpoint;
use crate::diag::Spanned;
use crate::network::managed::{BindForward, BindZone};
use crate::project::kdl::{Cursor, Fault, Shape};

pub(super) static ZONE: Shape = Shape::new("bind-zone", "bind-zone \"ops/named/swr.zone\" conf=\"ops/named/swr.conf\"")
    .takes(&["zone file"])
    .properties(&["conf", "file", "manage"])
    .required(&["conf"]);

pub(super) static FORWARD: Shape =
    Shape::new("bind-forward", "bind-forward \"10.1.2.3\" conf=\"/etc/bind/named.conf.local\"")
        .takes_many(&["name server"])
        .properties(&["conf", "manage"])
        .required(&["conf"]);

pub(super) fn read(network: Cursor) -> (Option<BindZone>, Option<BindForward>) {
    let (zone, forward) = (network.child(ZONE.name), network.child(FORWARD.name));
    let read = (zone.and_then(self::zone), forward.and_then(self::forward));
    if let Some(child) = zone
        && read.0.as_ref().is_some_and(|zone| zone.manage)
    {
        needs_endpoint(network, child);
    }
    if let ((Some(one), Some(other)), (Some(zone), Some(forward))) = ((zone, forward), &read)
        && zone.manage
        && forward.manage
    {
        let fault = Fault::new("useless", "BIND answers for a name itself or forwards it, not both");
        let fault = fault.at(other.header(), "forwards").at(one.header(), "answers");
        network.add(fault.help("keep one of them, or write `manage=false` behind the other"));
    }
    read
}

fn zone(cursor: Cursor) -> Option<BindZone> {
    let path = cursor.path(cursor.argument(0)?)?;
    let installed = cursor.text_of("file");
    // In a configuration's string, a back-slash or a quote would be something else.
    let quoted = [Some(path.value.to_string_lossy()), installed.map(|file| file.value.into())];
    if quoted.iter().flatten().any(|file| file.contains(['"', '\\']) || file.contains(char::is_control)) {
        let span = installed.map_or(path.span, |file| file.span);
        let fault = Fault::new("bad-path", "BIND cannot name such a file in its configuration").at(span, "");
        cursor.add(fault.help("use a name without quotes, back-slashes and control characters"));
        return None;
    }
    Some(BindZone {
        path,
        conf: conf(cursor)?,
        installed: installed.map(|file| file.value.to_owned()),
        manage: is_managed(cursor),
    })
}

fn forward(cursor: Cursor) -> Option<BindForward> {
    let servers: Vec<IpAddr> = cursor.arguments(0).into_iter().filter_map(|text| server(cursor, text)).collect();
    (!servers.is_empty()).then_some(())?;
    Some(BindForward { servers, conf: conf(cursor)?, manage: is_managed(cursor) })
}

fn server(cursor: Cursor, text: Spanned<&str>) -> Option<IpAddr> {
    let address = text.parse().ok();
    if address.is_none() {
        let fault = Fault::new("bad-address", format!("`{}` is not an IP address", text.escape_debug()));
        cursor
            .add(fault.at(text.span, "").help("write the address of a name server, as in `bind-forward \"10.1.2.3\"`"));
    }
    address
}

fn conf(cursor: Cursor) -> Option<Spanned<PathBuf>> {
    cursor.path_of("conf")
}

fn is_managed(cursor: Cursor) -> bool {
    cursor.flag_of("manage") != Some(false)
}
