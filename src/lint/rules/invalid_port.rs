//! Practice 13: EXPOSE of what is no port.

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

fn port(text: &str) -> Result<u16, Fault> {
    let shown = || text.chars().take(40).collect();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Fault::Malformed(shown()));
    }
    text.parse().ok().filter(|port| *port > 0).ok_or_else(|| Fault::OutOfRange(shown()))
}

fn examine(text: &str) -> Result<(), Fault> {
    let (ports, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    match protocol {
        "tcp" | "udp" | "sctp" => {}
        _ if matches!(protocol.to_ascii_lowercase().as_str(), "tcp" | "udp" | "sctp") => {
            return Err(Fault::Case(protocol.to_owned()));
        }
        _ => return Err(Fault::Protocol(protocol.chars().take(40).collect())),
    }
    if let Some((host, _)) = ports.rsplit_once(':') {
        return Err(Fault::Published(host.chars().take(40).collect()));
    }
    match ports.split_once('-') {
        Some((first, last)) if port(first)? > port(last)? => Err(Fault::Backwards(ports.to_owned())),
        Some(_) => Ok(()),
        None => port(ports).map(drop),
    }
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
            let values = word.value.as_deref().unwrap_or_default().split_whitespace();
            for fault in values.filter_map(|value| examine(value).err()) {
                let draft = sink.report(word.span(), fault.message());
                draft.fix(recased(context, word, &fault));
                draft.aliases(match fault {
                    Fault::OutOfRange(_) => &["DL3011"],
                    Fault::Case(_) => &["ExposeProtoCasing"],
                    _ => &["ExposeInvalidFormat"],
                });
                if matches!(fault, Fault::Case(_) | Fault::Published(_)) {
                    draft.soften(Level::Warning);
                }
            }
        }
    }
}
