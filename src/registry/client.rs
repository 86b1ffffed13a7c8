//! The client itself: one registry, one set of credentials.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::Method;
use url::Url;

use super::auth::{Access, Authenticator, Credentials, Scope};
use super::exchange::Request;
use super::http::{Times, Transport};
use super::recent::Recent;
use super::retry::{Backoff, Retry, Watcher};
use super::{Bandwidth, Error, Kind, Limits, Pacer, Pulls, TlsSettings, Vendor};
use crate::diag::{Problem, Wording, say};
use crate::image::{Listed, RegistryHost, Repository, Tag};

/// What a client needs to know of its registry.
#[derive(Clone, Debug)]
pub struct Settings {
    pub host: RegistryHost,
    pub tls: TlsSettings,
    pub credentials: Credentials,
    /// Whose API stands beside the registry's.
    pub vendor: Vendor,
    pub limits: Limits,
    /// Whose turn it is, perhaps among other clients of the same host.
    pub pacer: Pacer,
    /// What the bytes of blobs pass, together with those of other clients perhaps.
    pub bandwidth: Bandwidth,
    /// Tries after the first, for what is temporary.
    pub retries: u32,
    /// Where hosts are, whatever their names resolve to: the registry's and those beside it.
    pub addresses: BTreeMap<String, Vec<IpAddr>>,
}

impl Settings {
    pub const DEFAULT_RETRIES: u32 = 4;

    /// Anonymous, over TLS, without limits of the user's own.
    #[must_use]
    pub fn new(host: RegistryHost) -> Self {
        Self {
            host,
            tls: TlsSettings::default(),
            credentials: Credentials::Anonymous,
            vendor: Vendor::None,
            limits: Limits::default(),
            pacer: Pacer::new(None),
            bandwidth: Bandwidth::default(),
            retries: Self::DEFAULT_RETRIES,
            addresses: BTreeMap::new(),
        }
    }
}

/// A client of one registry; clones share connections, tokens and limits.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
    watcher: Watcher,
    /// Tries after the first, for what is temporary.
    retries: u32,
}

struct Inner {
    settings: Settings,
    host: RegistryHost,
    tls: TlsSettings,
    /// `https://host/v2/`.
    api: Url,
    vendor: Vendor,
    /// Where the vendor's API is, `https://host/`.
    vendor_root: Url,
    transport: Transport,
    auth: Authenticator,
    /// Found out: it takes a mount from the repository itself for an error, or says yes without looking.
    refuses_own_mounts: AtomicBool,
    /// Found out: whether it lists referrers.
    has_referrers_api: tokio::sync::Mutex<Option<bool>>,
    /// Found out: it answered the last upload with the digest of what it stored.
    states_digests: AtomicBool,
    /// Found out: it deletes manifests by digest only.
    deletes_no_tags: AtomicBool,
    /// That it let us in.
    pings: Recent<(), ()>,
    /// What repositories list.
    tags: Recent<Repository, Option<Listed<Tag>>>,
    /// Repositories in which tags are deleted, one at a time.
    deletions: Mutex<HashMap<Repository, Arc<tokio::sync::Mutex<()>>>>,
}

impl Client {
    /// # Errors
    /// When the TLS settings cannot be used.
    pub fn new(settings: Settings) -> Result<Self, Problem> {
        Self::with_times(settings, Times::default())
    }

    pub(super) fn with_times(settings: Settings, times: Times) -> Result<Self, Problem> {
        let transport = Transport::new(&settings, times)?;
        let Settings { host, tls, credentials, vendor, retries, .. } = settings.clone();
        let root = root_of(host.api_host(), &tls)?;
        let api = root.join("v2/").expect("a relative path");
        let vendor_root = vendor.host().map_or(Ok(root), |host| root_of(host.as_str(), &tls))?;
        let auth = Authenticator::new(api.clone(), credentials);
        let [refuses_own_mounts, states_digests, deletes_no_tags] = [const { AtomicBool::new(false) }; 3];
        let inner = Inner {
            settings,
            host,
            tls,
            api,
            vendor,
            vendor_root,
            transport,
            auth,
            refuses_own_mounts,
            has_referrers_api: tokio::sync::Mutex::default(),
            states_digests,
            deletes_no_tags,
            pings: Recent::default(),
            tags: Recent::default(),
            deletions: Mutex::default(),
        };
        Ok(Self { inner: Arc::new(inner), watcher: Watcher::default(), retries })
    }

