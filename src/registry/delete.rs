//! Tags away, and nothing but tags: a manifest may have other tags, and only its registry knows all of them.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use reqwest::Method;
use serde_json::json;

use super::auth::{Access, Scope};
use super::exchange::Request;
use super::{CheckedBy, Client, Error, Kind, Replaced};
use crate::diag::say;
use crate::image::{Descriptor, Digest, Manifest, ManifestReference, MediaType, RawManifest, Repository, Tag};

/// What became of a tag that was to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removal {
    Done,
    /// It was not there, or somebody else is deleting it.
    Absent,
    /// It holds something else than it did, and stays.
    Moved(Digest),
}

impl Client {
    /// Removes a tag as long as it holds `before`, which is looked at right before. What it pointed at stays, with its
    /// other tags.
    ///
    /// Where the registry deletes manifests by digest only (Distribution 2), the tag is first pointed at a manifest that
    /// nothing else can point at, and that one is deleted.
    ///
    /// # Errors
    /// Also when the registry says that it did so, and the tag is still there.
    pub async fn delete_tag(&self, repository: &Repository, tag: &Tag, before: &Digest) -> Result<Removal, Error> {
        match self.delete_by_tag(repository, tag, before).await? {
            Some(removal) => Ok(removal),
            None => self.replace_and_delete(repository, tag, before).await,
        }
    }

    /// `None` where the registry deletes nothing by tag.
    async fn delete_by_tag(
        &self,
        repository: &Repository,
        tag: &Tag,
        before: &Digest,
    ) -> Result<Option<Removal>, Error> {
        let reference = ManifestReference::Tag(tag.clone());
        let (request, mut backoff) = (self.delete_request(repository, &reference), self.backoff());
        // Nothing else comes between looking and deleting.
        let turn = self.deletions(repository);
        let _turn = turn.lock().await;
        if self.deletes_no_tags().load(Ordering::Relaxed) {
            return Ok(None);
        }
        let mut tried = false;
        loop {
            match self.head_manifest(repository, &reference).await?.map(|held| held.digest) {
                // The answer to a try may have been lost.
                None => return Ok(Some(if tried { Removal::Done } else { Removal::Absent })),
                Some(held) if held != *before => return self.moved(repository, tag, held).await.map(Some),
                Some(_) => tried = true,
            }
            match self.try_call(&request).await {
                // Distribution 2 calls a tag a digest that is wrong.
                Err(error) if matches!(error.kind(), Kind::UnexpectedStatus | Kind::DigestInvalid) => {
                    self.deletes_no_tags().store(true, Ordering::Relaxed);
                    return Ok(None);
                }
                Err(error) if !error.is_not_found() => backoff.wait(error).await?,
                _ => break,
            }
        }
        match self.head_manifest(repository, &reference).await? {
            None => Ok(Some(Removal::Done)),
            Some(_) => Err(self.still_there(repository, &reference)),
        }
    }

    /// A tag that holds something else now, unless that is how another process deletes it.
    async fn moved(&self, repository: &Repository, tag: &Tag, held: Digest) -> Result<Removal, Error> {
        let Some(manifest) = self.manifest(repository, &ManifestReference::Digest(held.clone())).await? else {
            return Ok(Removal::Moved(held));
        };
        let Ok(Manifest::Image { config, layers, .. }) = manifest.parse() else { return Ok(Removal::Moved(held)) };
        if !layers.is_empty() || config.size > LONGEST_CONFIG {
            return Ok(Removal::Moved(held));
        }
        let config: Vec<Bytes> = match self.blob(repository, &config).await?.try_collect().await {
            Ok(config) => config,
            Err(_) => return Ok(Removal::Moved(held)),
        };
        let is_placeholder = String::from_utf8_lossy(&config.concat()).contains(&being_deleted(repository, tag));
        Ok(if is_placeholder { Removal::Absent } else { Removal::Moved(held) })
    }

    fn still_there(&self, repository: &Repository, tag: &ManifestReference) -> Error {
        Self::protocol_error(
            &self.delete_request(repository, tag),
            say!(
                "the tag is still there: the registry deletes none, or somebody wrote it again",
                "标签还在：镜像仓库不支持删除，或者有人又写了它"
            ),
        )
    }

    async fn delete(&self, repository: &Repository, reference: &ManifestReference) -> Result<(), Error> {
        self.call(&self.delete_request(repository, reference)).await.map(drop)
    }

