//! Tags away, and nothing but tags: a manifest may have other tags, and only its registry knows all of them.

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use reqwest::Method;
use serde_json::json;

use super::auth::{Access, Scope};
use super::exchange::Request;
use super::{CheckedBy, Client, Error, Kind};
use crate::diag::say;
use crate::image::{Descriptor, Digest, ManifestReference, MediaType, RawManifest, Repository, Tag};

impl Client {
    /// Removes a tag. What it pointed at stays, with its other tags.
    ///
    /// Where the registry deletes manifests by digest only (Distribution 2), the tag is first pointed at a manifest that
    /// nothing else can point at, and that one is deleted.
    ///
    /// # Errors
    /// Also when the registry says that it did so, and the tag is still there.
    pub async fn delete_tag(&self, repository: &Repository, tag: &Tag) -> Result<(), Error> {
        let reference = ManifestReference::Tag(tag.clone());
        match self.delete(repository, &reference).await {
            // Distribution 2 calls a tag a digest that is wrong.
            Err(error) if matches!(error.kind(), Kind::UnexpectedStatus | Kind::DigestInvalid) => {
                self.replace_and_delete(repository, &reference).await?;
            }
            Err(error) if !error.is_not_found() => return Err(error),
            _ => {}
        }
        match self.head_manifest(repository, &reference).await? {
            None => Ok(()),
            Some(_) => Err(Self::protocol_error(
                &self.delete_request(repository, &reference),
                say!(
                    "the tag is still there: the registry deletes none, or somebody wrote it again",
                    "标签还在：镜像仓库不支持删除，或者有人又写了它"
                ),
            )),
        }
    }

    async fn delete(&self, repository: &Repository, reference: &ManifestReference) -> Result<(), Error> {
        self.call(&self.delete_request(repository, reference)).await.map(drop)
    }

    fn delete_request(&self, repository: &Repository, reference: &ManifestReference) -> Request {
        let url = self.url(&format!("{repository}/manifests/{reference}"));
        Request::new(Method::DELETE, url, vec![Scope::Repository(repository.clone(), Access::Delete)])
    }

    async fn replace_and_delete(&self, repository: &Repository, tag: &ManifestReference) -> Result<(), Error> {
        let Some(original) = self.manifest(repository, tag).await? else { return Ok(()) };
        let (config, placeholder) = placeholder(repository, tag);
        let by_digest = ManifestReference::Digest(placeholder.digest.clone());
        // It is not there yet: whoever deletes nothing says so now, before the tag has changed.
        match self.delete(repository, &by_digest).await {
            Err(error) if !error.is_not_found() => return Err(error),
            _ => {}
        }
        let digest = Digest::sha256(&config);
        let blob = Descriptor { media_type: MediaType::DockerConfig, digest, size: config.len() as u64 };
        let upload = self.start_upload(repository).await?;
        self.finish_upload(upload, &blob, stream::iter([Ok(config)]).boxed(), CheckedBy::Us).await?;
        let deleted = match self.put_manifest(repository, tag, &placeholder).await {
            Ok(_) => self.delete(repository, &by_digest).await,
            Err(error) => Err(error),
        };
        match deleted {
            Err(error) => self.restore(repository, tag, (&original, &placeholder), error).await,
            Ok(()) => Ok(()),
        }
    }

    /// A tag that cannot go is at least not to be left pointing at nothing; `error` is why it cannot.
    async fn restore(
        &self,
        repository: &Repository,
        tag: &ManifestReference,
        (original, placeholder): (&RawManifest, &RawManifest),
        error: Error,
    ) -> Result<(), Error> {
        match self.head_manifest(repository, tag).await {
            // An answer was lost, but what it was about is done.
            Ok(None) => Ok(()),
            // It never changed, or somebody else wrote it meanwhile.
            Ok(Some(held)) if held.digest != placeholder.digest => Err(error),
            Ok(Some(_)) | Err(_) => match self.put_manifest(repository, tag, original).await {
                Ok(_) => Err(error),
                Err(error) => Err(error.leaving_placeholder(original.digest.clone())),
            },
        }
    }
}

/// A manifest that no other tag can point at, and its config.
fn placeholder(repository: &Repository, tag: &ManifestReference) -> (Bytes, RawManifest) {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_nanos();
    let comment = format!("{repository}:{tag} is being deleted by process {} at {now}", std::process::id());
    let config = json!({ "architecture": "unknown", "os": "unknown", "comment": comment,
                         "rootfs": { "type": "layers", "diff_ids": [] } });
    let config = Bytes::from(config.to_string());
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MediaType::DockerManifest,
        "config": { "mediaType": MediaType::DockerConfig, "size": config.len(), "digest": Digest::sha256(&config) },
        "layers": [],
    });
    (config, RawManifest::new(None, manifest.to_string()))
}
