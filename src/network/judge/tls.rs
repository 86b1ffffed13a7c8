//! `tls`: whether the registry proves who it is.

use std::time::Duration;

use jiff::Timestamp;

use super::{list, span};
use crate::diag::Problem;
use crate::network::certificate::Certificate;
use crate::network::{Check, CheckResult};

/// How a handshake ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handshake {
    /// The certificate is trusted for the name; `version` as people write it ("TLS 1.3").
    Trusted {
        version: &'static str,
        certificate: Option<Certificate>,
    },
    /// The certificate is not trusted for the name.
    Distrusted {
        reason: Distrust,
        certificate: Option<Certificate>,
    },
    /// Nothing was verified because the project file says so; `reason` is what verification would have said.
    Unverified {
        reason: Option<Distrust>,
    },
    /// The port speaks HTTP without TLS.
    PlainHttp,
    /// The port speaks neither.
    NotTls,
    /// The other side ended the connection.
    Closed,
    /// The other side refused the handshake; the TLS library's words.
    Refused(String),
    TimedOut(Duration),
    /// The proxy did not open a tunnel; its status line.
    NoTunnel(String),
    /// The settings of the project file do not work.
    Unusable(Problem),
}

/// Why a certificate is not trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Distrust {
    Expired {
        since: Option<Timestamp>,
    },
    NotYetValid {
        from: Option<Timestamp>,
    },
    WrongName {
        presented: Vec<String>,
    },
    UnknownIssuer,
    /// This machine trusts no certificate authority at all.
    NoAuthorities,
    /// A certificate authority's own certificate is used as the server's.
    AuthorityAsServer,
    /// The TLS library's words.
    Other(String),
}

/// Judges a handshake that asked for the name `host`.
#[must_use]
pub fn tls(host: &str, handshake: &Handshake) -> CheckResult {
    let result = CheckResult::new(Check::Tls, format!("a trusted certificate for `{host}`"));
    match handshake {
        Handshake::Trusted { version, certificate } => result.pass(match certificate {
            Some(certificate) => {
                format!("{version}, issued by {}, valid until {}", certificate.issuer, day(certificate.not_after))
            }
            None => (*version).to_owned(),
        }),
        Handshake::Unverified { reason: None } => result
            .warn("the certificate is good, but `verify=false` accepts any other as well")
            .with_fix("drop `verify=false`"),
        Handshake::Unverified { reason: Some(reason) } => result
            .warn(format!("not verified, nothing is proved: {}", describe(host, reason, None)))
            .with_fix("drop `verify=false`; name an own certificate authority with `tls ca=\"FILE\"`"),
        Handshake::Distrusted { reason, certificate } => result
            .fail(describe(host, reason, certificate.as_ref()))
            .with_fix(remedy(host, reason, certificate.as_ref())),
        handshake => broken(result, host, handshake),
    }
}

/// No certificate was seen.
fn broken(result: CheckResult, host: &str, handshake: &Handshake) -> CheckResult {
    match handshake {
        Handshake::PlainHttp => result
            .fail("the port speaks plain HTTP, without TLS")
            .with_fix("use the port that speaks TLS, or write `tls plain-http=true` where the network is trusted"),
        Handshake::NotTls => result
            .fail("the port speaks neither TLS nor HTTP")
            .with_fix(format!("correct the port of `{host}`: another service listens there")),
        Handshake::Closed => result.fail("the connection was closed during the handshake").with_fix(format!(
            "look at what stands in front of `{host}`: a firewall that reads the name, or a load balancer without a \
             certificate for it"
        )),
        Handshake::Refused(words) => result
            .fail(format!("the handshake was refused: {words}"))
            .with_fix("allow TLS 1.2 or 1.3 there; name a certificate with `client-certificate` if one is wanted"),
        Handshake::TimedOut(limit) => result
            .fail(format!("the connection is accepted, but no handshake follows within {}", span(*limit)))
            .with_fix("look for a firewall that inspects traffic, or a path that drops large packets (MTU of a VPN)"),
        Handshake::NoTunnel(status) => result
            .fail(format!("the proxy opens no tunnel: {status}"))
            .with_fix(format!("let the proxy allow CONNECT to `{host}`, or give it the credentials it asks for")),
        Handshake::Unusable(Problem { message, help, .. }) => CheckResult { fix: help.clone(), ..result.fail(message) },
        Handshake::Trusted { .. } | Handshake::Unverified { .. } | Handshake::Distrusted { .. } => result,
    }
}

