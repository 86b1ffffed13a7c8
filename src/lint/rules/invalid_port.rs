//! Practice 13: EXPOSE of what is no port.

use super::super::context::Context;
use super::super::fix::Fix;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::{Keyword, Word};

pub(super) static RULE: Rule = Rule {
    name: "invalid-port",
    aliases: &["DL3011", "ExposeInvalidFormat", "ExposeProtoCasing"],
    practice: Some(13),
    level: Level::Error,
    by_policy: false,
    summary: "EXPOSE takes `port`, `first-last` and a protocol tcp, udp or sctp",
    explanation: "Ports run from 1 to 65535. EXPOSE publishes nothing, so that an address or a port of the host \
                  has no meaning here.",
    help: "write the port that the program listens on, like `8080` or `53/udp`",
    check,
};

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum Fault {
    #[error("port {0} does not exist: ports run from 1 to 65535")]
    OutOfRange(String),
    #[error("`{0}` is no port")]
    Malformed(String),
    #[error("`{0}` runs backwards")]
    Backwards(String),
    #[error("`{0}` is no protocol")]
    Protocol(String),
    #[error("the protocol `{0}` is not written in lower case")]
    Case(String),
    #[error("EXPOSE publishes nothing: `{0}` in front of the port is without effect")]
    Published(String),
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
                let draft = sink.report(word.span(), fault.to_string());
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
