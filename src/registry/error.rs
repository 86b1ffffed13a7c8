//! Why a registry did not do what it was asked: facts first, their wording is in `wording`.

use std::error::Error as StdError;
use std::fmt;
use std::time::{Duration, SystemTime};

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use url::Url;

use super::error_body::{self, ServerError};
use super::{Secret, classify, quota, redact, retry, skew};
use crate::diag::{Problem, Wording, say};
use crate::image::{BlobError, Digest};

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
    /// The pulls that the registry grants in a while are used up.
    PullsUsedUp,
    ManifestRejected,
    /// A quota or the storage is used up.
    NoRoom,
    /// A manifest names a blob or a child that the repository does not hold.
    BlobUnknown,
    /// The upload session is gone; a new one may work.
    UploadUnknown,
    /// Bytes and digest do not belong together.
    DigestInvalid,
    TooLarge,
    ServerError,
    UnexpectedStatus,
    /// The answer is not what the distribution specification, or the vendor of the API, says.
    Protocol,
    /// A tag that could not be deleted now holds a placeholder, and not this manifest.
    PlaceholderLeft(Digest),
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
    detail: Option<Wording>,
    retry_after: Option<Duration>,
    temporary: bool,
    anonymous: bool,
    /// Said by the object storage that the registry sent us to.
    of_storage: bool,
}

impl Error {
    pub(super) fn new(kind: Kind, method: &Method, url: &Url, detail: impl Into<Option<Wording>>) -> Self {
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
            of_storage: false,
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
        let kind = classify::kind_of(method, url, status, &server, headers);
        let mut error = Self::new(kind, method, url, None);
        error.0.status = Some(status);
        error.0.server = server;
        error.0.of_storage = error_body::is_of_storage(body);
        error.0.detail = status
            .is_redirection()
            .then(|| say!("a redirect that is not followed for this method", "这种方法不跟随重定向"));
        // A date in the answer is to be read by the clock that wrote it.
        let now = skew::date(headers).map_or_else(SystemTime::now, SystemTime::from);
        error.0.retry_after = retry::retry_after(headers, now).filter(|pause| !pause.is_zero());
        if let Some(pause) = error.0.retry_after {
            error.0.detail =
                Some(say!("it asks to wait {seconds} s", "它要求等待 {seconds} 秒", seconds = pause.as_secs()));
        }
        if error.0.kind == Kind::PullsUsedUp {
            error.0.detail = quota::used_up(headers);
        }
        error
    }

    pub(super) fn from_transport(method: &Method, url: &Url, cause: &reqwest::Error) -> Self {
        let chain = || causes(cause);
        if let Some(tls) = chain().find_map(tls_error) {
            return Self::new(Kind::Tls, method, url, Wording::foreign(tls.to_string()));
        }
        let root = chain().last().map(|error| redact::text(&error.to_string(), &[])).unwrap_or_default();
        if cause.is_connect() && root == "tls handshake eof" {
            return Self::new(
                Kind::Tls,
                method,
                url,
                say!("the server hung up in the TLS handshake", "服务器在 TLS 握手时断开"),
            )
            .temporary();
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
        let of_system = chain().last().and_then(|error| error.downcast_ref::<std::io::Error>()).map(Wording::of_system);
        let mut error = Self::new(kind, method, url, of_system.unwrap_or_else(|| Wording::foreign(root)));
        error.0.temporary |= unreachable_resolver;
        error
    }

    /// Of a request that is not sent because of `self`, the answer to an earlier one; after `wait` it might be.
    pub(super) fn unsent(&self, method: &Method, url: &Url, wait: Option<Duration>) -> Self {
        let detail = match wait {
            Some(wait) => say!(
                "not sent: it told an earlier request to wait, {seconds} s from now on",
                "未发送：它要求先前的请求等待，还剩 {seconds} 秒",
                seconds = wait.as_secs()
            ),
            None => say!("not sent: it said so to an earlier request", "未发送：它已这样答复先前的请求"),
        };
        let mut error = Self::new(self.0.kind.clone(), method, url, detail).anonymous(self.0.anonymous);
        error.0.server.clone_from(&self.0.server);
        error.0.temporary = false;
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

    pub(super) fn leaving_placeholder(mut self, original: Digest) -> Self {
        self.0.kind = Kind::PlaceholderLeft(original);
        self.0.temporary = false;
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
    pub fn detail(&self) -> Option<&Wording> {
        self.0.detail.as_ref()
    }

    /// The request carried no credentials because none are known.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        self.0.anonymous
    }

    /// It is not the registry that speaks, but the storage behind it.
    #[must_use]
    pub fn is_of_storage(&self) -> bool {
        self.0.of_storage
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// How long the registry wants to be left alone, where it may be asked again after that.
    pub(super) fn pause(&self) -> Option<Duration> {
        self.0.retry_after.filter(|_| self.0.temporary)
    }

    /// Asking again may help, after a bearable time.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        self.0.temporary && self.0.retry_after.is_none_or(|pause| pause <= retry::LONGEST_PAUSE)
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
        f.write_str(self.problem().message.english())
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A resolver that knows nothing.
    struct Resolver(&'static str);

    impl reqwest::dns::Resolve for Resolver {
        fn resolve(&self, _: reqwest::dns::Name) -> reqwest::dns::Resolving {
            let error = std::io::Error::other(format!("failed to lookup address information: {}", self.0));
            Box::pin(std::future::ready(Err(error.into())))
        }
    }

    #[tokio::test]
    async fn an_unknown_host_is_final_and_a_lost_resolver_is_not() {
        for (answer, temporary) in
            [("Name or service not known", false), ("Temporary failure in name resolution", true)]
        {
            let client = reqwest::Client::builder().tls_backend_preconfigured(
                crate::registry::tls::client_config(&crate::registry::TlsSettings::default(), &[]).unwrap(),
            );
            let client = client.no_proxy().dns_resolver(std::sync::Arc::new(Resolver(answer))).build().unwrap();
            let url: Url = "http://registry.example/v2/".parse().unwrap();
            let cause = client.get(url.clone()).send().await.unwrap_err();
            let error = Error::from_transport(&Method::GET, &url, &cause);
            assert_eq!((error.kind(), error.is_temporary()), (&Kind::Dns, temporary), "{error:?}");
            assert!(error.to_string().contains(&answer.to_ascii_lowercase()), "{error}");
        }
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
        let body = r#"{"errors":[{"code":"DENIED","message":"bob:hunter2 may not"}]}"#;
        let secrets = [Secret::new("hunter2")];
        let status = StatusCode::FORBIDDEN;
        let error = Error::from_status((&Method::GET, &url), status, (&HeaderMap::new(), body.as_bytes(), &secrets));
        assert!(!format!("{error:?} {error} {:?}", error.problem()).contains("hunter2"));
    }
}
