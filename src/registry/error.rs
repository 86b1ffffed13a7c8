//! Why a registry did not do what it was asked: facts first, their wording is in `wording`.

use std::error::Error as StdError;
use std::fmt;
use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};
use reqwest::{Method, StatusCode};
use url::Url;

use super::error_body::{self, ServerError};
use super::{Secret, redact, retry};
use crate::diag::Problem;
use crate::image::BlobError;

/// What went wrong, as far as a program has to tell it apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Dns,
    Connect,
    Tls,
    Timeout,
    /// The connection broke while an answer was under way.
    Interrupted,
    /// No or wrong credentials.
    Unauthorized,
    /// The credentials are right, but not allowed to do this.
    Denied,
    /// The organization, namespace or project does not exist.
    MissingOrganization,
    /// SWR locked the tenant for about 30 minutes; no further request leaves this process.
    BlockedTenant,
    NotFound,
    RateLimited,
    ManifestRejected,
    /// A manifest names a blob or a child that the repository does not hold.
    BlobUnknown,
    /// The upload session is gone; a new one may work.
    UploadUnknown,
    /// Bytes and digest do not belong together.
    DigestInvalid,
    TooLarge,
    ServerError,
    UnexpectedStatus,
    /// The answer is not what the distribution specification says.
    Protocol,
    /// The bytes to upload stopped coming, for a reason of their source.
    Source(BlobError),
}

/// A failed request: kind, method, redacted URL, status, and what the registry said.
#[derive(Clone, Debug)]
pub struct Error(Box<Facts>);

#[derive(Clone, Debug)]
struct Facts {
    kind: Kind,
    method: Method,
    url: String,
    status: Option<StatusCode>,
    server: Vec<ServerError>,
    /// What this client or the system below it has to say.
    detail: Option<String>,
    retry_after: Option<Duration>,
    temporary: bool,
    anonymous: bool,
}

impl Error {
    pub(super) fn new(kind: Kind, method: &Method, url: &Url, detail: impl Into<Option<String>>) -> Self {
        let temporary = match &kind {
            Kind::Connect
            | Kind::Timeout
            | Kind::Interrupted
            | Kind::RateLimited
            | Kind::ServerError
            | Kind::UploadUnknown => true,
            Kind::Source(error) => error.temporary,
            _ => false,
        };
        Self(Box::new(Facts {
            kind,
            method: method.clone(),
            url: redact::url(url),
            status: None,
            server: Vec::new(),
            detail: detail.into(),
            retry_after: None,
            temporary,
            anonymous: false,
        }))
    }

    /// From a status of 400 and above, or a redirect that is not followed.
    pub(super) fn from_status(
        asked: (&Method, &Url),
        status: StatusCode,
        answer: (&HeaderMap, &[u8], &[Secret]),
    ) -> Self {
        let (method, url) = asked;
        let (headers, body, secrets) = answer;
        let server = error_body::parse(body, secrets);
        let kind = kind_of(method, url, status, &server, headers);
        let mut error = Self::new(kind, method, url, None);
        error.0.status = Some(status);
        error.0.server = server;
        error.0.detail = status.is_redirection().then(|| "a redirect that is not followed for this method".to_owned());
        error.0.retry_after = retry::retry_after(headers, SystemTime::now());
        error
    }

    pub(super) fn from_transport(method: &Method, url: &Url, cause: &reqwest::Error) -> Self {
        let chain = || causes(cause);
        if let Some(tls) = chain().find_map(tls_error) {
            return Self::new(Kind::Tls, method, url, tls.to_string());
        }
        let root = chain().last().map(|error| redact::text(&error.to_string(), &[])).unwrap_or_default();
        if cause.is_connect() && root == "tls handshake eof" {
            return Self::new(Kind::Tls, method, url, "the server hung up in the TLS handshake".to_owned()).temporary();
        }
        let resolving = cause.is_dns() || chain().any(|error| error.to_string().starts_with("dns error"));
        let kind = match cause {
            _ if resolving => Kind::Dns,
            cause if cause.is_timeout() => Kind::Timeout,
            cause if cause.is_connect() => Kind::Connect,
            cause if cause.is_builder() => Kind::Protocol,
            _ => Kind::Interrupted,
        };
        // What the resolver calls temporary (EAI_AGAIN) is; an unknown name is not.
        let unreachable_resolver = kind == Kind::Dns && root.to_ascii_lowercase().contains("temporary");
        let mut error = Self::new(kind, method, url, root);
        error.0.temporary |= unreachable_resolver;
        error
    }

