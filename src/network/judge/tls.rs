//! `tls`: whether the registry proves who it is.

use std::time::Duration;

use jiff::Timestamp;

use super::span;
use crate::diag::{Problem, Wording, say};
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
    /// The other side refused the handshake; mostly the TLS library's words.
    Refused(Wording),
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
    let result =
        CheckResult::new(Check::Tls, say!("a trusted certificate for `{host}`", "`{host}` 有受信任的证书", host));
    match handshake {
        Handshake::Trusted { version, certificate } => result.pass(match certificate {
            Some(certificate) => say!(
                "{version}, issued by {issuer}, valid until {day}",
                "{version}，由 {issuer} 签发，有效期至 {day}",
                version,
                issuer = certificate.issuer,
                day = day(certificate.not_after)
            ),
            None => Wording::same(*version),
        }),
        Handshake::Unverified { reason: None } => result
            .warn(say!(
                "the certificate is good, but `verify=false` accepts any other as well",
                "证书没有问题，但 `verify=false` 也会接受任何其他证书"
            ))
            .with_fix(say!("drop `verify=false`", "去掉 `verify=false`")),
        Handshake::Unverified { reason: Some(reason) } => result
            .warn(say!(
                "not verified, nothing is proved: {reason}",
                "没有验证，什么也证明不了：{reason}",
                reason = describe(host, reason, None)
            ))
            .with_fix(say!(
                "drop `verify=false`; name an own certificate authority with `tls ca=\"FILE\"`",
                "去掉 `verify=false`；自建的 CA 用 `tls ca=\"FILE\"` 写明"
            )),
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
            .fail(say!("the port speaks plain HTTP, without TLS", "该端口是明文 HTTP，没有 TLS"))
            .with_fix(say!(
                "use the port that speaks TLS, or write `tls plain-http=true` where the network is trusted",
                "使用提供 TLS 的端口；网络可信时也可以写 `tls plain-http=true`"
            )),
        Handshake::NotTls => result
            .fail(say!("the port speaks neither TLS nor HTTP", "该端口既不是 TLS 也不是 HTTP"))
            .with_fix(say!(
                "correct the port of `{host}`: another service listens there",
                "修正 `{host}` 的端口：那里监听的是别的服务",
                host
            )),
        Handshake::Closed => result
            .fail(say!("the connection was closed during the handshake", "连接在握手时被关闭"))
            .with_fix(say!(
                "look at what stands in front of `{host}`: a firewall that reads the name, or a load balancer without a \
                 certificate for it",
                "检查 `{host}` 前面的设备：按域名拦截的防火墙，或者没有为它配置证书的负载均衡",
                host
            )),
        Handshake::Refused(words) => result
            .fail(say!("the handshake was refused: {words}", "握手被拒绝：{words}", words))
            .with_fix(say!(
                "allow TLS 1.2 or 1.3 there; name a certificate with `client-certificate` if one is wanted",
                "在对端启用 TLS 1.2 或 1.3；如果它要求客户端证书，就用 `client-certificate` 写明"
            )),
        Handshake::TimedOut(limit) => result
            .fail(say!(
                "the connection is accepted, but no handshake follows within {limit}",
                "连接已被接受，但{limit}内没有完成握手",
                limit = span(*limit)
            ))
            .with_fix(say!(
                "look for a firewall that inspects traffic, or a path that drops large packets (MTU of a VPN)",
                "检查是否有防火墙在审查流量，或者途中丢弃大包（VPN 的 MTU）"
            )),
        Handshake::NoTunnel(status) => result
            .fail(say!("the proxy opens no tunnel: {status}", "代理没有建立隧道：{status}", status))
            .with_fix(say!(
                "let the proxy allow CONNECT to `{host}`, or give it the credentials it asks for",
                "让代理放行到 `{host}` 的 CONNECT，或者提供它要求的凭据",
                host
            )),
        Handshake::Unusable(Problem { message, help, .. }) => {
            CheckResult { fix: help.clone(), ..result.fail(message.clone()) }
        }
        Handshake::Trusted { .. } | Handshake::Unverified { .. } | Handshake::Distrusted { .. } => result,
    }
}

