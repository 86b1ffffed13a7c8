//! Harbor's API (v2.0): projects, and their repositories page by page. Robot accounts log in as users do.

use std::collections::BTreeSet;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde::Deserialize;
use url::Url;

use super::call::{Answer, Api, Login, MAX_PAGES, Names};
use crate::image::{Listed, NameError, Repository};
use crate::registry::{Client, Error};

const PAGE_SIZE: &str = "100";
/// How many of all the entries a list has.
const TOTAL: &str = "x-total-count";
/// Projects whose lists are asked for at a time.
const AT_A_TIME: usize = 8;

#[derive(Deserialize)]
struct Named {
    name: String,
}

/// The repositories of one project, or of every project that we may see.
pub(super) async fn repositories(
    client: &Client,
    root: &Url,
    project: Option<&Repository>,
) -> Result<Listed<Repository>, Error> {
    let api = Api::new(client, root, Login::of(client.auth().credentials()));
    if let Some(project) = project {
        return of_project(&api, project).await;
    }
    let mut projects = list::<Repository>(&api, "/api/v2.0/projects").await?;
    let lists = stream::iter(&projects.names).map(|project| of_project(&api, project)).buffered(AT_A_TIME);
    let mut all = Listed { names: vec![], strange: std::mem::take(&mut projects.strange) };
    for listed in lists.try_collect::<Vec<_>>().await? {
        all.names.extend(listed.names);
        all.strange.extend(listed.strange);
    }
    Ok(all)
}

async fn of_project(api: &Api<'_>, project: &Repository) -> Result<Listed<Repository>, Error> {
    list(api, &format!("/api/v2.0/projects/{project}/repositories")).await
}

async fn list<T>(api: &Api<'_>, path: &str) -> Result<Listed<T>, Error>
where
    T: std::str::FromStr<Err = NameError>,
{
    let (mut names, mut visited) = (Names::new(), BTreeSet::new());
    let mut url = api.url(path, &[("page", "1"), ("page_size", PAGE_SIZE)]);
    loop {
        let answer = api.get(url.clone()).await?;
        visited.insert(url);
        let page: Option<Vec<Named>> = answer.read()?;
        names.add(&answer, page.unwrap_or_default().into_iter().map(|named| named.name))?;
        let Some(next) = api.next(&answer) else {
            names.expect(&answer, total(&answer))?;
            return Ok(names.listed());
        };
        if visited.contains(&next) || visited.len() == MAX_PAGES {
            return Err(answer.never_ends());
        }
        url = next;
    }
}

fn total(answer: &Answer) -> Option<usize> {
    answer.headers.get(TOTAL)?.to_str().ok()?.parse().ok()
}