    pub(super) fn anonymous(mut self, anonymous: bool) -> Self {
        self.0.anonymous = anonymous;
        self
    }

    /// Says more than the kind: an upload whose token ran out meanwhile may well work the next time.
    pub(super) fn temporary(mut self) -> Self {
        self.0.temporary = true;
        self
    }

    #[must_use]
    pub fn kind(&self) -> &Kind {
        &self.0.kind
    }

    /// Without credentials and without signatures.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.0.url
    }

    #[must_use]
    pub fn method(&self) -> &str {
        self.0.method.as_str()
    }

    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status.map(|status| status.as_u16())
    }

    /// What the registry said.
    #[must_use]
    pub fn server_errors(&self) -> &[ServerError] {
        &self.0.server
    }

    /// What the client or the operating system said.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// The request carried no credentials because none are known.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        self.0.anonymous
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Asking again may help.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        self.0.temporary
    }

    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.0.kind == Kind::NotFound
    }

    /// What to tell a user.
    #[must_use]
    pub fn problem(&self) -> Problem {
        super::wording::problem(self)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem().message)
    }
}

impl StdError for Error {}

impl From<Error> for BlobError {
    fn from(error: Error) -> Self {
        Self { problem: error.problem(), temporary: error.is_temporary() }
    }
}

/// The error and what caused it, outermost first.
fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn StdError + 'static)| (*error).source())
}

/// `io::Error` hides what it wraps from `source()`, and wraps another one here.
fn tls_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    match error.downcast_ref::<std::io::Error>() {
        Some(wrapper) => tls_error(wrapper.get_ref()?),
        None => error.downcast_ref(),
    }
}

fn kind_of(method: &Method, url: &Url, status: StatusCode, server: &[ServerError], headers: &HeaderMap) -> Kind {
    let has = |codes: &[&str]| server.iter().any(|error| codes.contains(&error.code.as_str()));
    let says = |text: &str| server.iter().any(|error| error.message.to_ascii_lowercase().contains(text));
    if says("not allow to login, upload or download") {
        return Kind::BlockedTenant;
    }
    // Go's server and nginx, to plain HTTP where TLS is spoken.
    if says("http request to an https server") || says("http request was sent to https port") {
        return Kind::Tls;
    }
    if names_missing_organization(status, server) {
        return Kind::MissingOrganization;
    }
    let writing_manifest = *method == Method::PUT && url.path().contains("/manifests/");
    if writing_manifest && has(&["MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN"]) {
        return Kind::BlobUnknown;
    }
    match status.as_u16() {
        _ if has(&["BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_INVALID"]) => Kind::UploadUnknown,
        _ if has(&["DIGEST_INVALID"]) => Kind::DigestInvalid,
        _ if has(&["TOOMANYREQUESTS"]) => Kind::RateLimited,
        401 if has(&["DENIED"]) || insufficient_scope(headers) => Kind::Denied,
        401 => Kind::Unauthorized,
        403 => Kind::Denied,
        404 => Kind::NotFound,
        408 => Kind::Timeout,
        413 => Kind::TooLarge,
        429 => Kind::RateLimited,
        500 | 502 | 503 | 504 => Kind::ServerError,
        400..=499 if writing_manifest => Kind::ManifestRejected,
        _ => Kind::UnexpectedStatus,
    }
}

/// SWR answers 401 DENIED with a text that names the organization; Harbor 404 or 401 with `project x not found`.
fn names_missing_organization(status: StatusCode, server: &[ServerError]) -> bool {
    let denied = status == StatusCode::UNAUTHORIZED;
    status.is_client_error()
        && server.iter().any(|error| {
            let text = error.message.to_ascii_lowercase();
            let holder = ["namespace", "organization", "project"].iter().any(|word| text.contains(word));
            let absent = ["not exist", "n't exist", "not found", "no such", "not been created"];
            let permission = ["permission", "not authorized", "not allowed", "forbidden"];
            holder
                && (absent.iter().any(|word| text.contains(word))
                    || denied && error.code == "DENIED" && !permission.iter().any(|word| text.contains(word)))
        })
}

