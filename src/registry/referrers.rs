//! What refers to a manifest: signatures, SBOMs, attestations (OCI distribution specification 1.1, "Listing Referrers").
//!
//! Registries without that API keep the list as an index under the tag `sha256-<hex>`, which clients write.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use reqwest::Method;

use super::auth::Scope;
use super::exchange::Request;
use super::{Client, Error};
use crate::diag::say;
use crate::image::{Digest, ManifestReference, RawManifest, Repository, referrers};

/// More pages of one list than any image has.
const MAX_PAGES: usize = 100;

impl Client {
    /// What the registry lists as referring to `subject`; empty where nothing does.
    pub async fn referrers(&self, repository: &Repository, subject: &Digest) -> Result<Vec<referrers::Entry>, Error> {
        if !self.lacks_referrers().load(Ordering::Relaxed) {
            match self.listed_referrers(repository, subject).await {
                Err(error) if error.is_not_found() => self.note_missing(repository, subject).await?,
                listed => return listed,
            }
        }
        let tag = ManifestReference::Tag(referrers::tag(subject));
        Ok(self.manifest(repository, &tag).await?.map(|index| referrers::entries(&index.bytes)).unwrap_or_default())
    }

    /// Takes the API for missing where it does not know a subject that is there. Of a repository or subject that is not,
    /// some that have the API say so, too (Quay).
    async fn note_missing(&self, repository: &Repository, subject: &Digest) -> Result<(), Error> {
        if self.head_manifest(repository, &ManifestReference::Digest(subject.clone())).await?.is_some() {
            self.lacks_referrers().store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    async fn listed_referrers(
        &self,
        repository: &Repository,
        subject: &Digest,
    ) -> Result<Vec<referrers::Entry>, Error> {
        let (mut entries, mut visited) = (Vec::new(), BTreeSet::new());
        let asking =
            |url| Request::new(Method::GET, url, vec![Scope::pull(repository)]).max_answer(RawManifest::MAX_BYTES);
        let mut request = asking(self.url(&format!("{repository}/referrers/{subject}")));
        for _ in 0..MAX_PAGES {
            let reply = self.call(&request).await?;
            if serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&reply.body).is_err() {
                return Err(Self::protocol_error(
                    &request,
                    say!("its list of referrers is no index", "它的 referrers 列表不是索引"),
                ));
            }
            entries.extend(referrers::entries(&reply.body));
            let Some(next) = self.unread_page(&request, &reply, &mut visited)? else { return Ok(entries) };
            request = asking(next);
        }
        Err(Self::endless(&request, MAX_PAGES))
    }
}
