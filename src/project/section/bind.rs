//! `bind-zone` and `bind-forward`: what a name server of one's own is told about a registry's name.

use std::net::IpAddr;
use std::path::PathBuf;

use super::arguments;
use super::network::{needs_endpoint, no_address};
use crate::diag::{Spanned, say};
use crate::network::managed::{BindForward, BindZone};
use crate::project::kdl::{Cursor, Fault, Shape};

pub(super) static ZONE: Shape = Shape::new("bind-zone", "bind-zone \"ops/named/swr.zone\" conf=\"ops/named/swr.conf\"")
    .takes(&[arguments::ZONE_FILE])
    .properties(&["conf", "file", "manage"])
    .required(&["conf"]);

pub(super) static FORWARD: Shape =
    Shape::new("bind-forward", "bind-forward \"10.1.2.3\" conf=\"/etc/bind/named.conf.local\"")
        .takes_many(&[arguments::NAME_SERVER])
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
        let message =
            say!("BIND answers for a name itself or forwards it, not both", "对同一个域名，BIND 只能自己应答或者转发");
        let fault = Fault::new("useless", message)
            .at(other.header(), say!("forwards", "转发"))
            .at(one.header(), say!("answers", "应答"));
        network.add(fault.help(say!(
            "keep one of them, or write `manage=false` behind the other",
            "只保留一个，或者在另一个后面写 `manage=false`"
        )));
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
        let message = say!("BIND cannot name such a file in its configuration", "BIND 的配置里写不了这样的文件名");
        cursor.add(Fault::new("bad-path", message).on(span).help(say!(
            "use a name without quotes, back-slashes and control characters",
            "换一个不含引号、反斜杠和控制字符的名字"
        )));
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
        cursor.add(no_address(text).help(say!(
            "write the address of a name server, as in `bind-forward \"10.1.2.3\"`",
            "写域名服务器的地址，例如 `bind-forward \"10.1.2.3\"`"
        )));
    }
    address
}

fn conf(cursor: Cursor) -> Option<Spanned<PathBuf>> {
    cursor.path_of("conf")
}

fn is_managed(cursor: Cursor) -> bool {
    cursor.flag_of("manage") != Some(false)
}
