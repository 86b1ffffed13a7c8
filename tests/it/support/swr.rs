//! A stand-in for SWR Basic in front of a real registry: it adds what SWR does differently, fact by fact, and leaves
//! the storing to the registry.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, LOCATION, WWW_AUTHENTICATE};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};
use sha2::Sha256;

use super::authority::{Authority, Identity};
use super::counting::{Behaviour, Proxy};
use super::http::Http;
use super::registry::Registry;
use super::server::{Body, Incoming, Recorder, full, reply};
use super::swr_api::{Account, SwrApi};

pub const REGION: &str = "cn-north-4";
pub const ACCESS_KEY: &str = "TESTACCESSKEY0000001";
pub const SECRET_KEY: &str = "test-secret-key-that-is-never-printed";

const AUTH_PATH: &str = "/swr/auth/v2/registry/auth/";
const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// How this SWR behaves where accounts differ or a test wants it otherwise.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Organizations that exist at the start; a push creates none.
    pub organizations: BTreeSet<String>,
    /// Names of organizations that other accounts have.
    pub taken: BTreeSet<String>,
    /// Repositories that anyone may pull from.
    pub public: BTreeSet<String>,
    /// Whether single OCI manifests are refused like indexes; reports disagree.
    pub refuse_oci_manifests: bool,
    /// How long a token is good for; SWR's are for 900 seconds and do not say so.
    pub token_life: Duration,
    /// Requests within a second; more are answered 503. SWR takes 20; a test that is not about it need not wait.
    pub requests_per_second: usize,
    /// After so many answers of 503 the account is blocked for good.
    pub patience: usize,
}

impl Settings {
    pub fn with_organizations(names: &[&str]) -> Self {
        Self {
            organizations: names.iter().map(ToString::to_string).collect(),
            taken: BTreeSet::new(),
            public: BTreeSet::new(),
            refuse_oci_manifests: false,
            token_life: Duration::from_mins(15),
            requests_per_second: usize::MAX,
            patience: usize::MAX,
        }
    }
}

#[derive(Debug)]
pub struct Swr {
    proxy: Proxy,
    storage: Proxy,
    api: SwrApi,
    account: Account,
    registry: Registry,
    authority: Option<String>,
}

impl Swr {
    /// Over plain HTTP, which real SWR does not offer.
    pub fn plain(settings: Settings) -> Self {
        Self::start(settings, None)
    }

    /// Over TLS with a certificate of `authority`.
    pub fn tls(settings: Settings, authority: &Authority) -> Self {
        Self::start(settings, Some((authority, authority.identity())))
    }

    fn start(settings: Settings, tls: Option<(&Authority, Identity)>) -> Self {
        let registry = Registry::plain();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let identity = tls.as_ref().map(|(_, identity)| identity);
        let storage = Proxy::start(registry.address(), identity, refuse_authorization);
        let account = Account::new(settings.organizations.clone(), settings.taken.clone());
        let api = SwrApi::start(&account, registry.address(), identity);
        let facts = Facts {
            settings,
            account: account.clone(),
            scheme,
            storage: storage.host(),
            tokens: Mutex::default(),
            traffic: Mutex::default(),
        };
        let proxy = Proxy::start(registry.address(), identity, facts);
        Self { proxy, storage, api, account, registry, authority: tls.map(|(authority, _)| authority.pem().to_owned()) }
    }

    /// `127.0.0.1:PORT`, as image names spell it.
    pub fn host(&self) -> String {
        self.proxy.host()
    }

    /// The user that a long-term login has.
    pub fn user() -> String {
        format!("{REGION}@{ACCESS_KEY}")
    }