    /// The same client, which finds these hosts at these addresses whatever their names resolve to.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn at(&self, addresses: BTreeMap<String, Vec<IpAddr>>) -> Result<Self, Problem> {
        Self::new(Settings { addresses, ..self.inner.settings.clone() })
    }

    /// The same client, which tells of what it tries again.
    #[must_use]
    pub fn watched(&self, tell: impl Fn(Retry) + Send + Sync + 'static) -> Self {
        Self { watcher: Watcher::new(tell), ..self.clone() }
    }

    /// The same client, which tries so often again.
    #[must_use]
    pub fn retrying(&self, retries: u32) -> Self {
        Self { retries, ..self.clone() }
    }

    /// How long the registry wants to be left alone from now on.
    #[must_use]
    pub fn paused_for(&self) -> Duration {
        self.inner.transport.paused_for()
    }

    #[must_use]
    pub fn host(&self) -> &RegistryHost {
        &self.inner.host
    }

    /// How many pulls the registry said are left, where it counts them.
    #[must_use]
    pub fn pulls(&self) -> Option<Pulls> {
        self.inner.transport.quota().known()
    }

    /// How far this machine's clock is ahead of the registry's, once that has answered; exact to a second.
    #[must_use]
    pub fn clock_ahead(&self) -> Option<jiff::SignedDuration> {
        self.inner.transport.skew().known()
    }

    /// How its connections are secured.
    #[must_use]
    pub fn tls(&self) -> &TlsSettings {
        &self.inner.tls
    }

    /// Asks whether this is a registry that lets us in (`GET /v2/`), login included; not when it just said so.
    pub async fn ping(&self) -> Result<(), Error> {
        self.inner.pings.get((), self.ask_for_entry()).await
    }

    async fn ask_for_entry(&self) -> Result<(), Error> {
        let request = Request::new(Method::GET, self.inner.api.clone(), Vec::new());
        let reply = self.call(&request).await?;
        if reply.body.trim_ascii_start().starts_with(b"<") {
            return Err(Self::protocol_error(
                &request,
                say!("an HTML page: a proxy or a web front end answered", "是 HTML 页面：应答的是代理或网页前端"),
            ));
        }
        self.inner.auth.let_in();
        Ok(())
    }

    /// Takes in what is going to be done here, so that one login covers it where the registry's token server gives one.
    /// Asks nothing.
    pub fn expect(&self, wanted: impl IntoIterator<Item = (Repository, Access)>) {
        self.inner.auth.expect(wanted);
    }

    /// Asks for a token that covers `access` to `repository`; where the registry gives none, whether it lets us in.
    pub async fn authorize(&self, repository: &Repository, access: Access) -> Result<(), Error> {
        let scopes = [Scope::Repository(repository.clone(), access)];
        let mut backoff = self.backoff();
        let told = loop {
            match self.inner.auth.authorize(&self.inner.transport, &scopes).await {
                Ok(told) => break told,
                Err(error) => backoff.wait(error).await?,
            }
        };
        if told { Ok(()) } else { self.ping().await }
    }

    /// Whose API stands beside the registry's, and where.
    pub(super) fn vendor(&self) -> (&Vendor, &Url) {
        (&self.inner.vendor, &self.inner.vendor_root)
    }

    pub(super) fn transport(&self) -> &Transport {
        &self.inner.transport
    }

    pub(super) fn auth(&self) -> &Authenticator {
        &self.inner.auth
    }

    pub(super) fn has_referrers_api(&self) -> &tokio::sync::Mutex<Option<bool>> {
        &self.inner.has_referrers_api
    }

    pub(super) fn digests_stated(&self) -> &AtomicBool {
        &self.inner.states_digests
    }

    pub(super) fn backoff(&self) -> Backoff {
        Backoff::new(self.retries, self.watcher.clone())
    }

    pub(super) fn refuses_own_mounts(&self) -> &AtomicBool {
        &self.inner.refuses_own_mounts
    }

    pub(super) fn deletes_no_tags(&self) -> &AtomicBool {
        &self.inner.deletes_no_tags
    }

    /// What repositories listed a moment ago.
    pub(super) fn recent_tags(&self) -> &Recent<Repository, Option<Listed<Tag>>> {
        &self.inner.tags
    }

    /// The turn of a deletion among those in a repository.
    pub(super) fn deletions(&self, repository: &Repository) -> Arc<tokio::sync::Mutex<()>> {
        let mut deletions = self.inner.deletions.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(deletions.entry(repository.clone()).or_default())
    }

    pub(super) fn api(&self) -> &Url {
        &self.inner.api
    }

    /// `…/v2/<path>`; names and digests need no escaping.
    pub(super) fn url(&self, path: &str) -> Url {
        self.inner.api.join(path).expect("names, tags and digests are valid in paths")
    }

    /// An answer to `request` that makes no sense.
    pub(super) fn protocol_error(request: &Request, detail: Wording) -> Error {
        Error::new(Kind::Protocol, &request.method, &request.url, detail)
    }
}

/// `https://host/`.
fn root_of(host: &str, tls: &TlsSettings) -> Result<Url, Problem> {
    let scheme = if tls.plain_http { "http" } else { "https" };
    let url = format!("{scheme}://{host}/").parse();
    url.map_err(|error: url::ParseError| {
        Problem::new(
            "registry-host",
            say!("`{host}` makes no URL: {error}", "`{host}` 不能构成 URL：{error}", host, error),
        )
    })
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("api", &self.inner.api.as_str()).finish_non_exhaustive()
    }
}
