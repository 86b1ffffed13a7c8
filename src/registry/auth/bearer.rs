//! Tokens: where they come from, how they are asked for, and what they say.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Body, Method};
use serde::Deserialize;
use tokio::time::Instant;
use url::Url;
use url::form_urlencoded;

use super::challenge::Challenge;
use super::scope::Scope;
use super::{Credentials, basic};
use crate::diag::say;
use crate::registry::http::{Response, Transport};
use crate::registry::limit::Lane;
use crate::registry::{Error, Kind};

/// What a token lives when its server does not say (token specification).
const DEFAULT_LIFE: Duration = Duration::from_mins(1);
const MAX_ANSWER: u64 = 1024 * 1024;
const CLIENT_ID: &str = "swrctl";

/// Where tokens come from.
#[derive(Clone)]
pub(super) struct Realm {
    url: Url,
    service: Option<String>,
    /// The registry speaks TLS and the token server does not: no credentials go there.
    downgraded: bool,
}

impl Realm {
    pub(super) fn from_challenge(challenge: &Challenge, api: &Url) -> Option<Self> {
        if challenge.scheme != "bearer" {
            return None;
        }
        let url = api.join(challenge.parameter("realm")?).ok()?;
        if !matches!(url.scheme(), "http" | "https") {
            return None;
        }
        let downgraded = api.scheme() == "https" && url.scheme() == "http";
        Some(Self { url, service: challenge.parameter("service").map(ToOwned::to_owned), downgraded })
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }
}

/// A token, ready to be sent.
#[derive(Clone)]
pub(super) struct Token {
    header: HeaderValue,
    /// What was asked for.
    scopes: Arc<[Scope]>,
    /// What it says that it covers, where it is a JWT that says so.
    access: Option<Arc<[AccessEntry]>>,
    asked_at: Instant,
    /// From here on a new one is asked for.
    renew_at: Instant,
}

impl Token {
    pub(super) fn header(&self) -> &HeaderValue {
        &self.header
    }

    pub(super) fn scopes(&self) -> &[Scope] {
        &self.scopes
    }

    pub(super) fn asked_at(&self) -> Instant {
        self.asked_at
    }

    pub(super) fn is_current(&self) -> bool {
        Instant::now() < self.renew_at
    }

    /// Whether the token states every scope, where it is a JWT that states any; others are believed.
    pub(super) fn grants(&self, scopes: &[Scope]) -> bool {
        let Some(entries) = &self.access else { return true };
        scopes.iter().all(|scope| {
            let (kind, name, actions) = scope.parts();
            let entries: Vec<&AccessEntry> = entries.iter().filter(|e| e.kind == kind && e.name == name).collect();
            let granted = |action: &str| entries.iter().any(|e| e.actions.iter().any(|a| a == action || a == "*"));
            actions.iter().all(|action| granted(action))
        })
    }

    pub(super) fn states_access(&self) -> bool {
        self.access.is_some()
    }
}

fn stated_access(header: &HeaderValue) -> Option<Arc<[AccessEntry]>> {
    #[derive(Deserialize)]
    struct Claims {
        access: Vec<AccessEntry>,
    }
    let payload = header.to_str().ok()?.split('.').nth(1)?;
    let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    Some(serde_json::from_slice::<Claims>(&payload).ok()?.access.into())
}

#[derive(Deserialize)]
struct AccessEntry {
    #[serde(rename = "type")]
    kind: String,
    name: String,
    #[serde(default)]
    actions: Vec<String>,
}

/// Asks for one token.
pub(super) async fn fetch(
    transport: &Transport,
    realm: &Realm,
    credentials: &Credentials,
    scopes: &[Scope],
) -> Result<Token, Error> {
    let asked_at = Instant::now();
    if realm.downgraded && !credentials.is_anonymous() {
        let detail = say!(
            "the registry speaks HTTPS, its token server does not: the credentials stay here",
            "镜像仓库使用 HTTPS，它的令牌服务却没有：不会发送凭据"
        );
        return Err(Error::new(Kind::Protocol, &Method::GET, &realm.url, detail));
    }
    let response = match credentials {
        Credentials::IdentityToken(_) => exchange_identity(transport, realm, credentials, scopes).await?,
        _ => ask(transport, realm, credentials, scopes).await?,
    };
    if !response.status().is_success() {
        return Err(transport.refusal(response, None).await);
    }
    let unreadable =
        response.error(Kind::Protocol, say!("the token server's answer holds no token", "令牌服务的应答里没有令牌"));
    let (header, life) = read(&response.bytes(MAX_ANSWER).await?).ok_or(unreadable)?;
    // Early enough that a request under way still arrives in time.
    let renew_at = asked_at + life - (life / 6).min(Duration::from_secs(30));
    Ok(Token { access: stated_access(&header), header, scopes: scopes.into(), asked_at, renew_at })
}

