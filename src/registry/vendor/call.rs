//! One request to a vendor's API from end to end: who asks, retries, errors, and lists that come in pages.

use std::collections::BTreeSet;
use std::str::FromStr;

use bytes::Bytes;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Body, Method};
use serde::Deserialize;
use url::Url;

use super::AccessKeys;
use super::sign;
use crate::image::{Listed, NameError};
use crate::registry::limit::Lane;
use crate::registry::{Client, Error, Kind};

/// Longest answer that is read.
const MAX_ANSWER: u64 = 32 * 1024 * 1024;
/// Longest list that is read; whoever sends more runs in circles.
const MAX_NAMES: usize = 1_000_000;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Who asks.
pub(super) enum Login<'a> {
    Keys(&'a AccessKeys),
}

/// A vendor's API as one user sees it.
pub(super) struct Api<'a> {
    client: &'a Client,
    root: &'a Url,
    login: Login<'a>,
}

/// A whole answer with a status of success.
pub(super) struct Answer {
    method: Method,
    url: Url,
    body: Bytes,
}

impl<'a> Api<'a> {
    pub(super) fn new(client: &'a Client, root: &'a Url, login: Login<'a>) -> Self {
        Self { client, root, login }
    }

    /// `path` below the API's root; it holds nothing that URLs escape.
    pub(super) fn url(&self, path: &str, query: &[(&str, &str)]) -> Url {
        let mut url = self.root.clone();
        url.set_path(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    pub(super) async fn get(&self, url: Url) -> Result<Answer, Error> {
        self.call(Method::GET, url, Bytes::new()).await
    }

    pub(super) async fn post(&self, url: Url, body: &serde_json::Value) -> Result<Answer, Error> {
        self.call(Method::POST, url, body.to_string().into()).await
    }

    /// Tried again where that may help: each of these requests may come twice.
    async fn call(&self, method: Method, url: Url, body: Bytes) -> Result<Answer, Error> {
        let mut backoff = self.client.backoff();
        loop {
            match self.try_call(&method, &url, &body).await {
                Ok(body) => return Ok(Answer { method, url, body }),
                Err(error) => backoff.wait(error).await?,
            }
        }
    }

    async fn try_call(&self, method: &Method, url: &Url, body: &Bytes) -> Result<Bytes, Error> {
        let mut headers = HeaderMap::from_iter([(ACCEPT, JSON), (CONTENT_TYPE, JSON)]);
        let sent = match &self.login {
            Login::Keys(keys) => {
                let signed = sign::sign(keys, method, url, &JSON, body, jiff::Timestamp::now());
                headers.insert(HeaderName::from_static(sign::DATE), signed.date);
                signed.authorization
            }
        };
        headers.insert(AUTHORIZATION, sent.clone());
        let content = (!body.is_empty()).then(|| Body::from(body.clone()));
        if content.is_some() {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        }
        let transport = self.client.transport();
        // Boxed: what holds requests under way would be tens of kilobytes large.
        let response = Box::pin(transport.send(Lane::Metadata, method, url, headers, content)).await?;
        if !response.status().is_success() {
            return Err(transport.refusal(response, Some(&sent)).await);
        }
        response.bytes(MAX_ANSWER).await
    }
}

impl Answer {
    /// The body as JSON of a shape.
    pub(super) fn read<T: for<'de> Deserialize<'de>>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|error| self.error(format!("it cannot be read: {error}")))
    }

    /// This answer makes no sense.
    pub(super) fn error(&self, detail: impl Into<String>) -> Error {
        Error::new(Kind::Protocol, &self.method, &self.url, detail.into())
    }
}

/// Names as pages bring them, each once.
pub(super) struct Names<T> {
    listed: Listed<T>,
    seen: BTreeSet<String>,
}

impl<T: FromStr<Err = NameError>> Names<T> {
    pub(super) fn new() -> Self {
        Self { listed: Listed { names: vec![], strange: vec![] }, seen: BTreeSet::new() }
    }

    /// Takes in one page; whether it brought anything new.
    pub(super) fn add(&mut self, answer: &Answer, page: impl IntoIterator<Item = String>) -> Result<bool, Error> {
        let before = self.seen.len();
        for name in page.into_iter().filter(|name| !name.is_empty()) {
            if !self.seen.insert(name.clone()) {
                continue;
            }
            match name.parse() {
                Ok(parsed) => self.listed.names.push(parsed),
                Err(_) => self.listed.strange.push(name),
            }
        }
        if self.seen.len() > MAX_NAMES {
            return Err(answer.error(format!("its list does not end after {MAX_NAMES} names")));
        }
        Ok(self.seen.len() > before)
    }

    pub(super) fn listed(self) -> Listed<T> {
        self.listed
    }
}
