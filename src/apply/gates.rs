//! Gates are proved again when a plan is applied: time has passed since it was made.

use std::sync::Arc;

use super::Context;
use crate::diag::Problem;
use crate::network::WantedChecks;
use crate::plan::{LintWork, NetworkWork, Outcome};
use crate::store::Store;
use crate::{probe, worktree};

pub(super) async fn lint(work: &LintWork, context: &Context) -> Outcome {
    let project = Arc::clone(&context.project);
    let (file, set, occasion) = (work.file.clone(), work.set, context.occasion);
    let linted = tokio::task::spawn_blocking(move || worktree::lint_one(&project, &file, set, occasion));
    match linted.await.expect("linting does not panic") {
        Err(problem) => Outcome::Failed { problem },
        Ok(linted) if linted.report.failed => {
            let message = format!("{} fails its policy since the plan was made", work.file);
            let help = "run `swrctl plan` to see the findings";
            Outcome::Failed { problem: Problem::new("lint-failed", message).with_help(help) }
        }
        Ok(linted) if linted.digest != work.digest => {
            Outcome::Passed { note: "changed since the plan, and passes".to_owned() }
        }
        Ok(_) => Outcome::Passed { note: "passes".to_owned() },
    }
}

pub(super) async fn network(work: &NetworkWork, context: &Context) -> Outcome {
    let client = match context.stores.get(&work.registry) {
        Ok(Store::Registry(client)) => Ok(client.clone()),
        Ok(Store::Layout(_)) => return Outcome::Passed { note: "a directory".to_owned() },
        Err(problem) => Err(problem),
    };
    let report = probe::prove(&context.project, &work.registry, client, &WantedChecks::default()).await;
    match report.failure() {
        None => Outcome::Passed { note: "reachable as declared".to_owned() },
        Some(failure) => {
            let message = format!("the path to `{}` failed {}: {}", work.registry, failure.check, failure.observed);
            let mut problem = Problem::new("network-failed", message);
            problem.help.clone_from(&failure.fix);
            Outcome::Failed { problem }
        }
    }
}
