//! Files that apply keeps lines in: what they name, and that each has one use.

use std::path::PathBuf;

use super::{Faults, Place, Sections, find};
use crate::diag::{Span, say};
use crate::network::Network;
use crate::network::managed::{self, Form, Service};
use crate::project::kdl::Fault;

pub(super) fn check(sections: &Sections, faults: &Faults) {
    addresses_are_not_named(sections, faults);
    apis_are_known(sections, faults);
    files_have_one_use(sections, faults);
}

/// Files are written that give a name an address.
fn addresses_are_not_named(sections: &Sections, faults: &Faults) {
    for network in sections.networks.iter().filter(|network| network.managed.is_any()) {
        if let Some(Place::Registry(host)) = find(sections, &network.registry).map(|registry| &registry.place)
            && host.host().parse::<std::net::IpAddr>().is_ok()
        {
            let message =
                say!("`{host}` is an address: there is no name to write", "`{host}` 是地址：没有可写的域名", host);
            let help = say!(
                "remove `manage=true`, `bind-zone` and `bind-forward`, or name the registry's host",
                "删除 `manage=true`、`bind-zone` 和 `bind-forward`，或者用主机名写这个镜像仓库"
            );
            faults.add(Fault::new("useless", message).on(network.registry.span).help(help));
        }
    }
}

/// A zone file for the management API needs to know its host.
fn apis_are_known(sections: &Sections, faults: &Faults) {
    for network in &sections.networks {
        let zone = network.managed.zones.iter().find(|zone| zone.manage && zone.service == Service::Api);
        if let Some((zone, registry)) = zone.zip(find(sections, &network.registry))
            && registry.api_host().is_none()
        {
            let message = say!(
                "no host of a management API is known for `{name}`",
                "不知道 `{name}` 的管理 API 主机",
                name = *network.registry
            );
            let help = say!(
                "name it behind `provider \"swr\"` with `api-host`, or remove this zone file",
                "在 `provider \"swr\"` 后面用 `api-host` 写明，或者删除这个区域文件"
            );
            faults.add(Fault::new("missing", message).on(zone.path.span).help(help));
        }
    }
}

/// A file is of one kind, and a zone file is of one service.
fn files_have_one_use(sections: &Sections, faults: &Faults) {
    let mut uses: Vec<(PathBuf, Form, Span)> = Vec::new();
    for (path, form) in sections.networks.iter().flat_map(Network::files) {
        let plain = managed::plain(path);
        match uses.iter().find(|(other, ..)| *other == plain) {
            Some((_, other, first)) if *other != form || form == Form::Zone => {
                let message = if *other == form {
                    say!("two zones cannot be in one file", "一个文件放不下两个区域")
                } else {
                    let (one, other) = (form.name(), other.name());
                    say!("one file cannot be {other} and {one}", "一个文件不能既是{other}又是{one}", other, one)
                };
                let fault = Fault::new("two-uses", message).at(path.span, say!("again", "又一次"));
                let fault = fault.at(*first, say!("first here", "第一次在这里"));
                faults.add(fault.help(say!("name another file", "换一个文件")));
            }
            Some(_) => {}
            None => uses.push((plain, form, path.span)),
        }
    }
}