    fn delete_request(&self, repository: &Repository, reference: &ManifestReference) -> Request {
        let url = self.url(&format!("{repository}/manifests/{reference}"));
        Request::new(Method::DELETE, url, vec![Scope::Repository(repository.clone(), Access::Delete)])
    }

    async fn replace_and_delete(&self, repository: &Repository, name: &Tag, before: &Digest) -> Result<Removal, Error> {
        let tag = &ManifestReference::Tag(name.clone());
        let original = self.manifest(repository, &ManifestReference::Digest(before.clone())).await?;
        let (config, placeholder) = placeholder(repository, name);
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
        // Distribution takes the manifest away and then looks for it through all tags of the repository; where another
        // deletion removes one of them meanwhile, it breaks off and leaves a name that leads nowhere.
        let turn = self.deletions(repository);
        let _turn = turn.lock().await;
        let expected = [Some(before), Some(&placeholder.digest), None];
        let mut tries = 0;
        let error = loop {
            let expected = if tries == 0 { &expected[..1] } else { &expected[..] };
            tries += 1;
            match self.replace_manifest(repository, tag, &placeholder, expected).await {
                Ok(Replaced::Yes) => {}
                Ok(Replaced::No { held: Some(held) }) => return self.moved(repository, name, held).await,
                Ok(Replaced::No { held: None }) => match self.left(repository, name).await? {
                    Left::Nothing => return Ok(Removal::Absent),
                    Left::Name | Left::Content => continue,
                },
                Err(error) => break error,
            }
            let deleted = self.delete(repository, &by_digest).await.err().filter(|error| !error.is_not_found());
            match self.left(repository, name).await {
                Ok(Left::Nothing) => return Ok(Removal::Done),
                Ok(Left::Name) if tries < TRIES => {}
                Ok(_) => break deleted.unwrap_or_else(|| self.still_there(repository, tag)),
                Err(error) => break error,
            }
        };
        self.restore(repository, name, (original.as_ref(), &placeholder), error).await
    }

    async fn left(&self, repository: &Repository, name: &Tag) -> Result<Left, Error> {
        if self.head_manifest(repository, &ManifestReference::Tag(name.clone())).await?.is_some() {
            return Ok(Left::Content);
        }
        let listed = self.tags_now(repository).await?;
        let is_listed = listed.is_some_and(|listed| listed.names.contains(name));
        Ok(if is_listed { Left::Name } else { Left::Nothing })
    }

    /// A tag that cannot go is at least not to be left pointing at nothing; `error` is why it cannot.
    async fn restore(
        &self,
        repository: &Repository,
        name: &Tag,
        (original, placeholder): (Option<&RawManifest>, &RawManifest),
        error: Error,
    ) -> Result<Removal, Error> {
        let tag = &ManifestReference::Tag(name.clone());
        match self.head_manifest(repository, tag).await {
            // It never changed, or somebody else wrote it meanwhile; who is deleting it goes on.
            Ok(Some(held)) if held.digest != placeholder.digest => {
                let moved = self.moved(repository, name, held.digest).await;
                return if matches!(moved, Ok(Removal::Absent)) { moved } else { Err(error) };
            }
            // An answer was lost, but what it was about is done.
            Ok(None) if matches!(self.left(repository, name).await, Ok(Left::Nothing)) => {
                return Ok(Removal::Done);
            }
            _ => {}
        }
        let Some(original) = original else { return Err(error) };
        match self.replace_manifest(repository, tag, original, &[Some(&placeholder.digest), None]).await {
            Ok(_) => Err(error),
            Err(error) => Err(error.leaving_placeholder(original.digest.clone())),
        }
    }
}

/// What is left of a tag.
#[derive(PartialEq, Eq)]
enum Left {
    Nothing,
    /// It is listed, and leads nowhere.
    Name,
    Content,
}

/// Other programs delete tags, too.
const TRIES: u32 = 5;

/// The config of a placeholder is far below.
const LONGEST_CONFIG: u64 = 4096;

/// What tells a placeholder of this tag, of any process.
fn being_deleted(repository: &Repository, tag: &Tag) -> String {
    format!("{repository}:{tag} is being deleted by process ")
}

/// A manifest that no other tag can point at, and its config.
fn placeholder(repository: &Repository, tag: &Tag) -> (Bytes, RawManifest) {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_nanos();
    let comment = format!("{}{} at {now}", being_deleted(repository, tag), std::process::id());
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
