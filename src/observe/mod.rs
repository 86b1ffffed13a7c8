//! Reads everything the planner needs and changes nothing: Dockerfiles, network paths, both sides of every tag.

mod listings;
mod reach;
mod syncs;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;

use crate::diag::Diagnostic;
use crate::lint::Occasion;
use crate::network::{PathReport, WantedChecks};
use crate::plan::{Address, Inventory, Scope, expand, fix_addresses, used_registries};
use crate::probe;
use crate::project::{Place, Project};
use crate::store::{Store, Stores};
use crate::worktree;

use reach::Reach;

/// Requests under way at a time, over all registries; each registry's own limit holds below it.
const CONCURRENCY: usize = 64;

/// What was seen, and what the user should hear about it beyond the plan.
#[derive(Debug)]
pub struct Observation {
    pub inventory: Inventory,
    /// Findings that belong to no step: patterns that matched nothing, secrets that are missing.
    pub findings: Vec<Diagnostic>,
    /// Every address of the project, in scope or not.
    pub addresses: Vec<Address>,
}

/// Observes what `project` declares, as far as it is in `scope`.
pub async fn observe(project: &Arc<Project>, stores: &Stores, scope: &Scope, occasion: Occasion) -> Observation {
    let lint = tokio::task::spawn_blocking({
        let project = Arc::clone(project);
        move || worktree::lint_all(&project, occasion)
    });
    let paths = prove_paths(project, stores).await;
    let reach = Reach::new(project, stores, &paths).await;
    let (listings, strange) = listings::list(project, &reach).await;
    let mut expansion = expand(project, &listings);
    let listing = lint.await.expect("linting does not panic");
    let gates = listing.files.iter().flat_map(|file| fix_addresses(file).chain([Address::lint(&file.path)]));
    let gates = gates.chain(paths.keys().map(|registry| Address::network(registry)));
    let addresses = gates.chain(expansion.addresses()).collect();
    expansion.retain(scope);
    let mut findings = listing.findings;
    findings.extend(strange);
    findings.append(&mut expansion.findings);
    findings.extend(stores.diagnostics().cloned());
    let layouts = project.registries.iter().filter(|declared| matches!(declared.place, Place::OciLayout(_)));
    let (syncs, held) = syncs::observe(&reach, &expansion.requests).await;
    let inventory = Inventory {
        dockerfiles: listing.files,
        layouts: layouts.map(|declared| declared.name.value.clone()).collect(),
        paths,
        expansion,
        syncs,
        held,
    };
    Observation { inventory, findings, addresses }
}

/// Proves the path to every registry in use, all at once.
async fn prove_paths(project: &Project, stores: &Stores) -> BTreeMap<String, PathReport> {
    let names = used_registries(project);
    let proofs = names.iter().filter_map(|name| {
        let store = match stores.get(name) {
            Ok(Store::Layout(_)) => return None,
            Ok(Store::Registry(client)) => Ok(client.clone()),
            Err(problem) => Err(problem),
        };
        Some(async move { (name.clone(), probe::prove(project, name, store, &WantedChecks::default()).await) })
    });
    join_all(proofs).await.into_iter().collect()
}
