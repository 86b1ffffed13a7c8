//! A plan holds for the paths by which its registries were reached when it was made: images and logins take no other.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;
use jiff::civil::Date;

use crate::diag::{Problem, Wording, say};
use crate::network::{Check, PathChange, TakenPath, WantedChecks};
use crate::plan::{Address, Plan};
use crate::probe::{self, PlannedHosts};
use crate::project::Project;
use crate::store::{Store, Stores};
use crate::worktree;

/// Why `plan` is not to be applied: a registry that its changes use is reached by another path now. Asks names and
/// shakes hands, sends no request and no login.
pub async fn changed_paths(plan: &Plan, project: &Arc<Project>, stores: &Stores, today: Date) -> Vec<Problem> {
    let planned = planned_hosts(plan, project, today).await;
    let used = plan.used_paths().into_iter().filter_map(|(registry, before)| match stores.get(registry) {
        Ok(Store::Registry(client)) => Some((registry, before, client.clone())),
        // The gate of one that cannot be opened says why.
        Ok(Store::Layout(_)) | Err(_) => None,
    });
    let wanted: WantedChecks = [Check::Tls].into_iter().collect();
    let asked = used.map(|(registry, before, client)| {
        let proof = probe::prove(project, registry, Ok(client), &wanted, planned.get(registry));
        async move { changed(registry, before, &proof.await.taken) }
    });
    join_all(asked).await.into_iter().flatten().collect()
}

/// Hosts files that the plan writes before it uses a path.
async fn planned_hosts(plan: &Plan, project: &Arc<Project>, today: Date) -> BTreeMap<String, PlannedHosts> {
    let project = Arc::clone(project);
    let facts = tokio::task::spawn_blocking(move || worktree::managed_facts(&project, today));
    let mut facts = facts.await.expect("reading files does not panic");
    facts.retain(|file| plan.steps().iter().any(|step| step.address == Address::file(&file.name)));
    PlannedHosts::by_registry(&facts)
}

/// Why `registry` is not to be used, where its path was `before` and is `now` another.
pub(super) fn changed(registry: &str, before: &TakenPath, now: &TakenPath) -> Option<Problem> {
    let changes = now.changes_since(before);
    if changes.is_empty() {
        return None;
    }
    let changes = Wording::joined(changes.iter().map(PathChange::wording), &say!("; ", "；"));
    let message = say!(
        "the path to `{registry}` is not the one that the plan was made for: {changes}",
        "到 `{registry}` 的路径不是制定计划时的那一条：{changes}",
        registry,
        changes
    );
    Some(Problem::new("path-changed", message).with_help(say!(
        "images and logins would take a path that nobody agreed to: look at it with `{look}`, then plan again; where the \
         change is meant (a renewed certificate, another name server), add `--allow-path-change`",
        "镜像和登录信息将走一条无人确认过的路径：先用 `{look}` 查看，再重新制定计划；如果变化是有意的（更换了证书或域名\
         服务器），就加上 `--allow-path-change`",
        look = format_args!("swrctl network {registry}")
    )))
}
