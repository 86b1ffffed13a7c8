//! One request from end to end: login, redirects, one more try after a 401, retries, errors.

use std::sync::LazyLock;

use bytes::Bytes;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Body, Method, StatusCode};
use url::Url;

use super::auth::{Grant, Scope};
use super::http::{Response, same_origin};
use super::limit::{Lane, Place};
use super::{Client, Error, Kind};
use crate::image::MediaType;

/// Longest list, token or empty answer that is read.
const MAX_ANSWER: u64 = 32 * 1024 * 1024;

/// A request that can be sent again: its body is at hand.
#[derive(Clone)]
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) url: Url,
    scopes: Vec<Scope>,
    headers: HeaderMap,
    body: Bytes,
    lane: Lane,
    max_answer: u64,
    /// Whether a redirect is the answer.
    stays: bool,
}

impl Request {
    pub(super) fn new(method: Method, url: Url, scopes: Vec<Scope>) -> Self {
        let headers = HeaderMap::from_iter([(ACCEPT, ACCEPTED.clone())]);
        Self {
            method,
            url,
            scopes,
            headers,
            body: Bytes::new(),
            lane: Lane::Metadata,
            max_answer: MAX_ANSWER,
            stays: false,
        }
    }

    pub(super) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    pub(super) fn body(mut self, body: Bytes) -> Self {
        self.body = body;
        self
    }

    pub(super) fn max_answer(mut self, bytes: u64) -> Self {
        self.max_answer = bytes;
        self
    }

    /// Goes nowhere else: a redirect is the answer.
    pub(super) fn staying(mut self) -> Self {
        self.stays = true;
        self
    }

    pub(super) fn download(mut self) -> Self {
        self.lane = Lane::Download;
        self
    }
}

/// A whole answer with a status below 400.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// Where the `Location` of an answer to a POST leads.
    pub(super) location: Option<Result<Url, Error>>,
}

impl Client {
    /// The whole answer to `request`; tried again where that may help.
    pub(super) async fn call(&self, request: &Request) -> Result<Reply, Error> {
        let mut backoff = self.backoff();
        loop {
            match self.try_call(request).await {
                Ok(reply) => return Ok(reply),
                Err(error) => backoff.wait(error).await?,
            }
        }
    }

    /// As [`Self::call`], but the body is still to come.
    pub(super) async fn open(&self, request: &Request) -> Result<Response, Error> {
        let mut backoff = self.backoff();
        loop {
            match self.exchange(request).await {
                Ok(response) => return Ok(response),
                Err(error) => backoff.wait(error).await?,
            }
        }
    }

    /// As [`Self::call`], once.
    pub(super) async fn try_call(&self, request: &Request) -> Result<Reply, Error> {
        // Boxed: what holds requests under way would be tens of kilobytes large.
        let mut response = Box::pin(self.exchange(request)).await?;
        let leads_on = request.method == Method::POST && response.headers().contains_key(LOCATION);
        let location = leads_on.then(|| response.location());
        let (status, headers) = (response.status(), response.take_headers());
        let body = response.bytes(request.max_answer).await?;
        Ok(Reply { status, headers, body, location })
    }

    /// One try, login included.
    pub(super) async fn exchange(&self, request: &Request) -> Result<Response, Error> {
        let (place, grant) = self.admit(request.lane, &request.scopes).await?;
        let response = self.send(request, place, &grant).await?;
        let asks_for_login = response.status() == StatusCode::UNAUTHORIZED && self.is_own(response.url());
        if !asks_for_login {
            return self.judge(request, response, &grant).await;
        }
        let headers = response.headers().clone();
        let refusal = self.refusal(response, &grant).await;
        // A new token changes nothing about these.
        if matches!(refusal.kind(), Kind::BlockedTenant | Kind::MissingOrganization) {
            return Err(refusal);
        }
        match self.auth().renew(self.transport(), &request.scopes, &grant, &headers).await? {
            Some(grant) => {
                let place = self.transport().admit(request.lane).await;
                self.judge(request, self.send(request, place, &grant).await?, &grant).await
            }
            None => Err(self.explained(request, refusal, &grant).await),
        }
    }

    /// A place among the requests at a time, and a login that is good at the moment when the request may leave, however
    /// long it had to wait.
    pub(super) async fn admit(&self, lane: Lane, scopes: &[Scope]) -> Result<(Place, Grant), Error> {
        let place = self.transport().enter(lane).await;
        // Before the turn: all who wait for a login would leave at once.
        let grant = self.auth().grant(self.transport(), scopes).await?;
        self.transport().turn().await;
        Ok((place, self.auth().still_good(grant, self.transport(), scopes).await?))
    }

    async fn send(&self, request: &Request, place: Place, grant: &Grant) -> Result<Response, Error> {
        let Request { method, url, headers, body, .. } = request;
        let authorization = grant.header().filter(|_| self.is_own(url));
        let reads = *method == Method::GET || *method == Method::HEAD;
        if reads && !request.stays {
            return self.transport().follow(place, method, url, headers, authorization).await;
        }
        let mut headers = headers.clone();
        headers.extend(authorization.map(|value| (AUTHORIZATION, value.clone())));
        let body = (!reads).then(|| {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
            Body::from(body.clone())
        });
        self.transport().send(place, method, url, headers, body).await
    }

    async fn judge(&self, request: &Request, response: Response, grant: &Grant) -> Result<Response, Error> {
        if response.status().is_success() || request.stays && response.is_redirect() {
            return Ok(response);
        }
        let refusal = self.refusal(response, grant).await;
        Err(self.explained(request, refusal, grant).await)
    }

    /// A refused HEAD has no body that says why (missing organization, blocked tenant): the same GET has.
    async fn explained(&self, request: &Request, refusal: Error, grant: &Grant) -> Error {
        let unclear = request.method == Method::HEAD && matches!(refusal.kind(), Kind::Unauthorized | Kind::Denied);
        if !unclear || !refusal.url().starts_with(self.api().as_str()) {
            return refusal;
        }
        let get = Request::new(Method::GET, request.url.clone(), request.scopes.clone());
        let place = self.transport().admit(get.lane).await;
        match self.send(&get, place, grant).await {
            Ok(response) if !response.status().is_success() => self.refusal(response, grant).await,
            _ => refusal,
        }
    }

    pub(super) async fn refusal(&self, response: Response, grant: &Grant) -> Error {
        self.transport().refusal(response, grant.header()).await.anonymous(self.auth().is_anonymous())
    }

    /// Whether a URL is the registry's own: only there does the login go.
    pub(super) fn is_own(&self, url: &Url) -> bool {
        same_origin(url, self.api())
    }
}

/// All manifest types, always: without them registries convert manifests or deny having them.
static ACCEPTED: LazyLock<HeaderValue> = LazyLock::new(|| {
    let types = MediaType::MANIFESTS.each_ref().map(MediaType::as_str).join(", ");
    HeaderValue::from_str(&format!("{types}, */*;q=0.5")).expect("media types are header values")
});
