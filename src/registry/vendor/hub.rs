//! Docker Hub's API: the repositories of one namespace, page by page; private ones where a login is known.

use std::collections::BTreeSet;

use reqwest::header::HeaderValue;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::call::{Api, Login, MAX_PAGES, Names};
use crate::diag::say;
use crate::image::{Listed, Repository};
use crate::registry::{Client, Credentials, Error};

/// The most that Docker Hub sends at a time.
const PAGE_SIZE: &str = "1000";

#[derive(Deserialize)]
struct Page {
    count: Option<usize>,
    next: Option<String>,
    results: Option<Vec<Entry>>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    /// `image`, `plugin`, or nothing for what is older than both.
    repository_type: Option<String>,
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
}

/// The repositories of a namespace that hold images.
pub(super) async fn repositories(
    client: &Client,
    root: &Url,
    namespace: &Repository,
) -> Result<Listed<Repository>, Error> {
    let api = Api::new(client, root, login(client, root).await?);
    let (mut names, mut plugins, mut visited) = (Names::new(), 0, BTreeSet::new());
    let mut url = api.url(&format!("/v2/namespaces/{namespace}/repositories"), &[("page_size", PAGE_SIZE)]);
    loop {
        let answer = api.get(url.clone()).await?;
        visited.insert(url);
        let Page { count, next, results } = answer.read()?;
        let (images, others): (Vec<_>, Vec<_>) = results
            .unwrap_or_default()
            .into_iter()
            .partition(|entry| entry.repository_type.as_deref() != Some("plugin"));
        plugins += others.len();
        names.add(&answer, images.into_iter().map(|entry| format!("{namespace}/{}", entry.name)))?;
        let Some(next) = next.and_then(|next| api.follow(&answer, &next)) else {
            names.expect(&answer, count.map(|count| count.saturating_sub(plugins)))?;
            return Ok(names.listed());
        };
        if visited.contains(&next) || visited.len() == MAX_PAGES {
            return Err(answer.never_ends());
        }
        url = next;
    }
}

/// A token for user and password; without these, only what is public is listed.
async fn login<'a>(client: &Client, root: &Url) -> Result<Login<'a>, Error> {
    let Credentials::Basic { username, password } = client.auth().credentials() else { return Ok(Login::Nobody) };
    let api = Api::new(client, root, Login::Nobody);
    let wish = json!({ "identifier": username, "secret": password.expose() });
    let answer = api.post(api.url("/v2/auth/token", &[]), &wish).await?;
    let Token { access_token } = answer.read()?;
    let mut header = HeaderValue::from_str(&format!("Bearer {access_token}"))
        .map_err(|_| answer.error(say!("its token is none that a request can carry", "它的令牌无法放进请求")))?;
    header.set_sensitive(true);
    Ok(Login::Header(header))
}
