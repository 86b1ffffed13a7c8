//! SWR's management API (Huawei Cloud, "SWR API Reference (Basic)"): organizations, the repositories in them,
//! and their tags.

use std::collections::BTreeMap;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use reqwest::StatusCode;
use reqwest::header::CONTENT_RANGE;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::AccessKeys;
use super::call::{Answer, Api, Login, MAX_PAGES, Names};
use crate::diag::say;
use crate::image::{Digest, Listed, Repository, Tag};
use crate::registry::{Client, Error};

const ORGANIZATIONS: &str = "/v2/manage/namespaces";
const REPOSITORIES: &str = "/v2/manage/repos";

/// The most that SWR sends at a time.
const PAGE_SIZE: usize = 1000;
/// Organizations whose lists are asked for at a time.
const AT_A_TIME: usize = 4;

/// SWR's management API, asked with an access key. An organization is named by a [`Repository`] of one part.
pub struct Management<'a>(Api<'a>);

/// What became of a wish for an organization.
#[derive(Clone, Debug)]
pub enum Creation {
    Created,
    /// This account has it already.
    Present,
    /// Another account has one of this name: they are unique over all accounts.
    Taken,
    /// SWR says why: the quota is used up, or the name is none.
    Refused(Error),
}

#[derive(Deserialize)]
struct Organizations {
    namespaces: Option<Vec<Named>>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct InOrganization {
    namespace: String,
    name: String,
}

#[derive(Deserialize)]
struct Tagged {
    #[serde(alias = "Tag")]
    tag: String,
    digest: Option<String>,
}

impl<'a> Management<'a> {
    pub(super) fn new(client: &'a Client, root: &'a Url, keys: &'a AccessKeys) -> Self {
        Self(Api::new(client, root, Login::Keys(keys)))
    }

    /// The organizations that this access key has a permission in. SWR sends them all at once.
    pub async fn organizations(&self) -> Result<Listed<Repository>, Error> {
        listed(&self.0.get(self.0.url(ORGANIZATIONS, &[])).await?)
    }

    /// Is there an organization in which this access key has a permission, or a permission in one of its repositories?
    pub async fn sees(&self, organization: &Repository) -> Result<bool, Error> {
        let filter = format!("namespace::{organization}|mode::visible");
        // The filter matches more than equal names.
        Ok(listed(&self.0.get(self.0.url(ORGANIZATIONS, &[("filter", &filter)])).await?)?.names.contains(organization))
    }

    /// The repositories of an organization, or of all that this access key has a permission in.
    pub async fn repositories(&self, organization: Option<&Repository>) -> Result<Listed<Repository>, Error> {
        if let Some(organization) = organization {
            return self.in_organization(organization).await;
        }
        let Listed { names, strange } = self.organizations().await?;
        let lists = stream::iter(&names).map(|organization| self.in_organization(organization)).buffered(AT_A_TIME);
        let mut all = Listed { names: vec![], strange };
        for listed in lists.try_collect::<Vec<_>>().await? {
            all.names.extend(listed.names);
            all.strange.extend(listed.strange);
        }
        Ok(all)
    }

    async fn in_organization(&self, organization: &Repository) -> Result<Listed<Repository>, Error> {
        let mut names = Names::new();
        let of = |entry: InOrganization| format!("{}/{}", entry.namespace, entry.name);
        self.pages(REPOSITORIES, &format!("center::self|namespace::{organization}|"), |answer, page| {
            names.add(answer, page.into_iter().map(of))
        })
        .await?;
        let mut listed: Listed<Repository> = names.listed();
        // The filter matches more than equal names.
        let prefix = format!("{organization}/");
        listed.names.retain(|name| name.as_str().starts_with(&prefix));
        listed.strange.retain(|name| name.starts_with(&prefix));
        Ok(listed)
    }

    /// What the tags of a repository hold; without those whose digest is none.
    pub async fn digests(&self, repository: &Repository) -> Result<BTreeMap<Tag, Digest>, Error> {
        let (organization, name) = repository.as_str().split_once('/').unwrap_or_default();
        let path = format!("{ORGANIZATIONS}/{organization}/repos/{}/tags", name.replace('/', "$"));
        let mut digests = BTreeMap::new();
        self.pages(&path, "", |_, page: Vec<Tagged>| {
            let before = digests.len();
            let found = page
                .into_iter()
                .filter_map(|entry| Some((entry.tag.parse::<Tag>().ok()?, entry.digest?.parse::<Digest>().ok()?)));
            digests.extend(found);
            Ok(digests.len() > before)
        })
        .await?;
        Ok(digests)
    }

    /// Reads a list page by page until it ends; `take` says whether a page brought anything new.
    async fn pages<T>(
        &self,
        path: &str,
        filter: &str,
        mut take: impl FnMut(&Answer, Vec<T>) -> Result<bool, Error>,
    ) -> Result<(), Error>
    where
        T: for<'de> Deserialize<'de>,
    {
        let (mut offset, mut limit) = (0, PAGE_SIZE);
        for _ in 0..MAX_PAGES {
            let filter = format!("{filter}offset::{offset}|limit::{limit}");
            let answer = self.0.get(self.0.url(path, &[("filter", &filter)])).await?;
            let page: Vec<T> = answer.read::<Option<Vec<T>>>()?.unwrap_or_default();
            let (count, total) = (page.len(), total(&answer));
            offset += count;
            let is_new = take(&answer, page)?;
            match total {
                Some(total) if offset >= total => return Ok(()),
                // That was all of it, or its pages are smaller; an offset has to be a multiple of the limit.
                _ if offset == count && 0 < count && count < limit => limit = count,
                _ if is_new && count == limit => {}
                Some(total) => return Err(answer.ended_early(offset, total)),
                None => return Ok(()),
            }
        }
        Err(self.0.error(
            path,
            say!("its list does not end after {pages} pages", "列表在 {pages} 页之后仍未结束", pages = MAX_PAGES),
        ))
    }

    /// Creates an organization.
    pub async fn create(&self, organization: &Repository) -> Result<Creation, Error> {
        let wish = json!({ "namespace": organization.as_str() });
        let Err(error) = self.0.post(self.0.url(ORGANIZATIONS, &[]), &wish).await else {
            return Ok(Creation::Created);
        };
        match error.status().map(StatusCode::from_u16) {
            // Also what a repeated request says whose first answer was lost.
            Some(Ok(StatusCode::CONFLICT)) if self.organizations().await?.names.contains(organization) => {
                Ok(Creation::Present)
            }
            Some(Ok(StatusCode::CONFLICT)) => Ok(Creation::Taken),
            Some(Ok(StatusCode::BAD_REQUEST)) => Ok(Creation::Refused(error)),
            _ => Err(error),
        }
    }
}

/// `0-100/250`: how many of all the entries a list has.
fn total(answer: &Answer) -> Option<usize> {
    answer.headers.get(CONTENT_RANGE)?.to_str().ok()?.rsplit_once('/')?.1.trim().parse().ok()
}

fn listed(answer: &Answer) -> Result<Listed<Repository>, Error> {
    let Organizations { namespaces } = answer.read()?;
    let mut names = Names::new();
    names.add(answer, namespaces.unwrap_or_default().into_iter().map(|named| named.name))?;
    Ok(names.listed())
}

impl std::fmt::Debug for Management<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Management")
    }
}
