//! Reads everything the planner needs and changes nothing: Dockerfiles, network paths, both sides of every tag.

mod heads;
mod listings;
mod lists;
mod organizations;
mod reach;
mod referrers;
mod surplus;
mod syncs;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use futures_util::future::join_all;
use jiff::civil::Date;

use crate::diag::Diagnostic;
use crate::network::managed::FileFacts;
use crate::network::{PathReport, WantedChecks};
use crate::plan::{
    Address, Expansion, Inventory, Location, Observed, Request, Scope, SyncFacts, expand, fix_addresses, large_layers,
    used_registries,
};
use crate::probe::{self, PlannedHosts};
use crate::project::{Place, Project};
use crate::registry::Access;
use crate::store::{Store, Stores};
use crate::worktree;

use heads::Heads;
use listings::Listed;
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
pub async fn observe(project: &Arc<Project>, stores: &Stores, scope: &Scope, today: Date) -> Observation {
    let lint = tokio::task::spawn_blocking({
        let project = Arc::clone(project);
        move || worktree::lint_all(&project, today)
    });
    let mut files = observe_files(project, today).await;
    let file_addresses: Vec<Address> = files.iter().map(|file| Address::file(&file.name)).collect();
    files.retain(|file| scope.holds(&Address::file(&file.name)));
    // Paths are proved as they will be.
    let planned = PlannedHosts::by_registry(&files);
    let stores = &stores.at(&planned_addresses(project, &planned));
    let paths = prove_paths(project, stores, &planned).await;
    let mut reach = Reach::new(project, stores, &paths).await;
    let Listed { listings, strange, heads } = listings::list(project, &reach).await;
    let mut expansion = expand(project, &listings);
    stores.expect(expansion.requests.iter().flat_map(|Request { source, target, .. }| {
        [(source, Access::Pull), (target, Access::PullPush)]
            .map(|(place, access)| (place.registry.as_str(), &place.repository, access))
    }));
    let listing = lint.await.expect("linting does not panic");
    let gates = listing.files.iter().flat_map(|file| fix_addresses(file).chain([Address::lint(&file.path)]));
    let gates = gates.chain(file_addresses).chain(paths.keys().map(|registry| Address::network(registry)));
    let addresses = gates.chain(expansion.addresses()).collect::<Vec<_>>().into_iter();
    let (surplus, not_pruned) = surplus::observe(project, &reach, &expansion).await;
    let addresses: Vec<Address> =
        addresses.chain(surplus.iter().map(|surplus| Address::prune(&surplus.target))).collect();
    expansion.retain(scope);
    let mut organizations = organizations::observe(project, &reach, &expansion).await;
    let declared = organizations.keys().filter(|organization| organization.is_declared(project));
    let addresses = addresses.into_iter().chain(declared.map(Address::organization)).collect();
    reach.set_absent(&organizations);
    let mut findings = listing.findings;
    findings.extend(strange);
    findings.append(&mut expansion.findings);
    findings.extend(not_pruned);
    findings.extend(stores.diagnostics().cloned());
    let layouts = project.registries.iter().filter(|declared| matches!(declared.place, Place::OciLayout(_)));
    // Nothing is in an organization that does not exist.
    let absent = expansion
        .requests
        .iter()
        .filter(|request| reach.is_absent(&request.target.registry, &request.target.repository));
    let heads =
        heads.into_iter().chain(absent.map(|request| (request.target.clone(), Observed::Known(None)))).collect();
    let (syncs, held) = observe_syncs(&reach, &mut expansion, heads).await;
    organizations::complete(project, &mut organizations, &syncs);
    let inventory = Inventory {
        dockerfiles: listing.files,
        files,
        layouts: layouts.map(|declared| declared.name.value.clone()).collect(),
        paths,
        expansion,
        organizations,
        syncs,
        surplus,
        held,
    };
    findings.extend(large_layers(project, &inventory));
    Observation { inventory, findings, addresses }
}

/// Referrers of referrers of an image: nobody signs deeper.
const REFERRER_ROUNDS: usize = 4;

/// Both sides of every request, and of what comes along with it: its requests are appended.
async fn observe_syncs(
    reach: &Reach<'_>,
    expansion: &mut Expansion,
    known: Heads,
) -> (BTreeMap<Location, SyncFacts>, syncs::Held) {
    let (mut facts, mut held) = syncs::observe(reach, &expansion.requests, known).await;
    let mut known: BTreeSet<Location> = expansion.requests.iter().map(|request| request.target.clone()).collect();
    let mut last = expansion.requests.clone();
    for _ in 0..REFERRER_ROUNDS {
        let mut round = referrers::discover(reach, &last, &facts).await;
        for (target, loss) in round.losses {
            facts.entry(target).and_modify(|facts| facts.unsigned = Some(loss));
        }
        for (target, why) in round.unknown {
            facts.entry(target).and_modify(|facts| facts.referrers_unknown = Some(why));
        }
        round.requests.retain(|request| known.insert(request.target.clone()));
        if round.requests.is_empty() {
            break;
        }
        let (more_facts, more_held) = syncs::observe(reach, &round.requests, round.heads).await;
        facts.extend(more_facts);
        held.extend(more_held);
        expansion.requests.extend(round.requests.iter().cloned());
        last = round.requests;
    }
    (facts, held)
}

async fn observe_files(project: &Arc<Project>, today: Date) -> Vec<FileFacts> {
    let project = Arc::clone(project);
    let observed = tokio::task::spawn_blocking(move || worktree::managed_facts(&project, today));
    observed.await.expect("reading files does not panic")
}

fn planned_addresses(project: &Project, planned: &BTreeMap<String, PlannedHosts>) -> BTreeMap<String, Vec<IpAddr>> {
    let addresses = planned.iter().filter_map(|(name, hosts)| match &project.registry(name)?.place {
        Place::Registry(host) => Some((name.clone(), hosts.addresses(host.host()))),
        Place::OciLayout(_) => None,
    });
    addresses.filter(|(_, addresses)| !addresses.is_empty()).collect()
}

/// Proves the path to every registry in use, all at once.
async fn prove_paths(
    project: &Project,
    stores: &Stores,
    planned: &BTreeMap<String, PlannedHosts>,
) -> BTreeMap<String, PathReport> {
    let names = used_registries(project);
    let proofs = names.iter().filter_map(|name| {
        let store = match stores.get(name) {
            Ok(Store::Layout(_)) => return None,
            Ok(Store::Registry(client)) => Ok(client.clone()),
            Err(problem) => Err(problem),
        };
        let hosts = planned.get(name);
        Some(async move { (name.clone(), probe::prove(project, name, store, &WantedChecks::default(), hosts).await) })
    });
    join_all(proofs).await.into_iter().collect()
}
