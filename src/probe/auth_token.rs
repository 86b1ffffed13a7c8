//! Asks the registry for the permissions that the migrations need.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;

use super::PathTarget;
use crate::diag::Problem;
use crate::image::Repository;
use crate::network::CheckResult;
use crate::network::judge::{self, Asked, Grant};
use crate::registry::{Access, Client};

/// Every question is a request, and some registries count them.
const MOST_ASKED: usize = 8;

pub(super) async fn observe(target: &PathTarget) -> CheckResult {
    let sample = sample(&target.access);
    let limit = target.limits.auth_token;
    let asked = sample.iter().map(|(repository, access)| ask(&target.client, repository, *access, limit));
    let asked = join_all(asked).await;
    judge::auth_token(&asked, target.access.len() - sample.len())
}

/// The first repository of each organization: permissions hang on organizations.
fn sample(access: &[(Repository, Access)]) -> Vec<&(Repository, Access)> {
    let mut seen = BTreeSet::new();
    access
        .iter()
        .filter(|(repository, access)| seen.insert((repository.components().next(), *access == Access::PullPush)))
        .take(MOST_ASKED)
        .collect()
}

async fn ask(client: &Client, repository: &Repository, access: Access, limit: Duration) -> Asked {
    let answer = match timeout(limit, client.authorize(repository, access)).await {
        Ok(Ok(())) => Grant::Given,
        Ok(Err(error)) if error.is_temporary() => Grant::Unanswered(error.problem()),
        Ok(Err(error)) => Grant::Refused(error.problem()),
        Err(_) => Grant::Unanswered(
            Problem::new("auth-token-timeout", format!("no answer within {} s", limit.as_secs_f32()))
                .with_help("look at the health of the registry's token server, then try again"),
        ),
    };
    let access = match access {
        Access::Pull => "pull",
        Access::PullPush => "pull and push",
    };
    Asked { repository: repository.clone(), access, answer }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_repository_of_each_organization_is_asked_for_each_access() {
        let pair = |name: &str, access| (name.parse().unwrap(), access);
        let mut access = vec![
            pair("team/a", Access::Pull),
            pair("team/b", Access::Pull),
            pair("team/c", Access::PullPush),
            pair("library/a", Access::Pull),
        ];
        let names = |access: &[_]| sample(access).iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>();
        assert_eq!(names(&access), ["team/a", "team/c", "library/a"]);
        access.extend((0..20).map(|number| pair(&format!("org{number}/a"), Access::Pull)));
        assert_eq!(names(&access).len(), MOST_ASKED);
    }
}