/// `GET realm?service=…&scope=…`, with user name and password where there are any.
async fn ask(
    transport: &Transport,
    realm: &Realm,
    credentials: &Credentials,
    scopes: &[Scope],
) -> Result<Response, Error> {
    let mut url = realm.url.clone();
    {
        let mut query = url.query_pairs_mut();
        query.extend_pairs(realm.service.iter().map(|service| ("service", service)));
        query.append_pair("client_id", CLIENT_ID);
        query.extend_pairs(scopes.iter().map(|scope| ("scope", scope.to_string())));
    }
    let authorization = match credentials {
        Credentials::Basic { username, password } => Some(basic::header(username, password)),
        _ => None,
    };
    let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
    let place = transport.admit(Lane::Login).await;
    transport.follow(place, &Method::GET, &url, &headers, authorization.as_ref()).await
}

/// The OAuth 2 way, for refresh tokens (token specification, "Authenticating with OAuth 2").
async fn exchange_identity(
    transport: &Transport,
    realm: &Realm,
    credentials: &Credentials,
    scopes: &[Scope],
) -> Result<Response, Error> {
    let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, form_type)]);
    let body = Body::from(identity_form(realm, credentials, scopes));
    let place = transport.admit(Lane::Login).await;
    transport.send(place, &Method::POST, &realm.url, headers, Some(body)).await
}

fn identity_form(realm: &Realm, credentials: &Credentials, scopes: &[Scope]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "refresh_token").append_pair("client_id", CLIENT_ID);
    form.append_pair("service", realm.service.as_deref().unwrap_or_default());
    if !scopes.is_empty() {
        let scopes: Vec<String> = scopes.iter().map(ToString::to_string).collect();
        form.append_pair("scope", &scopes.join(" "));
    }
    if let Credentials::IdentityToken(token) = credentials {
        form.append_pair("refresh_token", token.expose());
    }
    form.finish()
}

/// The header to send and how long it is good for.
fn read(answer: &[u8]) -> Option<(HeaderValue, Duration)> {
    #[derive(Deserialize)]
    struct Answer {
        token: Option<String>,
        access_token: Option<String>,
        expires_in: Option<serde_json::Value>,
    }
    let answer: Answer = serde_json::from_slice(answer).ok()?;
    let token = answer.token.or(answer.access_token).filter(|token| !token.is_empty())?;
    let mut header = HeaderValue::from_str(&format!("Bearer {token}")).ok()?;
    header.set_sensitive(true);
    let seconds = answer.expires_in.and_then(|value| value.as_u64()).filter(|seconds| *seconds > 0);
    Some((header, seconds.map_or(DEFAULT_LIFE, |seconds| Duration::from_secs(seconds.min(86_400)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> Token {
        let header = HeaderValue::from_str(&format!("Bearer {text}")).unwrap();
        let access = stated_access(&header);
        Token { header, scopes: Arc::new([]), access, asked_at: Instant::now(), renew_at: Instant::now() }
    }

    fn jwt(claims: &str) -> Token {
        token(&format!("eyJhbGciOiJub25lIn0.{}.sig", URL_SAFE_NO_PAD.encode(claims)))
    }

    #[test]
    fn both_names_of_the_token_are_read() {
        let shown = |answer: &str| {
            read(answer.as_bytes()).map(|(header, life)| (header.to_str().unwrap().to_owned(), life.as_secs()))
        };
        assert_eq!(shown(r#"{"token":"a","expires_in":900}"#), Some(("Bearer a".to_owned(), 900)));
        assert_eq!(shown(r#"{"access_token":"b"}"#), Some(("Bearer b".to_owned(), 60)));
        for none in ["{}", r#"{"token":""}"#, "<html>", r#"{"token":"a\nb"}"#, ""] {
            assert_eq!(shown(none), None, "{none}");
        }
    }

    #[test]
    fn a_token_that_states_less_does_not_grant() {
        let push = [Scope::push(&"a/b".parse().unwrap())];
        let pull = [Scope::pull(&"a/b".parse().unwrap())];
        let pull_only = jwt(r#"{"access":[{"type":"repository","name":"a/b","actions":["pull"]}]}"#);
        assert!(pull_only.grants(&pull) && !pull_only.grants(&push));
        assert!(jwt(r#"{"access":[{"type":"repository","name":"a/b","actions":["*"]}]}"#).grants(&push));
        assert!(!jwt(r#"{"access":[]}"#).grants(&pull));
        assert!(jwt(r#"{"sub":"x"}"#).grants(&push) && token("opaque").grants(&push));
    }

    #[test]
    fn a_realm_may_be_relative_and_must_be_http() {
        let api: Url = "https://h/v2/".parse().unwrap();
        let realm = |text: &str| {
            let challenges = super::super::challenge::parse(&format!("Bearer realm=\"{text}\""));
            Realm::from_challenge(&challenges[0], &api)
        };
        assert_eq!(realm("/token").unwrap().url().as_str(), "https://h/token");
        assert!(realm("http://h/token").unwrap().downgraded);
        assert!(realm("file:///etc/passwd").is_none());
    }
}
