//! `registry`: where images live and how to get there.

use super::{arguments, auth, provider};
use crate::diag::{Spanned, Wording, say};
use crate::image::{RegistryHost, Repository};
use crate::project::declaration::{ByteRate, Limits, Place, Provider, RegistryDecl, Tls};
use crate::project::kdl::{Child, Cursor, Fault, Shape};

pub(super) static REGISTRY: Shape =
    Shape::new("registry", "registry \"swr\" \"swr.cn-north-4.myhuaweicloud.com\" { provider \"swr\"; }")
        .takes(&[arguments::NAME, arguments::PLACE])
        .children(&[
            Child::once(&provider::PROVIDER),
            Child::once(&ORGANIZATION),
            Child::once(&TLS),
            Child::once(&auth::AUTH),
            Child::once(&LIMIT),
        ]);

static ORGANIZATION: Shape =
    Shape::new("organization", "organization \"portal\"").takes(&[arguments::NAME]).properties(&["create"]);

static TLS: Shape =
    Shape::new("tls", "tls ca=\"certs/corp.pem\"").properties(&["ca", "verify", "plain-http", "client-certificate"]);

static LIMIT: Shape =
    Shape::new("limit", "limit requests-per-second=15 concurrency=8 uploads=16 bandwidth=\"20MiB/s\"").properties(&[
        "requests-per-second",
        "concurrency",
        "uploads",
        "connections-per-blob",
        "bandwidth",
    ]);

/// Schemes of places that are known but not there yet.
const PLANNED_PLACES: [(&str, &Wording); 2] = [
    (
        "docker-archive:",
        &say!(
            "unpack the archive with `skopeo copy` into an `oci-layout:DIR`",
            "用 `skopeo copy` 把归档解到 `oci-layout:DIR`"
        ),
    ),
    (
        "docker-engine:",
        &say!(
            "push the images to a registry, or write them into an `oci-layout:DIR` with `skopeo copy`",
            "把镜像推送到镜像仓库，或者用 `skopeo copy` 写入 `oci-layout:DIR`"
        ),
    ),
];

pub(super) fn read(cursor: Cursor) -> Option<RegistryDecl> {
    let name = name(cursor, &say!("registry", "镜像仓库")).filter(|name| is_free(cursor, name));
    let place = place(cursor);
    let provider = cursor.child("provider").map(|child| provider::read(child, place.as_ref()));
    let organization = cursor.child("organization").map(organization);
    let create_organization = cursor.child("organization").and_then(|child| child.flag_of("create")).unwrap_or(false);
    let tls = cursor.child("tls").map(tls).unwrap_or_default();
    let auth = cursor.child("auth").and_then(auth::read).unwrap_or_default();
    let limits = cursor.child("limit").map(limits).unwrap_or_default();
    if matches!(&place, Some(Place::OciLayout(_))) {
        refuse_on_a_directory(cursor);
    }
    Some(RegistryDecl {
        name: name?,
        place: place?,
        directory: None,
        provider: provider.unwrap_or(Some(Provider::Generic))?,
        organization: organization.map_or(Some(None), |organization| organization.map(Some))?,
        create_organization,
        tls,
        auth,
        limits,
    })
}

/// The first argument as a name that can be part of a step's address.
pub(super) fn name(cursor: Cursor, what: &Wording) -> Option<Spanned<String>> {
    let name = cursor.argument(0)?;
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.is_empty() || name.len() > 64 || !name.chars().all(is_plain) {
        let fault = Fault::new("bad-name", say!("not a name for a {what}", "不能用作{what}的名字", what)).on(name.span);
        cursor.add(
            fault.help(say!("use up to 64 letters, digits, `.`, `_` and `-`", "最多 64 个字母、数字、`.`、`_` 和 `-`")),
        );
        return None;
    }
    Some(name.map(str::to_owned))
}

/// `gates` gives some words a meaning of their own.
fn is_free(cursor: Cursor, name: &Spanned<String>) -> bool {
    let taken = matches!(name.as_str(), "all" | "none");
    if taken {
        let fault = Fault::new(
            "bad-name",
            say!("no registry can be named `{name}`", "镜像仓库不能叫 `{name}`", name = name.value),
        )
        .on(name.span);
        cursor.add(fault.help(say!(
            "choose another name: this one means something else in `gates`",
            "换一个名字：它在 `gates` 里有别的含义"
        )));
    }
    !taken
}