fn insufficient_scope(headers: &HeaderMap) -> bool {
    let mut challenges = headers.get_all(WWW_AUTHENTICATE).iter();
    challenges.any(|value| value.as_bytes().windows(18).any(|part| part == b"insufficient_scope"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(method: &Method, status: u16, body: &str) -> Kind {
        let url = "https://h/v2/a/manifests/t".parse().unwrap();
        let status = StatusCode::from_u16(status).unwrap();
        Error::from_status((method, &url), status, (&HeaderMap::new(), body.as_bytes(), &[])).kind().clone()
    }

    fn listed(code: &str, message: &str) -> String {
        format!(r#"{{"errors":[{{"code":"{code}","message":"{message}"}}]}}"#)
    }

    #[test]
    fn swr_s_401_is_read_before_it_is_judged() {
        assert_eq!(kind(&Method::GET, 401, &listed("UNAUTHORIZED", "authentication required")), Kind::Unauthorized);
        assert_eq!(
            kind(&Method::GET, 401, &listed("DENIED", "namespace portal is not valid")),
            Kind::MissingOrganization
        );
        assert_eq!(kind(&Method::GET, 401, &listed("DENIED", "no permission in namespace portal")), Kind::Denied);
        let blocked = listed("DENIED", "Not allow to login, upload or download image");
        assert_eq!(kind(&Method::GET, 401, &blocked), Kind::BlockedTenant);
        assert_eq!(kind(&Method::POST, 404, &listed("NOT_FOUND", "project x not found")), Kind::MissingOrganization);
    }

    #[test]
    fn plain_http_to_a_tls_port_is_named_as_such() {
        assert_eq!(kind(&Method::GET, 400, "Client sent an HTTP request to an HTTPS server."), Kind::Tls);
        let nginx = "<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head></html>";
        assert_eq!(kind(&Method::GET, 400, nginx), Kind::Tls);
    }

    #[test]
    fn a_refused_manifest_is_told_from_a_missing_blob() {
        let refused = listed("", "Invalid image, fail to parse 'manifest.json'");
        assert_eq!(kind(&Method::PUT, 400, &refused), Kind::ManifestRejected);
        assert_eq!(kind(&Method::PUT, 400, &listed("MANIFEST_BLOB_UNKNOWN", "")), Kind::BlobUnknown);
        assert_eq!(kind(&Method::PUT, 400, &listed("DIGEST_INVALID", "")), Kind::DigestInvalid);
        assert_eq!(kind(&Method::GET, 404, &listed("MANIFEST_UNKNOWN", "")), Kind::NotFound);
    }

    #[test]
    fn only_what_may_pass_is_temporary() {
        let url = "https://h/v2/".parse().unwrap();
        for status in [408, 429, 500, 502, 503, 504] {
            let status = StatusCode::from_u16(status).unwrap();
            assert!(
                Error::from_status((&Method::GET, &url), status, (&HeaderMap::new(), b"", &[])).is_temporary(),
                "{status}"
            );
        }
        for status in [307, 400, 401, 403, 404, 405, 413, 501] {
            let status = StatusCode::from_u16(status).unwrap();
            assert!(
                !Error::from_status((&Method::GET, &url), status, (&HeaderMap::new(), b"", &[])).is_temporary(),
                "{status}"
            );
        }
    }

    #[test]
    fn errors_show_no_secret() {
        let url = "https://bob:hunter2@h/x?Signature=hunter2".parse().unwrap();
        let body = listed("DENIED", "bob:hunter2 may not");
        let secrets = [Secret::new("hunter2")];
        let status = StatusCode::FORBIDDEN;
        let error = Error::from_status((&Method::GET, &url), status, (&HeaderMap::new(), body.as_bytes(), &secrets));
        assert!(!format!("{error:?} {error} {:?}", error.problem()).contains("hunter2"));
    }
}
