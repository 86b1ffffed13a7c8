//! Blobs on their way to a registry: mount, or one POST and one PUT.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use futures_util::StreamExt;
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Body, Method, StatusCode};
use url::Url;

use super::auth::Scope;
use super::exchange::{Reply, Request};
use super::http::Response;
use super::limit::{Lane, Place};
use super::manifest::{not_created, stated_digest};
use super::stall::Watch;
use super::{Client, Error, Kind, redact};
use crate::diag::say;
use crate::image::{BlobStream, Descriptor, Digest, Repository, verified_until};

/// An open upload session of one repository.
#[derive(Clone)]
pub struct Upload {
    pub(super) repository: Repository,
    pub(super) location: Url,
    /// Bytes that the registry has already.
    pub(super) kept: u64,
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("repository", &self.repository)
            .field("location", &redact::url(&self.location))
            .field("kept", &self.kept)
            .finish()
    }
}

/// What came of a mount.
#[derive(Debug)]
pub enum Mount {
    Mounted,
    /// The bytes have to be sent, here.
    Refused(Upload),
    /// The same: what the repository holds under this digest has another length.
    Damaged(Upload),
}

/// Who holds the bytes of an upload against their digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckedBy {
    /// We, on their way.
    Us,
    /// The registry, from the moment on that it has stated the digest of what it stored; we until then. For who can send
    /// the bytes again.
    Registry,
}

impl Client {
    /// Lets `repository` have a blob that the same registry holds in `from`; moves no bytes.
    pub async fn mount_blob(
        &self,
        repository: &Repository,
        digest: &Digest,
        from: &Repository,
    ) -> Result<Mount, Error> {
        let url = self.url(&format!("{repository}/blobs/uploads/?mount={digest}&from={from}"));
        let request = Request::new(Method::POST, url, vec![Scope::pull(from), Scope::push(repository)]);
        match self.call(&request).await {
            Ok(reply) if reply.status == StatusCode::CREATED => Ok(Mount::Mounted),
            Ok(reply) => Ok(Mount::Refused(Upload::new(repository, &request, reply)?)),
            // Whatever is wrong with mounting need not be wrong with uploading.
            Err(error) if !error.is_temporary() => Ok(Mount::Refused(self.start_upload(repository).await?)),
            Err(error) => Err(error),
        }
    }

    /// Opens an upload session, or finds that `repository` holds the blob: a mount from the repository itself asks for
    /// both in one request.
    pub async fn open_upload(&self, repository: &Repository, blob: &Descriptor) -> Result<Mount, Error> {
        let digest = &blob.digest;
        if self.refuses_own_mounts().load(Ordering::Relaxed) {
            return Ok(Mount::Refused(self.start_upload(repository).await?));
        }
        let url = self.url(&format!("{repository}/blobs/uploads/?mount={digest}&from={repository}"));
        let request = Request::new(Method::POST, url, vec![Scope::push(repository)]);
        match self.call(&request).await {
            // Who says so without looking would leave a tag without its blob.
            Ok(reply) if reply.status == StatusCode::CREATED => match self.head_blob(repository, digest).await? {
                Some(size) if size == blob.size => return Ok(Mount::Mounted),
                Some(_) => return Ok(Mount::Damaged(self.start_upload(repository).await?)),
                None => {}
            },
            Ok(reply) => return Ok(Mount::Refused(Upload::new(repository, &request, reply)?)),
            Err(error) if error.is_temporary() && error.status() != Some(500) => return Err(error),
            Err(_) => {}
        }
        let upload = self.start_upload(repository).await?;
        self.refuses_own_mounts().store(true, Ordering::Relaxed);
        Ok(Mount::Refused(upload))
    }

    /// Opens an upload session.
    pub async fn start_upload(&self, repository: &Repository) -> Result<Upload, Error> {
        let url = self.url(&format!("{repository}/blobs/uploads/"));
        let request = Request::new(Method::POST, url, vec![Scope::push(repository)]);
        let reply = self.call(&request).await?;
        Upload::new(repository, &request, reply)
    }

    /// Whether the registry has stated the digest of what it stored, whenever a blob was uploaded: it computes it.
    pub(super) fn states_digests(&self) -> bool {
        self.digests_stated().load(Ordering::Relaxed)
    }

