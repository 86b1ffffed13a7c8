//! Logins: which scheme a registry asks for, and what a request has to carry.
//!
//! A 401 only starts a handshake; what it means is judged after the token was asked for, even without credentials.

mod basic;
mod bearer;
mod bundles;
mod challenge;
mod credential_helper;
pub mod docker_config;
mod scope;
pub mod swr;
mod tokens;

use std::sync::RwLock;

use reqwest::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use reqwest::{Method, StatusCode};
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

use bearer::{Realm, Token};
use challenge::Challenge;
pub use scope::Access;
pub(super) use scope::Scope;
use tokens::Tokens;

use super::http::{Response, Transport};
use super::limit::Lane;
use super::{Error, Kind, Secret};
use crate::diag::say;
use crate::image::Repository;

/// Who asks.
#[derive(Clone, Debug, Default)]
pub enum Credentials {
    #[default]
    Anonymous,
    Basic {
        username: String,
        password: Secret,
    },
    /// A refresh token, as `docker login` keeps it for some registries.
    IdentityToken(Secret),
}

impl Credentials {
    pub(super) fn is_anonymous(&self) -> bool {
        matches!(self, Self::Anonymous)
    }

    /// What HTTP's own login sends, where there is a user and a password.
    pub(super) fn basic_header(&self) -> Option<HeaderValue> {
        match self {
            Self::Basic { username, password } => Some(basic::header(username, password)),
            Self::Anonymous | Self::IdentityToken(_) => None,
        }
    }

    /// What must not come back in a message.
    pub(super) fn secrets(&self) -> Vec<Secret> {
        match self {
            Self::Anonymous => Vec::new(),
            Self::Basic { username, password } => {
                vec![Secret::new(basic::encoded(username, password)), password.clone()]
            }
            Self::IdentityToken(token) => vec![token.clone()],
        }
    }
}

/// What a registry asks for.
#[derive(Clone)]
enum Scheme {
    /// Nothing so far.
    Open,
    Basic,
    Bearer(Realm),
}

/// What one request carries.
#[derive(Clone, Default)]
pub(super) struct Grant {
    header: Option<HeaderValue>,
    token: Option<Token>,
    /// Made for this request: a refusal of it is final.
    fresh: bool,
}

impl Grant {
    pub(super) fn header(&self) -> Option<&HeaderValue> {
        self.header.as_ref()
    }
}

/// The logins of one registry, shared by all tasks.
pub(super) struct Authenticator {
    /// `https://host/v2/`.
    api: Url,
    credentials: Credentials,
    scheme: RwLock<Option<Scheme>>,
    /// Held while the scheme is being asked for; the last failure, for those who waited for it.
    discovery: Mutex<Option<(Instant, Error)>>,
    tokens: Tokens,
}

impl Authenticator {
    pub(super) fn new(api: Url, credentials: Credentials) -> Self {
        Self { api, credentials, scheme: RwLock::new(None), discovery: Mutex::new(None), tokens: Tokens::default() }
    }

    pub(super) fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    pub(super) fn is_anonymous(&self) -> bool {
        self.credentials.is_anonymous()
    }

    /// Takes note that `/v2/` was answered: where nobody was asked for a login, none is asked for.
    pub(super) fn let_in(&self) {
        self.scheme.write().expect("nobody panics while holding the scheme").get_or_insert(Scheme::Open);
    }

    /// Takes in what is going to be done, so that it is asked for together.
    pub(super) fn expect(&self, wanted: impl IntoIterator<Item = (Repository, Access)>) {
        self.tokens.expect(wanted);
    }

    /// What a request for `scopes` carries; without scopes, what is known already.
    pub(super) async fn grant(&self, transport: &Transport, scopes: &[Scope]) -> Result<Grant, Error> {
        let scheme = match self.known_scheme() {
            None if scopes.is_empty() => return Ok(Grant::default()),
            None => self.discover(transport).await?,
            Some(scheme) => scheme,
        };
        self.grant_by(&scheme, transport, scopes).await
    }

    /// The same grant as long as it is good, else another one.
    pub(super) async fn still_good(
        &self,
        grant: Grant,
        transport: &Transport,
        scopes: &[Scope],
    ) -> Result<Grant, Error> {
        if grant.token.as_ref().is_none_or(Token::is_current) { Ok(grant) } else { self.grant(transport, scopes).await }
    }

    /// Takes note of a 401 to a request that cannot be sent again.
    pub(super) async fn forget(&self, refused: &Grant, headers: &HeaderMap) {
        self.learn(headers);
        if let Some(token) = &refused.token {
            self.tokens.forget(token).await;
        }
    }

