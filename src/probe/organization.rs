//! Looks into a repository of each organization that is pushed to; a push creates none, so none is made here. Of one that
//! the plan creates where it is missing, the management API is asked: there may be nothing to look into.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;

use super::PathTarget;
use crate::diag::{Problem, say};
use crate::image::Repository;
use crate::network::judge::{Membership, Standing};
use crate::registry::{Client, Kind, Management};

pub(super) async fn observe(target: &PathTarget) -> Vec<Standing> {
    let asked = target.organizations.iter().map(|repository| async move {
        let organization = repository.components().next().unwrap_or_default().to_owned();
        let answer = async {
            match target.client.management().filter(|_| target.creates_organization) {
                Some(management) => list(&management, &organization).await,
                None => ask(&target.client, repository).await,
            }
        };
        let limit = target.limits.auth_token;
        let answer = timeout(limit, answer).await.unwrap_or_else(|_| silent(limit));
        Standing { organization, answer }
    });
    join_all(asked).await
}

fn silent(limit: Duration) -> Membership {
    Membership::Unanswered(Problem::new(
        "auth-organization-timeout",
        say!("no answer within {seconds} s", "{seconds} 秒内没有应答", seconds = limit.as_secs_f32()),
    ))
}

/// What hinders the list hinders the step that creates the organization: it is told there.
async fn list(management: &Management<'_>, organization: &str) -> Membership {
    let Ok(name) = organization.parse() else { return Membership::There };
    match management.sees(&name).await {
        Ok(true) => Membership::There,
        Ok(false) => Membership::ToBeCreated,
        Err(error) => Membership::Unanswered(error.problem()),
    }
}

/// The registry names a missing organization whatever is asked of it; a repository need not be there.
async fn ask(client: &Client, repository: &Repository) -> Membership {
    match client.tags(repository).await {
        Ok(_) => Membership::There,
        Err(error) if *error.kind() == Kind::MissingOrganization => Membership::Missing(error.problem()),
        Err(error) if matches!(error.kind(), Kind::Denied | Kind::Unauthorized | Kind::BlockedTenant) => {
            Membership::Refused(error.problem())
        }
        Err(error) => Membership::Unanswered(error.problem()),
    }
}
