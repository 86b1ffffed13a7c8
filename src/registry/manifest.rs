//! Manifests: byte for byte, and never under another digest than their own.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode};

use super::auth::Scope;
use super::exchange::{Reply, Request};
use super::http::content_length;
use super::{Client, Error, Kind};
use crate::diag::{Wording, say};
use crate::image::{Descriptor, Digest, ManifestReference, MediaType, RawManifest, Repository};

pub(super) const DOCKER_CONTENT_DIGEST: &str = "docker-content-digest";

/// What the registry said of a manifest that it stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// It has noted what the manifest refers to (`OCI-Subject`); otherwise that is for the client to do.
    pub lists_referrers: bool,
}

/// What became of a manifest that may take the place of what is known only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replaced {
    Yes,
    /// Somebody else wrote there.
    No {
        held: Option<Digest>,
    },
}

/// How long another writer of the same manifest gets to end: Distribution reads a manifest that somebody else is writing
/// at this very moment as a broken one.
const OTHER_WRITER: Duration = Duration::from_millis(300);

impl Client {
    /// What a reference names, without its bytes; `None` when the registry does not have it.
    ///
    /// Where the headers do not tell digest, type and size, the manifest itself is asked for.
    pub async fn head_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
    ) -> Result<Option<Descriptor>, Error> {
        let request = self.manifest_request(Method::HEAD, repository, reference);
        let reply = match self.call(&request).await {
            Ok(reply) => reply,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error),
        };
        let stated = stated_digest(&reply.headers);
        if let (Some(stated), ManifestReference::Digest(asked)) = (&stated, reference)
            && stated.algorithm() == asked.algorithm()
            && stated != asked
        {
            return Err(wrong_digest(&request, asked, stated));
        }
        let known = match reference {
            ManifestReference::Digest(asked) => Some(asked.clone()),
            ManifestReference::Tag(_) => stated,
        };
        let media_type = content_type(&reply.headers).map(MediaType::parse).filter(MediaType::is_manifest);
        match (known, media_type, content_length(&reply.headers)) {
            (Some(digest), Some(media_type), Some(size)) => Ok(Some(Descriptor { media_type, digest, size })),
            _ => Ok(self.manifest(repository, reference).await?.map(|manifest| manifest.descriptor())),
        }
    }

    /// The exact bytes; `None` when the registry does not have it.
    ///
    /// They are checked against the digest asked for and against the one that the registry states.
    pub async fn manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
    ) -> Result<Option<RawManifest>, Error> {
        let request = self.manifest_request(Method::GET, repository, reference);
        if let Err(pulls) = self.transport().quota().spend() {
            let detail = say!(
                "it said that {pulls} are left; nothing was asked",
                "它称还剩 {pulls}；没有再发请求",
                pulls = pulls.wording()
            );
            return Err(Error::new(Kind::PullsUsedUp, &request.method, &request.url, detail));
        }
        let reply = match self.call(&request).await {
            Ok(reply) => reply,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error),
        };
        let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(&reply.body).is_ok();
        let is_page = reply.body.trim_ascii_start().starts_with(b"<");
        let asked = match reference {
            ManifestReference::Digest(digest) => Some(digest.clone()),
            ManifestReference::Tag(_) => None,
        };
        let expected: Vec<Digest> = asked.into_iter().chain(stated_digest(&reply.headers)).collect();
        let manifest = RawManifest::new(content_type(&reply.headers), reply.body);
        match expected.into_iter().find(|digest| !manifest.is_called(digest)) {
            // What was cut short is no JSON either: then it is the digest that tells.
            Some(digest) if !is_page => Err(wrong_digest(&request, &digest, &manifest.digest)),
            None if is_json => Ok(Some(manifest)),
            _ => Err(Self::protocol_error(
                &request,
                say!("its answer is no manifest: it is not JSON", "应答不是清单：不是 JSON"),
            )),
        }
    }

    /// Stores a manifest under a tag or its digest; what it names must be there already.
    pub async fn put_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
        manifest: &RawManifest,
    ) -> Result<Stored, Error> {
        let request = self.put_request(repository, reference, manifest)?;
        let reply = match self.call(&request).await {
            Err(error) if *error.kind() == Kind::BlobUnknown => {
                tokio::time::sleep(OTHER_WRITER).await;
                self.call(&request).await?
            }
            reply => reply?,
        };
        stored(&request, manifest, &reply)
    }

    /// As [`Self::put_manifest`], as long as the reference holds one of `expected`. That is looked at right before each
    /// try: nothing in the protocol makes looking and writing one step.
    pub async fn replace_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
        manifest: &RawManifest,
        expected: &[Option<&Digest>],
    ) -> Result<Replaced, Error> {
        let request = self.put_request(repository, reference, manifest)?;
        let (mut backoff, mut tried, mut waited) = (self.backoff(), false, false);
        loop {
            let held = self.head_manifest(repository, reference).await?.map(|held| held.digest);
            // The answer to a try may have been lost.
            if tried && held.as_ref().is_some_and(|held| manifest.is_called(held)) {
                return Ok(Replaced::Yes);
            }
            if !expected.contains(&held.as_ref()) {
                return Ok(Replaced::No { held });
            }
            tried = true;
            match self.try_call(&request).await {
                Ok(reply) => return stored(&request, manifest, &reply).map(|_| Replaced::Yes),
                Err(error) if *error.kind() == Kind::BlobUnknown && !waited => {
                    waited = true;
                    tokio::time::sleep(OTHER_WRITER).await;
                }
                Err(error) => backoff.wait(error).await?,
            }
        }
    }

    fn put_request(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
        manifest: &RawManifest,
    ) -> Result<Request, Error> {
        let url = self.url(&format!("{repository}/manifests/{reference}"));
        let request = Request::new(Method::PUT, url, vec![Scope::push(repository)]);
        let Ok(media_type) = HeaderValue::from_str(manifest.media_type.as_str()) else {
            let detail = say!(
                "the media type `{kind}` cannot be sent",
                "无法发送媒体类型 `{kind}`",
                kind = manifest.media_type.as_str().escape_debug()
            );
            return Err(Error::new(Kind::ManifestRejected, &request.method, &request.url, detail));
        };
        Ok(request.header(CONTENT_TYPE, media_type).body(manifest.bytes.clone()))
    }

    fn manifest_request(&self, method: Method, repository: &Repository, reference: &ManifestReference) -> Request {
        let url = self.url(&format!("{repository}/manifests/{reference}"));
        Request::new(method, url, vec![Scope::pull(repository)]).max_answer(RawManifest::MAX_BYTES)
    }
}

