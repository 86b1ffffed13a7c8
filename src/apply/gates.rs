//! Gates are proved again when a plan is applied: time has passed since it was made.

use std::sync::Arc;

use super::{Context, paths};
use crate::diag::{Problem, say};
use crate::network::WantedChecks;
use crate::plan::{LintWork, NetworkWork, Outcome};
use crate::store::Store;
use crate::{probe, worktree};

pub(super) async fn lint(work: &LintWork, context: &Context) -> Outcome {
    let project = Arc::clone(&context.project);
    let (file, set, today) = (work.file.clone(), work.set, context.today);
    let linted = tokio::task::spawn_blocking(move || worktree::lint_again(&project, (&file, set), today));
    match linted.await.expect("linting does not panic") {
        Err(problem) => Outcome::failed(problem),
        // What registries say of its images was judged with the plan.
        Ok((linted, needs_registries)) if needs_registries && linted.digest != work.digest => {
            let message = say!(
                "{file} changed since the plan was made, and its base images have to be asked for",
                "{file} 在制定计划之后有改动，需要重新查询它的基础镜像",
                file = work.file
            );
            let help = say!("plan again", "重新制定计划");
            Outcome::failed(Problem::new("lint-changed", message).with_help(help))
        }
        Ok((linted, _)) if linted.report.failed => {
            let message = say!(
                "{file} fails its policy since the plan was made",
                "{file} 在制定计划之后变得不符合策略",
                file = work.file
            );
            let help = say!("run `swrctl plan` to see the findings", "运行 `swrctl plan` 查看问题");
            Outcome::failed(Problem::new("lint-failed", message).with_help(help))
        }
        Ok((linted, _)) if linted.digest != work.digest => Outcome::Passed {
            note: say!("changed since the plan, and passes", "制定计划之后有改动，仍然通过"),
        },
        Ok(_) => Outcome::Passed { note: say!("passes", "通过") },
    }
}

pub(super) async fn network(work: &NetworkWork, context: &Context) -> Outcome {
    let client = match context.stores.get(&work.registry) {
        Ok(Store::Registry(client)) => Ok(client.clone()),
        Ok(Store::Layout(_)) => return Outcome::Passed { note: say!("a directory", "是目录") },
        Err(problem) => Err(problem),
    };
    let report = probe::prove(&context.project, &work.registry, client, &WantedChecks::default(), None).await;
    let changed = context.pinned.get(&work.registry);
    let changed = changed.and_then(|before| paths::changed(&work.registry, before, &report.taken));
    match report.failure() {
        None => match changed {
            None => Outcome::Passed { note: say!("reachable as declared", "可按声明的方式访问") },
            Some(problem) => Outcome::failed(problem),
        },
        Some(failure) => {
            let message = say!(
                "the path to `{registry}` failed {check}: {reason}",
                "到 `{registry}` 的路径未通过 {check}：{reason}",
                registry = work.registry,
                check = failure.check,
                reason = failure.observed
            );
            let mut problem = Problem::new("network-failed", message);
            problem.help.clone_from(&failure.fix);
            Outcome::failed(problem)
        }
    }
}