fn place(cursor: Cursor) -> Option<Place> {
    let text = cursor.argument(1)?;
    if let Some(directory) = text.strip_prefix("oci-layout:") {
        return cursor.path(Spanned::new(directory, text.span)).map(|path| Place::OciLayout(path.value));
    }
    if text.contains('@') {
        cursor.mask(text.span);
        let fault = Fault::new(
            "literal-secret",
            say!("the registry's address holds a user name or password", "镜像仓库地址里写了用户名或密码"),
        );
        let help = say!(
            "write `host[:port]` only, and `auth { username \"…\"; password env=\"…\"; }`",
            "只写 `host[:port]`，另写 `auth { username \"…\"; password env=\"…\"; }`"
        );
        cursor.add(fault.at(cursor.name().span, say!("of this registry", "属于这个镜像仓库")).help(help));
        return None;
    }
    if let Some((scheme, instead)) = PLANNED_PLACES.iter().find(|(scheme, _)| text.starts_with(scheme)) {
        cursor.refuse(&Wording::same(format!("`{scheme}`")), text.span, instead);
        return None;
    }
    let help =
        say!("write `host[:port]`, or `oci-layout:DIR` for a directory", "写 `host[:port]`，目录则写 `oci-layout:DIR`");
    cursor.parsed::<RegistryHost>(text, "bad-host", help).map(|host| Place::Registry(host.value))
}

fn organization(cursor: Cursor) -> Option<Spanned<Repository>> {
    cursor.parsed(
        cursor.argument(0)?,
        "bad-organization",
        say!(
            "write a repository's first part, as in `organization \"portal\"`",
            "写仓库名的第一部分，例如 `organization \"portal\"`"
        ),
    )
}

fn tls(cursor: Cursor) -> Tls {
    if cursor.is_bare() {
        cursor.add(says_nothing(cursor, "tls ca=\"certs/corp.pem\""));
    }
    let tls = Tls {
        plain_http: cursor.flag_of("plain-http").unwrap_or(false),
        verify: cursor.flag_of("verify").unwrap_or(true),
        ca: cursor.path_of("ca"),
        client_certificate: cursor.path_of("client-certificate"),
    };
    for property in ["ca", "verify", "client-certificate"].into_iter().filter(|_| tls.plain_http) {
        if let Some(span) = cursor.property_span(property) {
            let fault = Fault::new(
                "useless",
                say!(
                    "plain HTTP has no certificates, so `{property}` does nothing",
                    "明文 HTTP 没有证书，`{property}` 不起作用",
                    property
                ),
            );
            cursor.add(fault.on(span).help(say!("remove it, or remove `plain-http`", "删除它，或者删除 `plain-http`")));
        }
    }
    tls
}

fn limits(cursor: Cursor) -> Limits {
    if cursor.is_bare() {
        cursor.add(says_nothing(cursor, LIMIT.example));
    }
    let limit = |property, most| cursor.property(property).and_then(|value| cursor.number(value, 1..=most));
    Limits {
        requests_per_second: limit("requests-per-second", 10_000),
        concurrency: limit("concurrency", 256),
        uploads: limit("uploads", 256),
        connections_per_blob: limit("connections-per-blob", 8),
        bandwidth: cursor.text_of("bandwidth").and_then(|text| bandwidth(cursor, text)),
    }
}

fn bandwidth(cursor: Cursor, text: Spanned<&str>) -> Option<ByteRate> {
    let help = say!("write it as in `bandwidth=\"20MiB/s\"`", "写法如 `bandwidth=\"20MiB/s\"`");
    cursor.parsed::<ByteRate>(text, "bad-bandwidth", help).map(|rate| rate.value)
}

fn says_nothing(cursor: Cursor, example: &str) -> Fault {
    let fault = Fault::new("missing", say!("`{node}` says nothing", "`{node}` 什么也没写", node = *cursor.name()))
        .on(cursor.header());
    fault.help(say!("write it as in `{example}`, or remove it", "写法如 `{example}`，或者删除它", example))
}

fn refuse_on_a_directory(cursor: Cursor) {
    for child in
        cursor.all_children().filter(|child| ["provider", "tls", "auth", "limit"].contains(&child.name().value))
    {
        let message = say!(
            "a directory is no server, so `{node}` does nothing",
            "目录不是服务器，`{node}` 不起作用",
            node = *child.name()
        );
        cursor.add(Fault::new("useless", message).on(child.header()).help(say!("remove it", "删除它")));
    }
}