    /// The password that a long-term login has, derived from the keys.
    pub fn password() -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET_KEY.as_bytes()).expect("any key length is accepted");
        mac.update(ACCESS_KEY.as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }

    /// The management API, which takes signed requests.
    pub fn api(&self) -> &SwrApi {
        &self.api
    }

    /// What the account has now.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The object storage (OBS) to which SWR sends whoever reads a blob.
    pub fn storage(&self) -> &Proxy {
        &self.storage
    }

    /// Every request, those for tokens too.
    pub fn recorder(&self) -> &Recorder {
        self.proxy.recorder()
    }

    /// The registry behind it, to look at or fill without SWR's rules.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// A client without credentials.
    pub fn http(&self) -> Http {
        match &self.authority {
            Some(authority) => Http::trusting(format!("https://{}", self.host()), authority),
            None => self.proxy.http(),
        }
    }

    /// A client with a token for one scope, e.g. `repository:a/b:pull,push`.
    #[track_caller]
    pub fn logged_in(&self, scope: &str) -> Http {
        let login = self.http().basic(&Self::user(), &Self::password());
        let answer = login.get(&format!("{AUTH_PATH}?service=dockyard&scope={scope}")).expect_status(200);
        self.http().bearer(answer.json()["token"].as_str().expect("the answer holds a token"))
    }
}

struct Facts {
    settings: Settings,
    account: Account,
    scheme: &'static str,
    storage: String,
    tokens: Mutex<BTreeMap<String, Grant>>,
    traffic: Mutex<Traffic>,
}

#[derive(Default)]
struct Traffic {
    /// Requests of the last second.
    recent: VecDeque<Instant>,
    refused: usize,
}

struct Grant {
    until: Instant,
    /// Repository and action.
    allowed: BTreeSet<(String, String)>,
}

impl Behaviour for Facts {
    fn before(&self, request: &Request<Incoming>) -> Option<Response<Body>> {
        if let Some(refusal) = self.refuse_haste() {
            return Some(refusal);
        }
        let path = request.uri().path();
        if path == AUTH_PATH {
            return Some(self.issue(request));
        }
        let repository = repository_of(path);
        if !self.permits(request, repository) {
            return Some(self.challenge(request, repository));
        }
        if path == "/v2/_catalog" {
            return Some(error(StatusCode::NOT_FOUND, "NOT_FOUND", "404 page not found"));
        }
        let organization = repository?.split('/').next()?;
        if !self.account.has(organization) {
            let text = format!("namespace '{organization}' does not exist or you have no permission for it");
            return Some(error(StatusCode::UNAUTHORIZED, "DENIED", &text));
        }
        self.refuse_manifest(request).or_else(|| self.redirect_blob(request))
    }

    fn after(&self, request: &Request<()>, status: StatusCode) -> Option<Response<Body>> {
        let path = request.uri().path();
        let unknown = status == StatusCode::NOT_FOUND && path.ends_with("/tags/list");
        unknown.then(|| reply(StatusCode::OK, &json!({"name": repository_of(path), "tags": null})))
    }
}

