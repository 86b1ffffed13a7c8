//! Practice 13: EXPOSE of what is no port.

use std::net::IpAddr;

use super::super::context::Context;
use super::super::example::Example;
use super::super::fix::Fix;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::{Keyword, Word};
use crate::diag::{Wording, say};

pub(super) static RULE: Rule = Rule {
    name: "invalid-port",
    aliases: &["DL3011", "ExposeInvalidFormat", "ExposeProtoCasing"],
    practice: Some(13),
    level: Level::Error,
    by_policy: false,
    summary: say!(
        "EXPOSE takes `port`, `first-last` and a protocol tcp, udp or sctp",
        "EXPOSE 接受 `port`、`first-last` 和协议 tcp、udp 或 sctp"
    ),
    explanation: say!(
        "Ports run from 1 to 65535. EXPOSE publishes nothing, so that an address or a port of the host has no meaning \
         here.",
        "端口范围是 1 到 65535。EXPOSE 并不发布端口，因此宿主机的地址或端口写在这里没有意义。"
    ),
    help: say!(
        "write the port that the program listens on, like `8080` or `53/udp`",
        "写程序监听的端口，例如 `8080` 或 `53/udp`"
    ),
    example: Example::new(
        "FROM nginx:1.27\n\
         EXPOSE 80800\n",
        "FROM nginx:1.27\n\
         EXPOSE 8080\n",
    ),
    check,
};

#[derive(Debug, PartialEq, Eq)]
enum Fault {
    OutOfRange(String),
    Zero,
    Malformed(String),
    Backwards(String),
    Protocol(String),
    Case(String),
    Published(String),
}

impl Fault {
    fn message(&self) -> Wording {
        match self {
            Self::OutOfRange(port) => say!(
                "port {port} does not exist: ports run from 1 to 65535",
                "端口 {port} 不存在：端口范围是 1 到 65535",
                port
            ),
            Self::Zero => say!(
                "port 0 does not exist: ports run from 1 to 65535",
                "端口 0 不存在：端口范围是 1 到 65535"
            ),
            Self::Malformed(text) => say!("`{text}` is no port", "`{text}` 不是端口", text),
            Self::Backwards(range) => say!("`{range}` runs backwards", "`{range}` 的起止颠倒了", range),
            Self::Protocol(text) => say!("`{text}` is no protocol", "`{text}` 不是协议", text),
            Self::Case(text) => {
                say!("the protocol `{text}` is not written in lower case", "协议 `{text}` 没有用小写", text)
            }
            Self::Published(host) => say!(
                "EXPOSE publishes nothing: `{host}` in front of the port is without effect",
                "EXPOSE 并不发布端口：端口前面的 `{host}` 不起作用",
                host
            ),
        }
    }
}

/// What a message shows of a word.
fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

fn port(text: &str) -> Result<u16, Fault> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Fault::Malformed(shown(text)));
    }
    text.parse().map_err(|_| Fault::OutOfRange(shown(text)))
}

/// The first and the last port.
fn range(text: &str) -> Result<(u16, u16), Fault> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (port(first)?, port(last)?) {
        (first, last) if first > last => Err(Fault::Backwards(text.to_owned())),
        range => Ok(range),
    }
}

fn protocol(text: &str) -> Option<Fault> {
    match text {
        "tcp" | "udp" | "sctp" | "" => None,
        _ if matches!(text.to_ascii_lowercase().as_str(), "tcp" | "udp" | "sctp") => Some(Fault::Case(text.to_owned())),
        _ => Some(Fault::Protocol(shown(text))),
    }
}

fn ports(text: &str) -> Result<(), Fault> {
    if let Some((host, port)) = text.rsplit_once(':') {
        return published(text, host, port);
    }
    match range(text)? {
        (0, _) => Err(Fault::Zero),
        _ => Ok(()),
    }
}

/// `address:port:port` as `docker run --publish` takes it; colons alone name neither an address nor a port of the host.
fn published(text: &str, host: &str, container: &str) -> Result<(), Fault> {
    let malformed = || Err(Fault::Malformed(shown(text)));
    if container.is_empty() {
        return malformed();
    }
    let inside = range(container)?;
    let (address, outside) = host.rsplit_once(':').unwrap_or(("", host));
    let bare = address.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(address);
    if !bare.is_empty() && bare.parse::<IpAddr>().is_err() {
        return malformed();
    }
    if outside.is_empty() {
        return if address.is_empty() { Ok(()) } else { Err(Fault::Published(shown(host))) };
    }
    // One port may be published by any of several; several need as many.
    let fits = |outside: (u16, u16)| inside.0 == inside.1 || inside.1 - inside.0 == outside.1 - outside.0;
    if range(outside).is_ok_and(fits) { Err(Fault::Published(shown(host))) } else { malformed() }
}

fn examine(text: &str) -> impl Iterator<Item = Fault> {
    let (before, behind) = text.split_once('/').unwrap_or((text, "tcp"));
    protocol(behind).into_iter().chain(ports(before).err())
}

/// What is wrong with a word; of one with an open value, what stands behind its last variable is judged, or in front of
/// its protocol.
fn faults(word: &Word) -> Vec<Fault> {
    let raw = word.raw.as_str();
    match &word.value {
        Some(value) => value.split_whitespace().flat_map(examine).collect(),
        None if raw.ends_with(['}', '"']) => Vec::new(),
        None => {
            let Some((before, behind)) = raw.rsplit_once('/') else { return Vec::new() };
            let port = ports(before).err().filter(|_| !before.contains('$'));
            port.into_iter().chain(protocol(behind).filter(|_| !behind.contains('$'))).collect()
        }
    }
}

/// hadolint fills in no variables, and reads none with a default.
fn is_open_to_hadolint(word: &Word, fault: &Fault) -> bool {
    let port = word.raw.as_str().split('/').next().unwrap_or_default();
    matches!(fault, Fault::OutOfRange(_)) && port.contains('$') && !port.contains(":-")
}

/// BuildKit takes a protocol in any case; what a variable holds is not written here.
fn recased(context: &Context, word: &Word, fault: &Fault) -> Option<Fix> {
    let written = context.dockerfile.source.slice(word.span());
    (matches!(fault, Fault::Case(_)) && !written.contains(['$', '"', '\'']))
        .then(|| Fix::replace(word.span(), written.to_ascii_lowercase()))
}

fn check(context: &Context, sink: &mut Sink) {
    for (_, expose) in context.every(Keyword::Expose) {
        for word in expose.words() {
            for fault in faults(word) {
                let quiet =
                    fault == Fault::Zero || (expose.on_build && matches!(fault, Fault::Case(_) | Fault::Published(_)));
                if quiet && context.as_buildkit() {
                    continue;
                }
                let draft = sink.report(word.span(), fault.message());
                draft.fix(recased(context, word, &fault));
                draft.beyond_hadolint(fault == Fault::Zero || is_open_to_hadolint(word, &fault));
                draft.aliases(match fault {
                    Fault::OutOfRange(_) | Fault::Zero => &["DL3011"],
                    Fault::Case(_) => &["ExposeProtoCasing"],
                    Fault::Published(_) => &["ExposeInvalidFormat"],
                    // The build stops.
                    Fault::Malformed(_) | Fault::Backwards(_) | Fault::Protocol(_) => &["DL1000"],
                });
                if matches!(fault, Fault::Case(_) | Fault::Published(_)) {
                    draft.soften(Level::Warning);
                }
            }
        }
    }
}
