//! Asks for `/v2/`.

use tokio::time::timeout;

use super::PathTarget;
use crate::network::CheckResult;
use crate::network::judge;
use crate::registry::{Error, Kind};

pub(super) async fn observe(target: &PathTarget) -> CheckResult {
    let scheme = if target.tls().plain_http { "http" } else { "https" };
    let url = format!("{scheme}://{}/v2/", target.host().api_host());
    let limit = target.limits.registry_api;
    let answer = timeout(limit, target.client.ping()).await.ok();
    let answer = answer.map(|answer| match answer {
        Err(error) if !is_about_login(&error, &url) => Err(error.problem()),
        _ => Ok(()),
    });
    judge::registry_api(&url, limit, answer)
}

/// Only a registry asks for a login in a way that the client understands; whether it succeeds is `auth-token`'s.
fn is_about_login(error: &Error, api: &str) -> bool {
    let refused =
        matches!(error.kind(), Kind::Unauthorized | Kind::Denied | Kind::MissingOrganization | Kind::BlockedTenant);
    refused || !error.url().starts_with(api)
}