fn describe(host: &str, reason: &Distrust, certificate: Option<&Certificate>) -> Wording {
    match reason {
        Distrust::Expired { since: Some(since) } => {
            say!("the certificate expired on {day}", "证书已于 {day} 过期", day = day(*since))
        }
        Distrust::Expired { since: None } => say!("the certificate expired", "证书已过期"),
        Distrust::NotYetValid { from: Some(from) } => {
            say!("the certificate is not valid before {day}", "证书从 {day} 起才有效", day = day(*from))
        }
        Distrust::NotYetValid { from: None } => say!("the certificate is not valid yet", "证书尚未生效"),
        Distrust::WrongName { presented } if presented.is_empty() => {
            say!("the certificate names no host, so not `{host}` either", "证书里没有主机名，因此也没有 `{host}`", host)
        }
        Distrust::WrongName { presented } => say!(
            "the certificate is for {names}, not for `{host}`",
            "证书属于 {names}，不属于 `{host}`",
            names = Wording::list(presented),
            host
        ),
        Distrust::UnknownIssuer => match certificate {
            Some(Certificate { issuer, is_self_issued: true, .. }) => {
                say!("the certificate is signed by itself ({issuer})", "证书是自签名的（{issuer}）", issuer)
            }
            Some(Certificate { issuer, .. }) => say!(
                "the certificate is issued by {issuer}, which this machine does not trust",
                "证书由 {issuer} 签发，而本机不信任它",
                issuer
            ),
            None => say!("this machine does not trust the certificate's issuer", "本机不信任证书的签发者"),
        },
        Distrust::NoAuthorities => {
            say!("this machine trusts no certificate authority at all", "本机不信任任何证书颁发机构")
        }
        Distrust::AuthorityAsServer => say!(
            "the server shows the certificate of an authority as its own",
            "服务器把证书颁发机构的证书当作自己的证书"
        ),
        Distrust::Other(words) => say!("the certificate is refused: {words}", "证书被拒绝：{words}", words),
    }
}

fn remedy(host: &str, reason: &Distrust, certificate: Option<&Certificate>) -> Wording {
    match reason {
        Distrust::Expired { .. } => say!(
            "renew the certificate of `{host}`, or set this machine's clock",
            "更新 `{host}` 的证书，或者校准本机时钟",
            host
        ),
        Distrust::NotYetValid { .. } => say!("set this machine's clock, or wait", "校准本机时钟，或者等待"),
        Distrust::WrongName { .. } => say!(
            "use a name that the certificate holds, issue one for `{host}`, or find out who answers in its place",
            "使用证书里有的域名，为 `{host}` 签发证书，或者查明是谁在替它应答",
            host
        ),
        Distrust::UnknownIssuer if certificate.is_some_and(|certificate| certificate.is_self_issued) => say!(
            "save that certificate as a PEM file and name it with `tls ca=\"FILE\"`, after comparing its fingerprint",
            "核对指纹之后，把该证书存为 PEM 文件，并用 `tls ca=\"FILE\"` 写明"
        ),
        Distrust::UnknownIssuer => say!(
            "if that is your own authority, name its certificate with `tls ca=\"FILE\"`; if not, a proxy opens the \
             traffic: except `{host}` from it",
            "如果它是自建的 CA，就用 `tls ca=\"FILE\"` 写明其证书；如果不是，说明有代理在拆开流量：让 `{host}` 不经过它",
            host
        ),
        Distrust::NoAuthorities => say!(
            "install the package `ca-certificates`, or name an own authority with `tls ca=\"FILE\"`",
            "安装软件包 `ca-certificates`，或者用 `tls ca=\"FILE\"` 写明自建的 CA"
        ),
        Distrust::AuthorityAsServer => say!(
            "trust this very certificate with `tls ca=\"FILE\"`, or issue a server certificate (`CA:FALSE`)",
            "用 `tls ca=\"FILE\"` 直接信任这个证书，或者签发服务器证书（`CA:FALSE`）"
        ),
        Distrust::Other(_) => say!("replace the certificate of `{host}`", "更换 `{host}` 的证书", host),
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
            issuer: Wording::same("Corp CA"),
            not_before: Timestamp::UNIX_EPOCH,
            not_after: Timestamp::UNIX_EPOCH,
            is_self_issued,
            key: crate::image::Digest::sha256(b"key"),
        };
        tls("swr.corp", &Handshake::Distrusted { reason, certificate: Some(certificate) })
    }

    #[test]
    fn each_distrust_says_what_is_wrong_and_what_to_do() {
        let expired = distrusted(Distrust::Expired { since: Some(Timestamp::UNIX_EPOCH) }, false);
        assert_eq!(expired.observed.english(), "the certificate expired on 1970-01-01");
        let wrong = distrusted(Distrust::WrongName { presented: vec!["`a`".into(), "`b`".into()] }, false);
        assert_eq!(wrong.observed.english(), "the certificate is for `a` and `b`, not for `swr.corp`");
        let unknown = distrusted(Distrust::UnknownIssuer, false);
        assert!(unknown.observed.english().contains("issued by Corp CA"));
        assert!(unknown.fix.unwrap().english().contains("a proxy opens the traffic"));
        let own = distrusted(Distrust::UnknownIssuer, true);
        assert!(own.fix.unwrap().english().contains("fingerprint"));
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
            Handshake::Refused(Wording::same("protocol version")),
            Handshake::TimedOut(Duration::from_secs(5)),
            Handshake::NoTunnel("HTTP/1.1 407 Proxy Authentication Required".into()),
            Handshake::Unusable(
                Problem::new("tls-settings", Wording::same("they do not work"))
                    .with_help(Wording::same("correct them")),
            ),
        ] {
            let result = tls("swr.corp", &handshake);
            assert_eq!(result.verdict, Verdict::Fail, "{handshake:?}");
            assert!(!result.observed.is_empty() && result.fix.is_some(), "{handshake:?}");
        }
    }
}
