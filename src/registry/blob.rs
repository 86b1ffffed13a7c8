//! Blobs on their way from a registry.

use reqwest::Method;

use super::auth::Scope;
use super::download::Download;
use super::exchange::Request;
use super::http::content_length;
use super::{Client, Error, Kind, parts};
use crate::diag::say;
use crate::image::{BlobStream, Descriptor, Digest, Repository, verified};

impl Client {
    /// Size in bytes of a blob; `None` when the repository does not have it.
    pub async fn head_blob(&self, repository: &Repository, digest: &Digest) -> Result<Option<u64>, Error> {
        let request = self.blob_request(Method::HEAD, repository, digest);
        match self.call(&request).await {
            Ok(reply) => match content_length(&reply.headers) {
                Some(size) => Ok(Some(size)),
                None => Err(Self::protocol_error(&request, say!("no Content-Length header", "没有 Content-Length 头"))),
            },
            Err(error) if error.is_not_found() => Ok(None),
            // A storage host that takes the URL it was sent, signed for GET, for no other method.
            Err(error) if *error.kind() == Kind::Denied && !error.url().starts_with(self.api().as_str()) => {
                let response = self.open(&self.blob_request(Method::GET, repository, digest).download()).await?;
                content_length(response.headers()).map(Some).ok_or_else(|| {
                    response.error(Kind::Protocol, say!("no Content-Length header", "没有 Content-Length 头"))
                })
            }
            Err(error) => Err(error),
        }
    }

    /// The bytes of a blob as they arrive, checked on the way: a wrong blob never ends well.
    ///
    /// Nothing bounds the total time, but something has to move. What breaks off goes on where it stopped.
    pub async fn blob(&self, repository: &Repository, blob: &Descriptor) -> Result<BlobStream, Error> {
        Ok(verified(self.blob_from(repository, blob, 0).await?, blob.clone()))
    }

    /// The bytes of a blob from the one numbered `from` on; their count is checked, their digest is not.
    pub async fn blob_from(&self, repository: &Repository, blob: &Descriptor, from: u64) -> Result<BlobStream, Error> {
        let request = self.blob_request(Method::GET, repository, &blob.digest).download();
        if self.transport().limits().requests_for(blob.size.saturating_sub(from)) > 1 {
            return Ok(parts::stream(self, Download::new(self, request, from, blob.size)));
        }
        Ok(Download::open(self, request, from, blob.size).await?.stream())
    }

    fn blob_request(&self, method: Method, repository: &Repository, digest: &Digest) -> Request {
        Request::new(method, self.url(&format!("{repository}/blobs/{digest}")), vec![Scope::pull(repository)])
    }
}
