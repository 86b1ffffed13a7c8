//! What refers to a manifest: signatures, SBOMs, attestations (OCI distribution specification 1.1, "Listing Referrers").
//!
//! Registries without that API keep the list as an index under the tag `sha256-<hex>`, which clients write.

use std::collections::BTreeSet;

use reqwest::Method;

use super::auth::Scope;
use super::exchange::Request;
use super::{Client, Error};
use crate::diag::say;
use crate::image::{Digest, ManifestReference, RawManifest, Repository, referrers};

/// More pages of one list than any image has.
const MAX_PAGES: usize = 100;

impl Client {
    /// What the registry's API lists as referring to `subject`; `None` where it has no such API, or does not know the
    /// subject. Whether it has one is found out once: who asks meanwhile waits.
    pub async fn referrers(
        &self,
        repository: &Repository,
        subject: &Digest,
    ) -> Result<Option<Vec<referrers::Entry>>, Error> {
        let mut has_api = self.has_referrers_api().lock().await;
        match *has_api {
            Some(false) => Ok(None),
            Some(true) => {
                drop(has_api);
                self.listed_referrers(repository, subject).await
            }
            None => {
                let listed = self.listed_referrers(repository, subject).await?;
                // Of a repository or subject that is not there, some that have the API say that there is nothing, too (Quay).
                let reference = ManifestReference::Digest(subject.clone());
                if listed.is_some() || self.head_manifest(repository, &reference).await?.is_some() {
                    *has_api = Some(listed.is_some());
                }
                Ok(listed)
            }
        }
    }

    /// What clients list as referring to `subject`, under the tag that stands in for the API.
    pub async fn referrers_by_tag(
        &self,
        repository: &Repository,
        subject: &Digest,
    ) -> Result<Vec<referrers::Entry>, Error> {
        let tag = ManifestReference::Tag(referrers::tag(subject));
        Ok(self.manifest(repository, &tag).await?.map(|index| referrers::entries(&index.bytes)).unwrap_or_default())
    }

    async fn listed_referrers(
        &self,
        repository: &Repository,
        subject: &Digest,
    ) -> Result<Option<Vec<referrers::Entry>>, Error> {
        let (mut entries, mut visited) = (Vec::new(), BTreeSet::new());
        let asking =
            |url| Request::new(Method::GET, url, vec![Scope::pull(repository)]).max_answer(RawManifest::MAX_BYTES);
        let mut request = asking(self.url(&format!("{repository}/referrers/{subject}")));
        for _ in 0..MAX_PAGES {
            let reply = match self.call(&request).await {
                Err(error) if error.is_not_found() => return Ok(None),
                reply => reply?,
            };
            if serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&reply.body).is_err() {
                return Err(Self::protocol_error(
                    &request,
                    say!("its list of referrers is no index", "它的 referrers 列表不是索引"),
                ));
            }
            entries.extend(referrers::entries(&reply.body));
            let Some(next) = self.unread_page(&request, &reply, &mut visited)? else { return Ok(Some(entries)) };
            request = asking(next);
        }
        Err(Self::endless(&request, MAX_PAGES))
    }
}