fn describe(host: &str, reason: &Distrust, certificate: Option<&Certificate>) -> String {
    match reason {
        Distrust::Expired { since: Some(since) } => format!("the certificate expired on {}", day(*since)),
        Distrust::Expired { since: None } => "the certificate expired".to_owned(),
        Distrust::NotYetValid { from: Some(from) } => format!("the certificate is not valid before {}", day(*from)),
        Distrust::NotYetValid { from: None } => "the certificate is not valid yet".to_owned(),
        Distrust::WrongName { presented } if presented.is_empty() => {
            format!("the certificate names no host, so not `{host}` either")
        }
        Distrust::WrongName { presented } => format!("the certificate is for {}, not for `{host}`", list(presented)),
        Distrust::UnknownIssuer => match certificate {
            Some(certificate) if certificate.is_self_issued => {
                format!("the certificate is signed by itself ({})", certificate.issuer)
            }
            Some(certificate) => {
                format!("the certificate is issued by {}, which this machine does not trust", certificate.issuer)
            }
            None => "this machine does not trust the certificate's issuer".to_owned(),
        },
        Distrust::NoAuthorities => "this machine trusts no certificate authority at all".to_owned(),
        Distrust::AuthorityAsServer => "the server shows the certificate of an authority as its own".to_owned(),
        Distrust::Other(words) => format!("the certificate is refused: {words}"),
    }
}

fn remedy(host: &str, reason: &Distrust, certificate: Option<&Certificate>) -> String {
    match reason {
        Distrust::Expired { .. } => format!("renew the certificate of `{host}`, or set this machine's clock"),
        Distrust::NotYetValid { .. } => "set this machine's clock, or wait".to_owned(),
        Distrust::WrongName { .. } => format!(
            "use a name that the certificate holds, issue one for `{host}`, or find out who answers in its place"
        ),
        Distrust::UnknownIssuer if certificate.is_some_and(|certificate| certificate.is_self_issued) => {
            "save that certificate as a PEM file and name it with `tls ca=\"FILE\"`, after comparing its fingerprint"
                .to_owned()
        }
        Distrust::UnknownIssuer => format!(
            "if that is your own authority, name its certificate with `tls ca=\"FILE\"`; if not, a proxy opens the \
             traffic: except `{host}` from it"
        ),
        Distrust::NoAuthorities => {
            "install the package `ca-certificates`, or name an own authority with `tls ca=\"FILE\"`".to_owned()
        }
        Distrust::AuthorityAsServer => {
            "trust this very certificate with `tls ca=\"FILE\"`, or issue a server certificate (`CA:FALSE`)".to_owned()
        }
        Distrust::Other(_) => format!("replace the certificate of `{host}`"),
    }
}

fn day(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Verdict;

    fn distrusted(reason: Distrust, is_self_issued: bool) -> CheckResult {
        let certificate = Certificate {
            issuer: "Corp CA".to_owned(),
            subject: "swr.corp".to_owned(),
            not_before: Timestamp::UNIX_EPOCH,
            not_after: Timestamp::UNIX_EPOCH,
            is_self_issued,
        };
        tls("swr.corp", &Handshake::Distrusted { reason, certificate: Some(certificate) })
    }

    #[test]
    fn each_distrust_says_what_is_wrong_and_what_to_do() {
        let expired = distrusted(Distrust::Expired { since: Some(Timestamp::UNIX_EPOCH) }, false);
        assert_eq!(expired.observed, "the certificate expired on 1970-01-01");
        let wrong = distrusted(Distrust::WrongName { presented: vec!["`a`".into(), "`b`".into()] }, false);
        assert_eq!(wrong.observed, "the certificate is for `a` and `b`, not for `swr.corp`");
        let unknown = distrusted(Distrust::UnknownIssuer, false);
        assert!(unknown.observed.contains("issued by Corp CA"));
        assert!(unknown.fix.unwrap().contains("a proxy opens the traffic"));
        let own = distrusted(Distrust::UnknownIssuer, true);
        assert!(own.fix.unwrap().contains("fingerprint"));
        assert!([expired.verdict, wrong.verdict, unknown.verdict, own.verdict].iter().all(|v| *v == Verdict::Fail));
    }

    #[test]
    fn unverified_never_passes() {
        for reason in [None, Some(Distrust::UnknownIssuer)] {
            assert_eq!(tls("swr.corp", &Handshake::Unverified { reason }).verdict, Verdict::Warn);
        }
    }

    #[test]
    fn what_is_not_tls_fails_with_a_fix() {
        for handshake in [
            Handshake::PlainHttp,
            Handshake::NotTls,
            Handshake::Closed,
            Handshake::Refused("protocol version".into()),
            Handshake::TimedOut(Duration::from_secs(5)),
            Handshake::NoTunnel("HTTP/1.1 407 Proxy Authentication Required".into()),
            Handshake::Unusable(Problem::new("tls-settings", "they do not work").with_help("correct them")),
        ] {
            let result = tls("swr.corp", &handshake);
            assert_eq!(result.verdict, Verdict::Fail, "{handshake:?}");
            assert!(!result.observed.is_empty() && result.fix.is_some(), "{handshake:?}");
        }
    }
}
