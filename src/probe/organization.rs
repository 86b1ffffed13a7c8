//! Looks into a repository of each organization that is pushed to; a push creates none, so none is made here.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;

use super::PathTarget;
use crate::diag::{Problem, say};
use crate::image::Repository;
use crate::network::CheckResult;
use crate::network::judge::{self, Membership, Standing};
use crate::registry::{Client, Kind};

pub(super) async fn observe(target: &PathTarget) -> CheckResult {
    let limit = target.limits.auth_token;
    let asked = target.organizations.iter().map(|repository| async move {
        let organization = repository.components().next().unwrap_or_default().to_owned();
        let answer = match ask(&target.client, repository, limit).await {
            Membership::Missing(_) if target.creates_organization => Membership::ToBeCreated,
            answer => answer,
        };
        Standing { organization, answer }
    });
    judge::auth_organization(&join_all(asked).await)
}

/// The registry names a missing organization whatever is asked of it; a repository need not be there.
async fn ask(client: &Client, repository: &Repository, limit: Duration) -> Membership {
    match timeout(limit, client.tags(repository)).await {
        Ok(Ok(_)) => Membership::There,
        Ok(Err(error)) if *error.kind() == Kind::MissingOrganization => Membership::Missing(error.problem()),
        Ok(Err(error)) if matches!(error.kind(), Kind::Denied | Kind::Unauthorized | Kind::BlockedTenant) => {
            Membership::Refused(error.problem())
        }
        Ok(Err(error)) => Membership::Unanswered(error.problem()),
        Err(_) => Membership::Unanswered(Problem::new(
            "auth-organization-timeout",
            say!("no answer within {seconds} s", "{seconds} 秒内没有应答", seconds = limit.as_secs_f32()),
        )),
    }
}
