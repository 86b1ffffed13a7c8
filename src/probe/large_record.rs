//! Sends a request that fills several packets, and a small one after it where that is lost.

use tokio::time::timeout;

use super::PathTarget;
use crate::network::CheckResult;
use crate::network::judge::{self, LargeRequest};

/// Some packets of any common size, and within what every HTTP server takes of headers.
const BYTES: usize = 4000;

pub(super) async fn observe(target: &PathTarget) -> CheckResult {
    let limit = target.limits.large_record;
    let outcome = match timeout(limit, target.client.ping_padded(BYTES)).await {
        Ok(Ok(())) => LargeRequest::Answered,
        Ok(Err(error)) => LargeRequest::Broken { problem: error.problem(), small_passes: small(target).await },
        Err(_) => LargeRequest::Stalled { limit, small_passes: small(target).await },
    };
    judge::large_record(BYTES, &outcome)
}

async fn small(target: &PathTarget) -> bool {
    timeout(target.limits.large_record, target.client.ping_padded(0)).await.is_ok_and(|answer| answer.is_ok())
}
