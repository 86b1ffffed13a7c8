//! `provider`: what runs at a registry's place, and for SWR where the services beside it are.

use crate::diag::{Spanned, did_you_mean};
use crate::image::RegistryHost;
use crate::network::{Services, known_regions, region_of, without_project};
use crate::project::declaration::{Edition, Place, Provider};
use crate::project::kdl::{Cursor, Fault, Shape};

pub(super) static PROVIDER: Shape = Shape::new("provider", "provider \"swr\" region=\"cn-north-4\" edition=\"basic\"")
    .takes(&["kind"])
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
    let kind = cursor.word(cursor.argument(0)?, "provider", &kinds, &[])?.value;
    if kind == Kind::Swr {
        return swr(cursor, place);
    }
    for property in OF_SWR {
        if let Some(span) = cursor.property_span(property) {
            let fault = Fault::new("useless", format!("`{property}` means nothing to this provider"));
            cursor.add(fault.at(span, "").help("remove it, or write `provider \"swr\"`"));
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
    let edition = cursor.text_of("edition").map(|text| cursor.word(text, "edition", &editions, &[]));
    let edition = edition.map_or(Some(Edition::Basic), |edition| edition.map(|edition| edition.value));
    if edition == Some(Edition::Basic) && host.is_some_and(|host| host.ends_with(ENTERPRISE_DOMAIN)) {
        let fault = Fault::warning("other-edition", "the host is SWR Enterprise, but the edition is basic");
        cursor
            .add(fault.at(cursor.header(), "").help("write `edition=\"enterprise\"`: it takes manifests as they are"));
    }
    edition
}

fn region(cursor: Cursor, host: Option<&str>) -> Option<String> {
    let known = host.and_then(region_of);
    let Some(written) = cursor.property("region") else {
        if known.is_none() && host.is_some() {
            let fault = Fault::new("missing", "the host does not tell its region, and the provider has no `region`");
            cursor.add(fault.at(cursor.header(), "").help("write `provider \"swr\" region=\"cn-north-4\"`"));
        }
        return known.map(str::to_owned);
    };
    let region = cursor.text(written)?;
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if region.is_empty() || !region.chars().all(is_plain) {
        let fault = Fault::new("bad-region", "not the name of a region or regional project").at(region.span, "");
        cursor.add(fault.help("write it as the console shows it: `cn-north-4`"));
        return None;
    }
    // A regional sub-project is `<region>_<name>`.
    if let Some(known) = known.filter(|known| !region.starts_with(known)) {
        let message = format!("the host is in region `{known}`, but `region` says `{}`", region.value);
        let fault = Fault::warning("other-region", message).at(region.span, "logins will be refused");
        cursor.add(fault.help(format!("write `region=\"{known}\"`, or remove it")));
    }
    Some(region.value.to_owned())
}

fn named_host(cursor: Cursor, property: &str) -> Option<RegistryHost> {
    let help = "write a host without a scheme, as in `api-host=\"swr-api.cn-north-4.myhuaweicloud.com\"`";
    cursor.parsed(cursor.text_of(property)?, "bad-host", help).map(|host: Spanned<RegistryHost>| host.value)
}

fn unknown_region(cursor: Cursor, region: &str) {
    let span = cursor.property_span("region").unwrap_or(cursor.header());
    let fault = Fault::warning("unknown-region", format!("no region `{region}` of SWR is known"));
    let fault = fault.at(span, "its management API and object storage are not known");
    cursor.add(match did_you_mean(without_project(region), known_regions()) {
        Some(near) => fault.help(format!("did you mean `{near}`?")),
        None => fault.help("check the spelling, or name them with `api-host` and `obs-host`"),
    });
}
