//! Makes a TLS handshake and finds out why it failed, and some more to see which certificates there are.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::future::join_all;
use jiff::Timestamp;
use rustls::{CertificateError, Error, ProtocolVersion};
use rustls_pki_types::{ServerName, UnixTime};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::PathTarget;
use super::trust::{self, Recorder, Seen};
use super::tunnel::{self, TunnelError};
use crate::diag::{Wording, say};
use crate::image::Digest;
use crate::network::Route;
use crate::network::certificate::Certificate;
use crate::network::judge::{Distrust, Handshake};

/// Handshakes in all: a load balancer's servers may have certificates of their own.
const HANDSHAKES: usize = 4;

/// Shakes hands with the registry over the first of `addresses`, the registry's own or the proxy's, and tells the keys of
/// the certificates that this and further handshakes over all of them show.
pub(super) async fn observe(
    target: &PathTarget,
    route: &Route,
    addresses: &[SocketAddr],
) -> (Handshake, BTreeSet<Digest>) {
    let tls = target.tls().clone();
    let configured = tokio::task::spawn_blocking(move || trust::config(&tls)).await;
    let (config, recorder) = match configured.expect("loading roots does not panic") {
        Ok(pair) => pair,
        Err(problem) => return (Handshake::Unusable(problem), BTreeSet::new()),
    };
    let connector = TlsConnector::from(Arc::new(config));
    let lines: Vec<Line> = addresses.iter().map(|address| Line { target, route, address: *address }).collect();
    let handshake = first(&lines[0], &connector, &recorder).await;
    if matches!(handshake, Handshake::Trusted { .. } | Handshake::Unverified { .. }) {
        let more = (1..HANDSHAKES).map(|number| lines[number % lines.len()].connect(&connector));
        // What they show is remembered; what becomes of them is no matter.
        let _ = timeout(target.limits.tls, join_all(more)).await;
    }
    (handshake, recorder.keys())
}

async fn first(line: &Line<'_>, connector: &TlsConnector, recorder: &Recorder) -> Handshake {
    let limit = line.target.limits.tls;
    // The last fifth is for asking whether the port speaks HTTP instead.
    let outcome = match timeout(limit * 4 / 5, line.shake(connector, recorder)).await {
        Ok(outcome) => outcome,
        Err(_) => Handshake::TimedOut(limit),
    };
    let may_be_http = matches!(outcome, Handshake::NotTls | Handshake::Closed | Handshake::TimedOut(_));
    if may_be_http && timeout(limit / 5, line.speaks_http()).await.unwrap_or(false) {
        return Handshake::PlainHttp;
    }
    outcome
}

struct Line<'a> {
    target: &'a PathTarget,
    route: &'a Route,
    address: SocketAddr,
}

/// Why there is no encrypted connection.
enum Broken {
    /// No certificate can hold the registry's name.
    Name,
    Tunnel(TunnelError),
    Tls(io::Error),
}

impl Line<'_> {
    async fn open(&self) -> Result<TcpStream, TunnelError> {
        let host = self.target.host().host();
        let port = self.target.port();
        let authority = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        tunnel::open(self.route, self.address, &authority).await
    }

    async fn connect(&self, connector: &TlsConnector) -> Result<TlsStream<TcpStream>, Broken> {
        let name = ServerName::try_from(self.target.host().host().to_owned()).map_err(|_| Broken::Name)?;
        let stream = self.open().await.map_err(Broken::Tunnel)?;
        connector.connect(name, stream).await.map_err(Broken::Tls)
    }

    async fn shake(&self, connector: &TlsConnector, recorder: &Recorder) -> Handshake {
        match self.connect(connector).await {
            Ok(stream) => completed(recorder, self.target.tls().verify, stream.get_ref().1.protocol_version()),
            Err(Broken::Tls(error)) => broken_off(recorder, &error),
            Err(Broken::Tunnel(TunnelError::Refused(status))) => Handshake::NoTunnel(status),
            Err(Broken::Tunnel(TunnelError::Io(_))) => Handshake::Closed,
            Err(Broken::Name) => Handshake::Refused(say!(
                "no certificate can hold the name `{host}`",
                "证书里不可能有域名 `{host}`",
                host = self.target.host().host()
            )),
        }
    }

    /// Whether a request without TLS gets an answer. A port for TLS answers such requests with 400, if at all.
    async fn speaks_http(&self) -> bool {
        let Ok(mut stream) = self.open().await else { return false };
        let request = format!("GET /v2/ HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.target.host());
        let mut answer = [0; 12];
        stream.write_all(request.as_bytes()).await.is_ok()
            && stream.read_exact(&mut answer).await.is_ok()
            && answer.starts_with(b"HTTP/1.")
            && !answer.ends_with(b" 400")
    }
}

fn completed(recorder: &Recorder, verify: bool, version: Option<ProtocolVersion>) -> Handshake {
    let seen = recorder.seen();
    if !verify {
        return Handshake::Unverified { reason: seen.and_then(|seen| distrust(recorder, seen)) };
    }
    let version = match version {
        Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
        _ => "TLS 1.2",
    };
    Handshake::Trusted { version, certificate: seen.and_then(|seen| Certificate::parse(&seen.certificate)) }
}

fn broken_off(recorder: &Recorder, error: &io::Error) -> Handshake {
    if let Some(seen) = recorder.seen()
        && let Some(reason) = distrust(recorder, seen)
    {
        return Handshake::Distrusted { reason, certificate: Certificate::parse(&seen.certificate) };
    }
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::InvalidMessage(_)) => Handshake::NotTls,
        Some(Error::AlertReceived(alert)) => {
            Handshake::Refused(say!("the server says {alert}", "服务器答复 {alert}", alert = format_args!("{alert:?}")))
        }
        Some(error) => Handshake::Refused(Wording::foreign(error.to_string())),
        None => Handshake::Closed,
    }
}

fn distrust(recorder: &Recorder, seen: &Seen) -> Option<Distrust> {
    let Err(error) = &seen.verdict else { return None };
    Some(match error {
        _ if !recorder.has_roots() => Distrust::NoAuthorities,
        Error::InvalidCertificate(reason) => certificate_error(reason),
        other => Distrust::Other(other.to_string()),
    })
}

fn certificate_error(error: &CertificateError) -> Distrust {
    match error {
        CertificateError::Expired => Distrust::Expired { since: None },
        CertificateError::ExpiredContext { not_after, .. } => Distrust::Expired { since: moment(*not_after) },
        CertificateError::NotValidYet => Distrust::NotYetValid { from: None },
        CertificateError::NotValidYetContext { not_before, .. } => Distrust::NotYetValid { from: moment(*not_before) },
        CertificateError::NotValidForName => Distrust::WrongName { presented: Vec::new() },
        CertificateError::NotValidForNameContext { presented, .. } => {
            Distrust::WrongName { presented: presented.iter().map(|name| presented_name(name)).collect() }
        }
        CertificateError::UnknownIssuer => Distrust::UnknownIssuer,
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => Distrust::AuthorityAsServer,
        other => Distrust::Other(other.to_string()),
    }
}

/// `DnsName("a.b")` is how the TLS library shows a name.
fn presented_name(shown: &str) -> String {
    const SHOWN: usize = 80;
    let name = shown.split_once('(').map_or(shown, |(_, rest)| rest.trim_end_matches(')')).trim_matches('"');
    format!("`{}`", name.chars().filter(|char| !char.is_control()).take(SHOWN).collect::<String>())
}

fn moment(time: UnixTime) -> Option<Timestamp> {
    Timestamp::from_second(i64::try_from(time.as_secs()).ok()?).ok()
}
