//! Asks the registry for the permissions that the migrations need.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;

use super::PathTarget;
use crate::diag::{Problem, say};
use crate::image::Repository;
use crate::network::CheckResult;
use crate::network::judge::{self, Asked, Grant};
use crate::registry::{Access, Error, Kind};

/// Every question is a request, and some registries count them.
const MOST_ASKED: usize = 8;

pub(super) async fn observe(target: &PathTarget) -> CheckResult {
    if target.access.is_empty() {
        return login(target).await;
    }
    let sample = sample(&target.access);
    let asked = sample.iter().map(|(repository, access)| ask(target, repository, *access));
    let asked = join_all(asked).await;
    judge::auth_token(&asked, target.access.len() - sample.len())
}

/// Rules with patterns name no repository yet; credentials can be tried without one.
async fn login(target: &PathTarget) -> CheckResult {
    let mut anonymous = false;
    let asked = async { target.client.ping().await.inspect_err(|error| anonymous = error.is_anonymous()) };
    let answer = grant(target.limits.auth_token, asked).await;
    // Without a login, some registries let nobody in but to a named, public repository.
    judge::login((!anonymous).then_some(&answer))
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

async fn grant(limit: Duration, request: impl Future<Output = Result<(), Error>>) -> Grant {
    match timeout(limit, request).await {
        Ok(Ok(())) => Grant::Given,
        Ok(Err(error)) if error.is_temporary() => Grant::Unanswered(error.problem()),
        Ok(Err(error)) => Grant::Refused(error.problem()),
        Err(_) => Grant::Unanswered(
            Problem::new(
                "auth-token-timeout",
                say!("no answer within {limit} s", "{limit} 秒内没有应答", limit = limit.as_secs_f32()),
            )
            .with_help(say!(
                "look at the health of the registry's token server, then try again",
                "检查镜像仓库令牌服务的状态，然后重试"
            )),
        ),
    }
}

async fn ask(target: &PathTarget, repository: &Repository, access: Access) -> Asked {
    let organization = repository.components().next();
    let told_elsewhere = target.creates_organization
        || target.organizations.iter().any(|other| other.components().next() == organization);
    let authorized = async {
        match target.client.authorize(repository, access).await {
            // By `auth-organization`, or by the step of the plan that creates it.
            Err(error) if *error.kind() == Kind::MissingOrganization && told_elsewhere => Ok(()),
            answer => answer,
        }
    };
    let answer = grant(target.limits.auth_token, authorized).await;
    let access = match access {
        Access::Pull => say!("pull", "拉取"),
        Access::PullPush => say!("pull and push", "拉取和推送"),
        Access::Delete => say!("pull, push and delete", "拉取、推送和删除"),
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
