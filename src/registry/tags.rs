//! Lists: the tags of a repository, the repositories of a registry; page by page.

use std::collections::BTreeSet;
use std::str::FromStr;

use reqwest::Method;
use reqwest::header::LINK;
use serde::Deserialize;
use url::Url;

use super::auth::Scope;
use super::exchange::{Reply, Request};
use super::{Client, Error, Kind, link};
use crate::diag::{Wording, say};
use crate::image::{Listed, NameError, Repository, Tag};

const PAGE_SIZE: u32 = 1000;
/// Longest list that is read, in pages and in names; whoever sends more runs in circles.
const MAX_PAGES: usize = 10_000;
const MAX_NAMES: usize = 1_000_000;

#[derive(Deserialize)]
struct TagPage {
    tags: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct CatalogPage {
    repositories: Option<Vec<String>>,
}

impl Client {
    /// The repositories that the registry lists to us; many registries have no such list.
    pub async fn catalog(&self) -> Result<Listed<Repository>, Error> {
        self.list("_catalog", &Scope::Catalog, |page: CatalogPage| page.repositories).await
    }

    /// The tags of a repository in the registry's order, `None` when there is no such repository; not asked for again
    /// when they were just listed.
    ///
    /// SWR answers for a repository that does not exist with a list that is empty or null: that is `Some`, and empty.
    pub async fn tags(&self, repository: &Repository) -> Result<Option<Listed<Tag>>, Error> {
        self.recent_tags().get(repository.clone(), Box::pin(self.tags_now(repository))).await
    }

    /// As [`Self::tags`], whatever was listed before.
    pub(super) async fn tags_now(&self, repository: &Repository) -> Result<Option<Listed<Tag>>, Error> {
        let path = format!("{repository}/tags/list");
        match self.list(&path, &Scope::pull(repository), |page: TagPage| page.tags).await {
            Ok(tags) => Ok(Some(tags)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn list<P, T>(
        &self,
        path: &str,
        scope: &Scope,
        names: fn(P) -> Option<Vec<String>>,
    ) -> Result<Listed<T>, Error>
    where
        P: for<'de> Deserialize<'de>,
        T: FromStr<Err = NameError>,
    {
        let mut listed = Listed { names: vec![], strange: vec![] };
        let (mut seen, mut visited) = (BTreeSet::new(), BTreeSet::new());
        let mut request = Request::new(Method::GET, self.url(&format!("{path}?n={PAGE_SIZE}")), vec![scope.clone()]);
        for _ in 0..MAX_PAGES {
            let reply = match self.call(&request).await {
                Err(error) if visited.is_empty() && *error.kind() == Kind::UnexpectedStatus => {
                    // Some registries refuse the page size: then it is theirs.
                    request = Request::new(Method::GET, self.url(path), vec![scope.clone()]);
                    self.call(&request).await?
                }
                reply => reply?,
            };
            for name in page(&request, &reply, names)? {
                match name.parse() {
                    _ if !seen.insert(name.clone()) => {}
                    Ok(parsed) => listed.names.push(parsed),
                    Err(_) => listed.strange.push(name),
                }
            }
            if listed.names.len() + listed.strange.len() > MAX_NAMES {
                return Err(Self::protocol_error(
                    &request,
                    say!(
                        "its list does not end after {most} names",
                        "它的列表超过 {most} 个名字还没有结束",
                        most = MAX_NAMES
                    ),
                ));
            }
            let Some(next) = self.unread_page(&request, &reply, &mut visited)? else { return Ok(listed) };
            request = Request::new(Method::GET, next, vec![scope.clone()]);
        }
        Err(Self::endless(&request, MAX_PAGES))
    }

    /// The page after the one that `request` asked for, which is noted in `visited`.
    ///
    /// # Errors
    /// When that was read already.
    pub(super) fn unread_page(
        &self,
        request: &Request,
        reply: &Reply,
        visited: &mut BTreeSet<Url>,
    ) -> Result<Option<Url>, Error> {
        visited.insert(request.url.clone());
        let next = self.next_page(&request.url, reply);
        if next.as_ref().is_some_and(|next| visited.contains(next)) {
            return Err(Self::protocol_error(
                request,
                say!("its pages lead back to one that was read already", "它的分页又回到已经读过的一页"),
            ));
        }
        Ok(next)
    }

    pub(super) fn endless(request: &Request, most: usize) -> Error {
        Self::protocol_error(
            request,
            say!("its list does not end after {most} pages", "它的列表超过 {most} 页还没有结束", most),
        )
    }

    /// Registries behind proxies name the wrong scheme or host in absolute links: path and query are what counts.
    fn next_page(&self, current: &Url, reply: &Reply) -> Option<Url> {
        let links = reply.headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
        let target = current.join(links.into_iter().find_map(link::next)?).ok()?;
        let mut next = self.api().clone();
        next.set_path(target.path());
        next.set_query(target.query());
        Some(next)
    }
}

fn page<P>(request: &Request, reply: &Reply, names: fn(P) -> Option<Vec<String>>) -> Result<Vec<String>, Error>
where
    P: for<'de> Deserialize<'de>,
{
    let page = serde_json::from_slice(&reply.body).map_err(|error| {
        let error = Wording::of_json(&error);
        Client::protocol_error(request, say!("its list cannot be read: {error}", "无法读懂它的列表：{error}", error))
    })?;
    // SWR's lists may hold empty strings.
    Ok(names(page).unwrap_or_default().into_iter().filter(|name| !name.is_empty()).collect())
}