impl Facts {
    /// More than so many requests within a second are refused, and who does not care is blocked.
    fn refuse_haste(&self) -> Option<Response<Body>> {
        let mut traffic = self.traffic.lock().unwrap_or_else(PoisonError::into_inner);
        if traffic.refused >= self.settings.patience {
            let text = "Not allow to login, upload or download image";
            return Some(error(StatusCode::UNAUTHORIZED, "DENIED", text));
        }
        let now = Instant::now();
        traffic.recent.retain(|at| now.duration_since(*at) < Duration::from_secs(1));
        if traffic.recent.len() < self.settings.requests_per_second {
            traffic.recent.push_back(now);
            return None;
        }
        traffic.refused += 1;
        Some(error(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", "too many requests"))
    }

    /// Basic rejects what is not a Docker manifest, after every blob has been moved.
    fn refuse_manifest(&self, request: &Request<Incoming>) -> Option<Response<Body>> {
        let media_type = request.headers().get(CONTENT_TYPE)?.to_str().ok()?;
        let refused = media_type == OCI_INDEX || (media_type == OCI_MANIFEST && self.settings.refuse_oci_manifests);
        let is_manifest = request.method() == Method::PUT && request.uri().path().contains("/manifests/");
        (refused && is_manifest).then(|| {
            let text = "Invalid image, fail to parse 'manifest.json'";
            let body = json!({"errors": [{"errorCode": "SVCSTG.SWR.4001088", "errorMessage": text}]});
            reply(StatusCode::BAD_REQUEST, &body)
        })
    }

    /// A blob is read from another host, at a URL that is signed by itself.
    fn redirect_blob(&self, request: &Request<Incoming>) -> Option<Response<Body>> {
        let path = request.uri().path();
        let is_blob = request.method() == Method::GET && path.contains("/blobs/sha256:");
        is_blob.then(|| {
            let location = format!("{}://{}{path}?AccessKeyId=storage&Signature=test", self.scheme, self.storage);
            let mut response = Response::new(full(""));
            *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
            response.headers_mut().insert(LOCATION, location.parse().expect("a valid header"));
            response
        })
    }

    /// A token without `expires_in`, for the scopes that the login may have; anyone may pull what is public.
    fn issue(&self, request: &Request<Incoming>) -> Response<Body> {
        let expected = format!("Basic {}", BASE64_STANDARD.encode(format!("{}:{}", Swr::user(), Swr::password())));
        let known = match request.headers().get(AUTHORIZATION) {
            None => false,
            Some(given) if given == expected.as_str() => true,
            Some(_) => return error(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "Authenticate Error"),
        };
        let query = request.uri().query().unwrap_or_default().as_bytes();
        let mut allowed = BTreeSet::new();
        for (_, scope) in url::form_urlencoded::parse(query).filter(|(key, _)| key == "scope") {
            for (repository, action) in scope.split(' ').flat_map(parse_scope) {
                if known || (action == "pull" && self.settings.public.contains(&repository)) {
                    allowed.insert((repository, action));
                }
            }
        }
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let token = format!("swr-token-{}", tokens.len());
        tokens.insert(token.clone(), Grant { until: Instant::now() + self.settings.token_life, allowed });
        reply(StatusCode::OK, &json!({"token": token}))
    }

    fn permits(&self, request: &Request<Incoming>, repository: Option<&str>) -> bool {
        let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(grant) = header.strip_prefix("Bearer ").and_then(|token| tokens.get(token)) else { return false };
        let may = |repository: &str, action: &str| grant.allowed.contains(&(repository.to_owned(), action.to_owned()));
        let action = match *request.method() {
            Method::GET | Method::HEAD => "pull",
            Method::DELETE => "delete",
            _ => "push",
        };
        Instant::now() < grant.until
            && repository.is_none_or(|repository| may(repository, action))
            && mounted_from(request).is_none_or(|source| may(&source, "pull"))
    }

    /// SWR's challenge, whose scope names the repository and no action.
    fn challenge(&self, request: &Request<Incoming>, repository: Option<&str>) -> Response<Body> {
        let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let scope = repository.map(|repository| format!(",scope=\"repository:{repository}:\"")).unwrap_or_default();
        let scheme = self.scheme;
        let challenge = format!("Bearer realm=\"{scheme}://{host}{AUTH_PATH}\",service=\"dockyard\"{scope}");
        let mut response = error(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "authentication required");
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge.parse().expect("a valid header"));
        response
    }
}

/// Object storage refuses a request that is signed in its URL and carries credentials besides.
fn refuse_authorization(request: &Request<Incoming>) -> Option<Response<Body>> {
    let text = "Only one auth mechanism allowed";
    let refused = request.headers().contains_key(AUTHORIZATION);
    refused.then(|| error(StatusCode::BAD_REQUEST, "InvalidArgument", text))
}

fn error(status: StatusCode, code: &str, message: &str) -> Response<Body> {
    let body: Value = json!({"errors": [{"code": code, "message": message}]});
    reply(status, &body)
}

/// `a/b` of `/v2/a/b/blobs/…`; `None` of `/v2/` and `/v2/_catalog`.
fn repository_of(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("/v2/")?;
    ["/blobs/", "/manifests/", "/tags/"].iter().find_map(|part| rest.rfind(part)).map(|end| &rest[..end])
}

fn parse_scope(scope: &str) -> Vec<(String, String)> {
    let parsed = scope.strip_prefix("repository:").and_then(|rest| rest.rsplit_once(':'));
    let Some((repository, actions)) = parsed else { return Vec::new() };
    actions.split(',').map(|action| (repository.to_owned(), action.to_owned())).collect()
}

fn mounted_from(request: &Request<Incoming>) -> Option<String> {
    let query = request.uri().query()?.as_bytes();
    url::form_urlencoded::parse(query).find(|(key, _)| key == "from").map(|(_, from)| from.into_owned())
}
