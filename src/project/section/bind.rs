//! `bind-zone` and `bind-forward`: what a name server of one's own is told about a registry's name.

use std::net::IpAddr;
use std::path::PathBuf;

use super::arguments;
use super::network::{needs_endpoint, no_address};
use crate::diag::{Spanned, say};
use crate::network::managed::{BindForward, BindZone, Service};
use crate::project::kdl::{Cursor, Fault, Shape};

pub(super) static ZONE: Shape = Shape::new("bind-zone", "bind-zone \"ops/named/swr.zone\" conf=\"ops/named/swr.conf\"")
    .takes(&[arguments::ZONE_FILE])
    .properties(&["conf", "file", "for", "manage"])
    .required(&["conf"]);

pub(super) static FORWARD: Shape =
    Shape::new("bind-forward", "bind-forward \"10.1.2.3\" conf=\"/etc/bind/named.conf.local\"")
        .takes_many(&[arguments::NAME_SERVER])
        .properties(&["conf", "manage"])
        .required(&["conf"]);

pub(super) fn read(network: Cursor) -> (Vec<BindZone>, Option<BindForward>) {
    let zones: Vec<(Cursor, BindZone)> =
        network.children(ZONE.name).filter_map(|child| Some((child, zone(child)?))).collect();
    for (at, (child, zone)) in zones.iter().enumerate() {
        if let Some((first, _)) = zones[..at].iter().find(|(_, other)| other.service == zone.service) {
            network.add(twice(*first, *child));
        }
        if zone.manage {
            needs_endpoint(network, *child, zone.service);
        }
        if zone.manage && zone.service == Service::Obs && network.child("obs-hosts").is_none() {
            network.add(nameless(*child));
        }
    }
    let other = network.child(FORWARD.name);
    let forward = other.and_then(self::forward);
    if let (Some((one, _)), Some(other)) = (zones.iter().find(|(_, zone)| zone.manage), other)
        && forward.as_ref().is_some_and(|forward| forward.manage)
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
    (zones.into_iter().map(|(_, zone)| zone).collect(), forward)
}

fn twice(first: Cursor, again: Cursor) -> Fault {
    let message = say!("two zone files are for the same hosts", "两个区域文件对应同样的主机");
    let fault = Fault::new("duplicate-node", message).at(again.header(), say!("again", "又一次"));
    fault.at(first.header(), say!("first here", "第一次在这里")).help(say!(
        "keep one of them, or write `for=\"api\"` or `for=\"obs\"` behind the other",
        "只保留一个，或者在另一个后面写 `for=\"api\"` 或 `for=\"obs\"`"
    ))
}

/// Storage hosts are known by their redirects alone, and no zone may answer for their whole domain.
fn nameless(zone: Cursor) -> Fault {
    let message = say!("the zone file has no host to be for", "这个区域文件没有对应的主机");
    Fault::new("missing", message).on(zone.header()).help(say!(
        "name the hosts of object storage, which `swrctl network` tells, with `obs-hosts`",
        "用 `obs-hosts` 写出对象存储的主机名，`swrctl network` 会显示它们"
    ))
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
    let services = [("registry", Service::Registry), ("api", Service::Api), ("obs", Service::Obs)];
    let service = match cursor.text_of("for") {
        Some(text) => cursor.word(text, &say!("service", "服务"), &services)?.value,
        None => Service::Registry,
    };
    Some(BindZone {
        service,
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
