//! How failed requests are told to people.

use super::{Error, Kind};
use crate::diag::Problem;

/// `<what is wrong>: <METHOD URL> answered <status> (<what the registry said>)`, with what to do.
pub(super) fn problem(error: &Error) -> Problem {
    if let Kind::Source(error) = error.kind() {
        return error.problem.clone();
    }
    let (code, summary) = summary(error);
    let answered = error.status().map(|status| format!(" answered {status}")).unwrap_or_default();
    let said: Vec<String> =
        error.server_errors().iter().map(said).chain(error.detail().map(ToOwned::to_owned)).collect();
    let said = if said.is_empty() { String::new() } else { format!(" ({})", said.join("; ")) };
    let message = format!("{summary}: {} {}{answered}{said}", error.method(), error.url());
    let problem = Problem::new(code, message);
    match help(error) {
        Some(help) => problem.with_help(help),
        None => problem,
    }
}

fn said(entry: &super::ServerError) -> String {
    match (entry.code.as_str(), entry.message.as_str()) {
        ("", message) => message.to_owned(),
        (code, "") => code.to_owned(),
        (code, message) => format!("{code}: {message}"),
    }
}

fn summary(error: &Error) -> (&'static str, &'static str) {
    match error.kind() {
        Kind::Dns => ("registry-dns", "the registry's host name does not resolve"),
        Kind::Connect => ("registry-connect", "no connection to the registry"),
        Kind::Tls => ("registry-tls", "no secure connection to the registry"),
        Kind::Timeout => ("registry-timeout", "the registry did not answer in time"),
        Kind::Interrupted => ("registry-interrupted", "the connection to the registry broke"),
        Kind::Unauthorized if error.is_anonymous() => ("registry-unauthorized", "the registry asks for credentials"),
        Kind::Unauthorized => ("registry-unauthorized", "the registry does not take these credentials"),
        Kind::Denied if error.is_anonymous() => {
            ("registry-denied", "the registry does not let anonymous users do this")
        }
        Kind::Denied => ("registry-denied", "these credentials may not do this"),
        Kind::MissingOrganization => ("missing-organization", "the organization does not exist in the registry"),
        Kind::BlockedTenant => ("blocked-tenant", "the registry blocks this account for about 30 minutes"),
        Kind::NotFound if error.url().ends_with("/v2/") => ("no-registry", "this host speaks no registry API"),
        Kind::NotFound => ("registry-not-found", "the registry does not have it"),
        Kind::RateLimited => ("rate-limited", "the registry takes no more requests for now"),
        Kind::PullsUsedUp => ("pulls-used-up", "the registry grants no more pulls for now"),
        Kind::ManifestRejected => ("manifest-rejected", "the registry refuses the manifest"),
        Kind::BlobUnknown => ("blob-unknown", "the registry misses content that the manifest names"),
        Kind::UploadUnknown => ("upload-unknown", "the registry has lost the upload"),
        Kind::DigestInvalid => ("digest-invalid", "bytes and digest do not belong together"),
        Kind::TooLarge => ("registry-too-large", "the content is larger than is allowed"),
        Kind::ServerError => ("registry-error", "the registry failed"),
        Kind::UnexpectedStatus => ("registry-status", "the registry gave an unexpected answer"),
        Kind::Protocol | Kind::Source(_) => ("registry-protocol", "the answer is not what the registry's API says"),
    }
}

fn help(error: &Error) -> Option<&'static str> {
    Some(match error.kind() {
        Kind::Dns => "check the spelling of the host, and that this machine's name servers know it",
        Kind::Connect => "check host and port, and that firewalls and HTTPS_PROXY let this machine reach them",
        Kind::Tls if error.status().is_some() => "the server speaks TLS at this port: remove `tls plain-http=true`",
        Kind::Tls => tls_help(error.detail().unwrap_or_default()),
        Kind::Timeout => "check the network path to the registry; `swrctl plan` shows its checks",
        Kind::Interrupted => "try again; if it happens every time, something between cuts connections",
        Kind::Unauthorized if error.is_anonymous() => {
            "log in with `docker login`, or write `auth` into the `registry` section"
        }
        Kind::Unauthorized => "check user name and password; for SWR: region, access key and secret key",
        Kind::Denied if error.is_anonymous() => {
            "write `auth` into the `registry` section, or check the spelling of the repository"
        }
        Kind::Denied => "give this user the permission, or check the spelling of the repository",
        Kind::MissingOrganization => {
            "create the organization (a push does not), or check its spelling and that it belongs to this account"
        }
        Kind::BlockedTenant => {
            "wait 30 minutes, check the credentials, then run again; nothing more is sent to this registry now"
        }
        Kind::RateLimited => "wait, log in for a higher limit, or set `limit requests-per-second=` for this registry",
        Kind::PullsUsedUp => "run it again later, log in for a higher limit, or leave tags out",
        Kind::ManifestRejected => {
            "SWR Basic takes Docker media types only: write `provider \"swr\" edition=\"basic\"` so that images are converted"
        }
        Kind::BlobUnknown | Kind::UploadUnknown => "run it again; what is already there is not moved twice",
        Kind::DigestInvalid => {
            "something between the registry and this machine changes bytes, or the registry's storage is damaged"
        }
        Kind::ServerError => "try again later; the registry's own log says more",
        Kind::UnexpectedStatus | Kind::Protocol => "check that the host is a registry's and not a web page or a proxy",
        Kind::NotFound if error.url().ends_with("/v2/") => {
            "check host and port; the organization does not belong there"
        }
        Kind::NotFound | Kind::TooLarge | Kind::Source(_) => return None,
    })
}

fn tls_help(detail: &str) -> &'static str {
    if detail.contains("UnknownIssuer") || detail.contains("BadSignature") {
        "name the CA that signed the certificate with `tls ca=\"file.pem\"`, or install ca-certificates"
    } else if detail.contains("CaUsedAsEndEntity") {
        "trust this very certificate with `tls ca=\"file.pem\"`, or give the server one that its CA issued for this host"
    } else if detail.to_ascii_lowercase().contains("expired") {
        "the server's certificate has expired; renew it, or check this machine's clock"
    } else if detail.to_ascii_lowercase().contains("not valid for name") || detail.contains("NotValidForName") {
        "the certificate is for another host; use a name that it holds, or check where the host name leads"
    } else if ["corrupt message", "InvalidContentType", "hung up"].iter().any(|sign| detail.contains(sign)) {
        "the server does not speak TLS at this port; if that is meant, write `tls plain-http=true`"
    } else if detail.contains("CertificateRequired") || detail.contains("HandshakeFailure") {
        "the server may ask for a client certificate: `tls client-certificate=\"file.pem\"`"
    } else {
        "check the server's certificate and TLS versions; a proxy that opens TLS needs its CA in `tls ca=`"
    }
}
