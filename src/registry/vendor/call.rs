//! One request to a vendor's API from end to end: who asks, retries, errors, and lists that come in pages.

use std::collections::BTreeSet;
use std::str::FromStr;

use bytes::Bytes;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LINK};
use reqwest::{Body, Method};
use serde::Deserialize;
use url::Url;

use super::AccessKeys;
use super::sign;
use crate::diag::{Wording, say};
use crate::image::{Listed, NameError};
use crate::registry::limit::Lane;
use crate::registry::{Client, Credentials, Error, Kind, link};

/// Longest answer that is read.
const MAX_ANSWER: u64 = 32 * 1024 * 1024;
/// Longest list that is read, in pages and in names; whoever sends more runs in circles.
pub(super) const MAX_PAGES: usize = 10_000;
const MAX_NAMES: usize = 1_000_000;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Who asks.
pub(super) enum Login<'a> {
    Nobody,
    /// What `Authorization` says.
    Header(HeaderValue),
    /// Each request is signed.
    Keys(&'a AccessKeys),
}

impl Login<'_> {
    /// The user and the password of the registry.
    pub(super) fn of(credentials: &Credentials) -> Self {
        credentials.basic_header().map_or(Self::Nobody, Self::Header)
    }
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
    pub(super) headers: HeaderMap,
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

    /// The page that the `Link` header of an answer names as the next one.
    pub(super) fn next(&self, answer: &Answer) -> Option<Url> {
        let links = answer.headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
        self.follow(answer, links.into_iter().find_map(link::next)?)
    }

    /// Where an answer leads. Path and query are what counts: logins go to no other host, and proxies confuse hosts.
    pub(super) fn follow(&self, answer: &Answer, target: &str) -> Option<Url> {
        let target = answer.url.join(target).ok()?;
        let mut next = self.root.clone();
        next.set_path(target.path());
        next.set_query(target.query());
        Some(next)
    }

    pub(super) async fn get(&self, url: Url) -> Result<Answer, Error> {
        self.call(Method::GET, url, Bytes::new()).await
    }

    pub(super) async fn post(&self, url: Url, body: &serde_json::Value) -> Result<Answer, Error> {
        self.call(Method::POST, url, body.to_string().into()).await
    }

    /// What is wrong with the answers to requests for `path`.
    pub(super) fn error(&self, path: &str, detail: Wording) -> Error {
        Error::new(Kind::Protocol, &Method::GET, &self.url(path, &[]), detail)
    }

    /// Tried again where that may help: each of these requests may come twice.
    async fn call(&self, method: Method, url: Url, body: Bytes) -> Result<Answer, Error> {
        let mut backoff = self.client.backoff();
        loop {
            match self.try_call(&method, &url, &body).await {
                Ok((headers, body)) => return Ok(Answer { method, url, headers, body }),
                Err(error) => backoff.wait(error).await?,
            }
        }
    }

    async fn try_call(&self, method: &Method, url: &Url, body: &Bytes) -> Result<(HeaderMap, Bytes), Error> {
        let transport = self.client.transport();
        // A signature tells the time: it is made when the request may leave.
        let place = transport.admit(Lane::Metadata).await;
        let mut headers = HeaderMap::from_iter([(ACCEPT, JSON), (CONTENT_TYPE, JSON)]);
        let sent = match &self.login {
            Login::Nobody => None,
            Login::Header(header) => Some(header.clone()),
            Login::Keys(keys) => {
                let signed = sign::sign(keys, method, url, &JSON, body, jiff::Timestamp::now());
                headers.insert(HeaderName::from_static(sign::DATE), signed.date);
                Some(signed.authorization)
            }
        };
        headers.extend(sent.clone().map(|value| (AUTHORIZATION, value)));
        let content = (!body.is_empty()).then(|| Body::from(body.clone()));
        if content.is_some() {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        }
        // Boxed: what holds requests under way would be tens of kilobytes large.
        let response = Box::pin(transport.send(place, method, url, headers, content)).await?;
        if !response.status().is_success() {
            return Err(transport.refusal(response, sent.as_ref()).await.anonymous(sent.is_none()));
        }
        let headers = response.headers().clone();
        Ok((headers, response.bytes(MAX_ANSWER).await?))
    }
}

impl Answer {
    /// The body as JSON of a shape.
    pub(super) fn read<T: for<'de> Deserialize<'de>>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Wording::of_json(&error))
            .map_err(|error| self.error(say!("it cannot be read: {error}", "无法读懂：{error}", error)))
    }

    /// This answer makes no sense.
    pub(super) fn error(&self, detail: Wording) -> Error {
        Error::new(Kind::Protocol, &self.method, &self.url, detail)
    }

    /// The last page is reached, and there should be more.
    pub(super) fn ended_early(&self, count: usize, total: usize) -> Error {
        self.error(say!(
            "its list ends after {count} of {total} entries",
            "列表应有 {total} 项，却在 {count} 项之后结束",
            count,
            total
        ))
    }

    pub(super) fn never_ends(&self) -> Error {
        self.error(say!("its pages do not come to an end", "它的分页没有尽头"))
    }
}

/// Names as pages bring them, each once.
pub(super) struct Names<T> {
    listed: Listed<T>,
    seen: BTreeSet<String>,
    /// Whatever they hold.
    entries: usize,
}

impl<T: FromStr<Err = NameError>> Names<T> {
    pub(super) fn new() -> Self {
        Self { listed: Listed { names: vec![], strange: vec![] }, seen: BTreeSet::new(), entries: 0 }
    }

    /// Takes in one page; whether it brought anything new.
    pub(super) fn add(&mut self, answer: &Answer, page: impl IntoIterator<Item = String>) -> Result<bool, Error> {
        let before = self.seen.len();
        for name in page {
            self.entries += 1;
            if name.is_empty() || !self.seen.insert(name.clone()) {
                continue;
            }
            match name.parse() {
                Ok(parsed) => self.listed.names.push(parsed),
                Err(_) => self.listed.strange.push(name),
            }
        }
        if self.entries > MAX_NAMES {
            return Err(answer.error(say!(
                "its list does not end after {count} names",
                "列表在 {count} 个名字之后仍未结束",
                count = MAX_NAMES
            )));
        }
        Ok(self.seen.len() > before)
    }

    /// That the pages held as many entries as the list has, where that is said: half a list would pass for the whole.
    pub(super) fn expect(&self, answer: &Answer, total: Option<usize>) -> Result<(), Error> {
        match total.filter(|total| self.entries < *total) {
            Some(total) => Err(answer.ended_early(self.entries, total)),
            None => Ok(()),
        }
    }

    pub(super) fn listed(self) -> Listed<T> {
        self.listed
    }
}