/// `Docker-Content-Digest`, where it is there and is a digest.
pub(super) fn stated_digest(headers: &HeaderMap) -> Option<Digest> {
    headers.get(DOCKER_CONTENT_DIGEST)?.to_str().ok()?.trim().parse().ok()
}

fn stored(request: &Request, manifest: &RawManifest, reply: &Reply) -> Result<Stored, Error> {
    match stated_digest(&reply.headers) {
        Some(stored) if !manifest.is_called(&stored) => Err(wrong_digest(request, &manifest.digest, &stored)),
        None if reply.status != StatusCode::CREATED => Err(Client::protocol_error(request, not_created(reply.status))),
        _ => Ok(Stored { lists_referrers: reply.headers.contains_key("oci-subject") }),
    }
}

/// Whoever takes every request (a login page, a proxy) says 200: that is no promise that anything was stored.
pub(super) fn not_created(status: StatusCode) -> Wording {
    say!(
        "{status} in place of 201, and no digest: nothing tells that it was stored",
        "应答是 {status} 而不是 201，也没有摘要：无从知道是否已保存",
        status = status.as_u16()
    )
}

fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(CONTENT_TYPE)?.to_str().ok()
}

fn wrong_digest(request: &Request, expected: &Digest, found: &Digest) -> Error {
    let detail = say!("expected {expected}, found {found}", "应为 {expected}，实为 {found}", expected, found);
    Error::new(Kind::DigestInvalid, &request.method, &request.url, detail)
}
