//! SWR's management API (Huawei Cloud, "SWR API Reference (Basic)"): organizations.

use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::AccessKeys;
use super::call::{Answer, Api, Login, Names};
use crate::image::{Listed, Repository};
use crate::registry::{Client, Error};

const ORGANIZATIONS: &str = "/v2/manage/namespaces";

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
