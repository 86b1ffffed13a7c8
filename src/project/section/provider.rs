//! `provider`: what runs at a registry's place, and for SWR where the services beside it are.

use super::arguments;
use crate::diag::{Spanned, did_you_mean, say};
use crate::image::RegistryHost;
use crate::network::{Services, known_regions, region_of, without_project};
use crate::project::declaration::{Edition, Place, Provider};
use crate::project::kdl::{Cursor, Fault, Shape};

pub(super) static PROVIDER: Shape = Shape::new("provider", "provider \"swr\" region=\"cn-north-4\" edition=\"basic\"")
    .takes(&[arguments::KIND])
    .properties(&OF_SWR);

/// What means something to SWR only.
const OF_SWR: [&str; 5] = ["region", "edition", "api-host", "obs-host", "tag-lists"];

const ENTERPRISE_DOMAIN: &str = ".swr-pro.myhuaweicloud.com";

pub(super) fn read(cursor: Cursor, place: Option<&Place>) -> Option<Provider> {
    #[derive(Clone, Copy, PartialEq)]
    enum Kind {
        Swr,
        Harbor,
        Generic,
    }
    let kinds = [("swr", Kind::Swr), ("harbor", Kind::Harbor), ("generic", Kind::Generic)];
    let kind = cursor.word(cursor.argument(0)?, &say!("provider", "服务类型"), &kinds)?.value;
    if kind == Kind::Swr {
        return swr(cursor, place);
    }
    for property in OF_SWR {
        if let Some(span) = cursor.property_span(property) {
            let fault = Fault::new(
                "useless",
                say!("`{property}` means nothing to this provider", "`{property}` 对这种服务没有意义", property),
            );
            cursor.add(
                fault
                    .on(span)
                    .help(say!("remove it, or write `provider \"swr\"`", "删除它，或者写 `provider \"swr\"`")),
            );
        }
    }
    Some(if kind == Kind::Harbor { Provider::Harbor } else { Provider::Generic })
}

fn swr(cursor: Cursor, place: Option<&Place>) -> Option<Provider> {
    let host = match place {
        Some(Place::Registry(host)) => Some(host.host()),
        _ => None,
    };
    let edition = edition(cursor, host);
    let region = region(cursor, host)?;
    let services = host.and_then(Services::beside).or_else(|| Services::of_region(&region));
    let names_hosts = ["api-host", "obs-host"].iter().any(|property| cursor.property(property).is_some());
    if edition == Some(Edition::Basic) && services.is_none() && !names_hosts {
        unknown_region(cursor, &region);
    }
    let (api, obs) = services.map(|services| (services.api, services.obs)).unzip();
    let (api, obs) = (named_host(cursor, "api-host").or(api), named_host(cursor, "obs-host").or(obs));
    let tag_lists = cursor.flag_of("tag-lists").unwrap_or(false);
    Some(Provider::Swr { region, edition: edition?, api, obs, tag_lists })
}

fn edition(cursor: Cursor, host: Option<&str>) -> Option<Edition> {
    let editions = [("basic", Edition::Basic), ("enterprise", Edition::Enterprise)];
    let edition = cursor.text_of("edition").map(|text| cursor.word(text, &say!("edition", "版本"), &editions));
    let edition = edition.map_or(Some(Edition::Basic), |edition| edition.map(|edition| edition.value));
    if edition == Some(Edition::Basic) && host.is_some_and(|host| host.ends_with(ENTERPRISE_DOMAIN)) {
        let fault = Fault::warning(
            "other-edition",
            say!("the host is SWR Enterprise, but the edition is basic", "主机是 SWR 企业版，而 edition 是 basic"),
        );
        cursor.add(fault.on(cursor.header()).help(say!(
            "write `edition=\"enterprise\"`: it takes manifests as they are",
            "写 `edition=\"enterprise\"`：企业版按原样接受清单"
        )));
    }
    edition
}

fn region(cursor: Cursor, host: Option<&str>) -> Option<String> {
    let known = host.and_then(region_of);
    let Some(written) = cursor.property("region") else {
        if known.is_none() && host.is_some() {
            let fault = Fault::new(
                "missing",
                say!(
                    "the host does not tell its region, and the provider has no `region`",
                    "从主机名看不出区域，provider 也没有 `region`"
                ),
            );
            cursor.add(fault.on(cursor.header()).help(say!(
                "write `provider \"swr\" region=\"cn-north-4\"`",
                "写 `provider \"swr\" region=\"cn-north-4\"`"
            )));
        }
        return known.map(str::to_owned);
    };
    let region = cursor.text(written)?;
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if region.is_empty() || !region.chars().all(is_plain) {
        let fault =
            Fault::new("bad-region", say!("not the name of a region or regional project", "不是区域名或区域项目名"))
                .on(region.span);
        cursor.add(fault.help(say!("write it as the console shows it: `cn-north-4`", "按控制台的写法：`cn-north-4`")));
        return None;
    }
    // A regional sub-project is `<region>_<name>`.
    if let Some(known) = known.filter(|known| !region.starts_with(known)) {
        let message = say!(
            "the host is in region `{known}`, but `region` says `{written}`",
            "主机在区域 `{known}`，而 `region` 写的是 `{written}`",
            known,
            written = region.value
        );
        let fault =
            Fault::warning("other-region", message).at(region.span, say!("logins will be refused", "登录会被拒绝"));
        cursor.add(fault.help(say!(
            "write `region=\"{known}\"`, or remove it",
            "写 `region=\"{known}\"`，或者删除它",
            known
        )));
    }
    Some(region.value.to_owned())
}

fn named_host(cursor: Cursor, property: &str) -> Option<RegistryHost> {
    let help = say!(
        "write a host without a scheme, as in `api-host=\"swr-api.cn-north-4.myhuaweicloud.com\"`",
        "写不带协议的主机名，例如 `api-host=\"swr-api.cn-north-4.myhuaweicloud.com\"`"
    );
    cursor.parsed(cursor.text_of(property)?, "bad-host", help).map(|host: Spanned<RegistryHost>| host.value)
}

fn unknown_region(cursor: Cursor, region: &str) {
    let span = cursor.property_span("region").unwrap_or(cursor.header());
    let fault = Fault::warning(
        "unknown-region",
        say!("no region `{region}` of SWR is known", "不认识 SWR 的区域 `{region}`", region),
    );
    let fault =
        fault.at(span, say!("its management API and object storage are not known", "不知道它的管理 API 和对象存储"));
    cursor.add(match did_you_mean(without_project(region), known_regions()) {
        Some(near) => fault.help(say!("did you mean `{near}`?", "是不是想写 `{near}`？", near)),
        None => fault.help(say!(
            "check the spelling, or name them with `api-host` and `obs-host`",
            "检查拼写，或者用 `api-host` 和 `obs-host` 写明"
        )),
    });
}