    /// What to try after a 401, if anything: the scheme it names, or a new token in place of a used one.
    pub(super) async fn renew(
        &self,
        transport: &Transport,
        scopes: &[Scope],
        refused: &Grant,
        headers: &HeaderMap,
    ) -> Result<Option<Grant>, Error> {
        let scheme = self.learn(headers);
        let mut another = !refused.fresh;
        if let Some(token) = &refused.token {
            self.tokens.forget(token).await;
            let together = token.scopes() != scopes;
            // One that is new, or does not state what it covers, may not cover what was asked for together.
            if together && (refused.fresh || !token.states_access()) {
                self.tokens.split(token.scopes());
                another = true;
            }
        }
        let Some(scheme) = scheme.filter(|_| another) else { return Ok(None) };
        let grant = self.grant_by(&scheme, transport, scopes).await?;
        Ok(Some(grant).filter(|grant| grant.header.is_some() && grant.header != refused.header))
    }

    /// Asks for a token that covers `scopes`; `false` where the registry gives no tokens, so that nothing was learned.
    ///
    /// A token that does not say what it covers is believed.
    pub(super) async fn authorize(&self, transport: &Transport, scopes: &[Scope]) -> Result<bool, Error> {
        let grant = self.grant(transport, scopes).await?;
        let (Some(token), Some(Scheme::Bearer(realm))) = (grant.token, self.known_scheme()) else { return Ok(false) };
        if token.grants(scopes) {
            return Ok(true);
        }
        let wanted: Vec<String> = scopes.iter().map(ToString::to_string).collect();
        let detail =
            say!("the token it gave does not cover {scope}", "它给的令牌不包括 {scope}", scope = wanted.join(" "));
        Err(Error::new(Kind::Denied, &Method::GET, realm.url(), detail).anonymous(self.is_anonymous()))
    }

    async fn grant_by(&self, scheme: &Scheme, transport: &Transport, scopes: &[Scope]) -> Result<Grant, Error> {
        match (scheme, &self.credentials) {
            (Scheme::Bearer(realm), credentials) => {
                let (token, fresh) = self.tokens.get(transport, realm, credentials, scopes).await?;
                Ok(Grant { header: Some(token.header().clone()), token: Some(token), fresh })
            }
            (Scheme::Basic, Credentials::Basic { username, password }) => {
                Ok(Grant { header: Some(basic::header(username, password)), ..Grant::default() })
            }
            (Scheme::Open | Scheme::Basic, _) => Ok(Grant::default()),
        }
    }

    async fn discover(&self, transport: &Transport) -> Result<Scheme, Error> {
        let began = Instant::now();
        let mut failure = self.discovery.lock().await;
        if let Some(scheme) = self.known_scheme() {
            return Ok(scheme);
        }
        if let Some((at, error)) = &*failure
            && *at >= began
        {
            return Err(error.clone());
        }
        let asked = self.ask_for_scheme(transport).await;
        *failure = asked.as_ref().err().map(|error| (Instant::now(), error.clone()));
        asked
    }

    async fn ask_for_scheme(&self, transport: &Transport) -> Result<Scheme, Error> {
        let response = {
            let place = transport.admit(Lane::Login).await;
            transport.send(place, &Method::GET, &self.api, HeaderMap::new(), None).await?
        };
        match response.status() {
            StatusCode::UNAUTHORIZED => self.scheme_from(transport, response).await,
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                Err(transport.refusal(response, None).await)
            }
            // Whatever it is, the request itself will tell; its 401 will be learned from.
            _ => Ok(self.remember(Scheme::Open)),
        }
    }

    async fn scheme_from(&self, transport: &Transport, response: Response) -> Result<Scheme, Error> {
        let headers = response.headers().clone();
        let unclear = response.error(
            Kind::Protocol,
            say!(
                "a 401 without a login scheme that swrctl speaks (Basic, Bearer)",
                "401 应答没有给出 swrctl 支持的登录方式（Basic、Bearer）"
            ),
        );
        let refusal = transport.refusal(response, None).await;
        if *refusal.kind() == Kind::BlockedTenant {
            return Err(refusal);
        }
        self.learn(&headers).ok_or(unclear)
    }

    fn learn(&self, headers: &HeaderMap) -> Option<Scheme> {
        let values = headers.get_all(WWW_AUTHENTICATE).iter();
        let challenges: Vec<Challenge> =
            values.flat_map(|value| challenge::parse(&String::from_utf8_lossy(value.as_bytes()))).collect();
        let bearer = challenges.iter().find_map(|challenge| Realm::from_challenge(challenge, &self.api));
        let scheme = bearer
            .map(Scheme::Bearer)
            .or_else(|| challenges.iter().any(|challenge| challenge.scheme == "basic").then_some(Scheme::Basic))?;
        Some(self.remember(scheme))
    }

    fn known_scheme(&self) -> Option<Scheme> {
        self.scheme.read().expect("nobody panics while holding the scheme").clone()
    }

    fn remember(&self, scheme: Scheme) -> Scheme {
        *self.scheme.write().expect("nobody panics while holding the scheme") = Some(scheme.clone());
        scheme
    }
}
