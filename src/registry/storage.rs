//! Where a registry sends who reads a blob (storage hosts, by links that are signed), and requests that prove a path.

use std::fmt;

use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, RANGE};
use url::Url;

use super::auth::Scope;
use super::exchange::Request;
use super::limit::Lane;
use super::{Client, Error, Kind, redact};
use crate::diag::say;
use crate::image::{Digest, Repository};

const FIRST_BYTE: HeaderValue = HeaderValue::from_static("bytes=0-0");

/// A link to one blob on a storage host. Its query may be a signature and is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct StorageLink(Url);

impl StorageLink {
    /// A name or an address, without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default().trim_matches(['[', ']'])
    }

    #[must_use]
    pub fn is_plain_http(&self) -> bool {
        self.0.scheme() == "http"
    }
}

impl fmt::Debug for StorageLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StorageLink({})", redact::url(&self.0))
    }
}

impl Client {
    /// Where the registry sends who reads this blob; `None` where it hands it out itself. Asked once, login included.
    pub async fn blob_storage(&self, repository: &Repository, digest: &Digest) -> Result<Option<StorageLink>, Error> {
        let url = self.url(&format!("{repository}/blobs/{digest}"));
        let request = Request::new(Method::GET, url, vec![Scope::pull(repository)]).header(RANGE, FIRST_BYTE).staying();
        let response = Box::pin(self.exchange(&request)).await?;
        if !response.is_redirect() {
            return Ok(None);
        }
        let link = response.location()?;
        Ok((!self.is_own(&link)).then_some(StorageLink(link)))
    }

    /// Reads the first byte behind a link. The login stays behind: storage refuses a signed link that comes with one.
    pub async fn first_byte(&self, link: &StorageLink) -> Result<(), Error> {
        let headers = HeaderMap::from_iter([(RANGE, FIRST_BYTE)]);
        let place = self.transport().admit(Lane::Download).await;
        let mut response = self.transport().follow(place, &Method::GET, &link.0, &headers, None).await?;
        if !response.status().is_success() {
            return Err(self.transport().refusal(response, None).await);
        }
        match response.chunk().await? {
            Some(_) => Ok(()),
            None => Err(response.error(Kind::Interrupted, say!("an answer without a byte", "应答没有内容"))),
        }
    }

    /// Sends one request with so many bytes of padding in a header, over a connection of its own, without a login; any
    /// answer will do.
    pub async fn ping_padded(&self, bytes: usize) -> Result<(), Error> {
        const PADDING: HeaderName = HeaderName::from_static("x-padding");
        let padding = HeaderValue::from_str(&"x".repeat(bytes)).expect("letters are a header value");
        let headers = HeaderMap::from_iter([(PADDING, padding)]);
        let place = self.transport().admit(Lane::Download).await;
        self.transport().send(place, &Method::GET, self.api(), headers, None).await.map(drop)
    }
}