    /// Sends the bytes of `blob` that the registry does not have in one PUT; it checks all of them against the digest.
    ///
    /// Not tried again inside: the bytes are gone. A failure of `bytes` comes back as that failure. Where they were left
    /// unchecked here, only a registry that states the digest of what it stored is believed; what it refuses then is
    /// temporary: sent again and checked here, it shows which side is damaged.
    pub async fn finish_upload(
        &self,
        upload: Upload,
        blob: &Descriptor,
        bytes: BlobStream,
        by: CheckedBy,
    ) -> Result<(), Error> {
        let Upload { repository, location: mut url, kept } = upload;
        let (bytes, unchecked) = self.checked(bytes, blob, kept, by);
        url.query_pairs_mut().append_pair("digest", &blob.digest.to_string());
        let missing = blob.size.saturating_sub(kept);
        // Where every byte is there, what is left may be the writing down of many.
        let lane = if missing == 0 { Lane::Commit } else { Lane::Upload };
        let (place, grant) = self.admit(lane, &[Scope::push(&repository)]).await?;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        headers.insert(CONTENT_LENGTH, HeaderValue::from(missing));
        if kept > 0 && missing > 0 {
            headers.insert(CONTENT_RANGE, range(kept, blob.size));
        }
        headers.extend(grant.header().filter(|_| self.is_own(&url)).map(|value| (AUTHORIZATION, value.clone())));
        let response = self.put(place, &url, headers, (missing, bytes)).await?;
        let checked = !unchecked.load(Ordering::Relaxed);
        if response.status() == StatusCode::UNAUTHORIZED {
            // The token ran out on its way: the next POST gets a new one.
            let answered = response.headers().clone();
            let refusal = self.refusal(response, &grant).await;
            self.auth().forget(&grant, &answered).await;
            return Err(refusal.temporary());
        }
        if !response.status().is_success() {
            let refusal = self.refusal(response, &grant).await;
            // What the registry kept may not be what was sent: from the start it is.
            let worth_another = kept > 0 && refusal.status().is_some_and(|status| (400..500).contains(&status))
                || !checked && *refusal.kind() == Kind::DigestInvalid;
            return Err(if worth_another { refusal.temporary() } else { refusal });
        }
        let stated = stated_digest(response.headers());
        self.digests_stated().store(stated.as_ref() == Some(&blob.digest), Ordering::Relaxed);
        match stated {
            Some(stored) if stored.algorithm() == blob.digest.algorithm() && stored != blob.digest => {
                let detail = say!(
                    "expected {digest}, the registry stored {stored}",
                    "应为 {digest}，镜像仓库存的是 {stored}",
                    digest = blob.digest,
                    stored
                );
                let error = response.error(Kind::DigestInvalid, detail);
                Err(if kept > 0 || !checked { error.temporary() } else { error })
            }
            None if response.status() != StatusCode::CREATED => {
                Err(response.error(Kind::Protocol, not_created(response.status())))
            }
            Some(stored) if stored == blob.digest => Ok(()),
            _ if checked => Ok(()),
            _ => {
                let detail = say!("it does not state the digest of what it stored", "它没有说明所存内容的摘要");
                Err(response.error(Kind::Protocol, detail).temporary())
            }
        }
    }

    /// The bytes that follow those kept, held against the digest as far as that is for us and all of them are here;
    /// and whether some pass unchecked in the end.
    fn checked(&self, bytes: BlobStream, blob: &Descriptor, kept: u64, by: CheckedBy) -> (BlobStream, Arc<AtomicBool>) {
        let client = self.clone();
        let trusted = move || by == CheckedBy::Registry && client.states_digests();
        if kept > 0 {
            return (bytes, Arc::new(AtomicBool::new(trusted())));
        }
        let unchecked = Arc::<AtomicBool>::default();
        let passed = Arc::clone(&unchecked);
        let enough = move || {
            let enough = trusted();
            passed.fetch_or(enough, Ordering::Relaxed);
            enough
        };
        (verified_until(bytes, blob.clone(), enough), unchecked)
    }

    async fn put(
        &self,
        place: Place,
        url: &Url,
        headers: HeaderMap,
        (size, bytes): (u64, BlobStream),
    ) -> Result<Response, Error> {
        if size == 0 {
            return self.transport().send(place, &Method::PUT, url, headers, None).await;
        }
        let watch = Watch::default();
        let bandwidth = self.transport().bandwidth().clone();
        let paced = bytes.then(move |chunk| {
            let bandwidth = bandwidth.clone();
            async move {
                bandwidth.take(chunk.as_ref().map_or(0, Bytes::len)).await;
                chunk
            }
        });
        let body = Body::wrap_stream(watch.over(paced.boxed(), size));
        let request = self.transport().send(place, &Method::PUT, url, headers, Some(body));
        let answer = tokio::select! {
            answer = request => answer,
            detail = watch.stalled(self.transport().times()) => Err(Error::new(Kind::Timeout, &Method::PUT, url, detail)),
        };
        // What hyper says about a body that broke off is of no use; the reason is.
        match (answer, watch.failure()) {
            (Err(_), Some(failure)) => Err(Error::new(Kind::Source(failure), &Method::PUT, url, None)),
            (answer, _) => answer,
        }
    }
}

impl Upload {
    fn new(repository: &Repository, request: &Request, reply: Reply) -> Result<Self, Error> {
        let missing = || Err(Client::protocol_error(request, say!("no Location header", "没有 Location 头")));
        let location = reply.location.unwrap_or_else(missing)?;
        Ok(Self { repository: repository.clone(), location, kept: 0 })
    }
}

/// As the distribution specification writes it: `5-9`.
fn range(from: u64, end: u64) -> HeaderValue {
    HeaderValue::from_str(&format!("{from}-{}", end - 1)).expect("digits are a header value")
}
