//! Reads everything the planner needs and changes nothing: Dockerfiles, network paths, both sides of every tag.

mod bases;
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

use futures_util::future::{join, join_all};
use jiff::civil::Date;

use crate::diag::Diagnostic;
use crate::network::managed::FileFacts;
use crate::network::{PathReport, WantedChecks};
use crate::plan::{
    Address, Expansion, Inventory, Location, Observed, Request, Scope, expand, fix_addresses, large_layers,
    used_registries,
};
use crate::probe::{self, PlannedHosts};
use crate::project::{Place, Project};
use crate::registry::Access;
use crate::store::{Store, Stores};
use crate::worktree;

pub use bases::ask_bases;

use bases::Linting;
use heads::Heads;
use listings::Listed;
use reach::Reach;
use syncs::Seen;

/// Requests under way at a time, over all registries; each registry's own limit holds below it.
const CONCURRENCY: usize = 64;

/// What was seen, and what the user should hear about it beyond the plan.
#[derive(Debug)]
pub struct Observation {
    pub inventory: Inventory,
    /// Findings that belong to no step: patterns that matched nothing, secrets that are missing.
    pub findings: Vec<Diagnostic>,
    /// Every address of the project, in scope or not; of what refers to images, as far as those are in scope.
    pub addresses: BTreeSet<Address>,
}

/// Observes what `project` declares, as far as it is in `scope`.
pub async fn observe(project: &Arc<Project>, stores: &Stores, scope: &Scope, today: Date) -> Observation {
    let lint = Linting::start({
        let project = Arc::clone(project);
        move |ask| worktree::lint_all(&project, today, ask)
    });
    let mut files = observe_files(project, today).await;
    let mut addresses: BTreeSet<Address> = files.iter().map(|file| Address::file(&file.name)).collect();
    // Those with nothing to do have no step, and are meant all the same.
    let declared = worktree::managed_files(project).into_iter().filter(|file| !file.parts.is_empty());
    addresses.extend(declared.map(|file| Address::file(&file.name)));
    files.retain(|file| scope.holds(&Address::file(&file.name)));
    // Paths are proved as they will be.
    let planned = PlannedHosts::by_registry(&files);
    let stores = &stores.at(&planned_addresses(project, &planned));
    let paths = prove_paths(project, stores, &planned).await;
    let mut reach = Reach::new(project, stores, &paths).await;
    let answer = async |questions| ask_bases(project, stores, &paths, questions).await;
    let (listed, listing) = join(listings::list(project, &reach), lint.answered(answer)).await;
    let Listed { listings, strange, heads } = listed;
    let mut expansion = expand(project, &listings);
    expect(stores, &expansion);
    let (surplus, not_pruned) = surplus::observe(project, &reach, &expansion).await;
    addresses.extend(listing.files.iter().flat_map(|file| fix_addresses(file).chain([Address::lint(&file.path)])));
    addresses.extend(paths.keys().map(|registry| Address::network(registry)));
    addresses.extend(expansion.addresses());
    addresses.extend(surplus.iter().filter(|tag| tag.is_there()).map(|tag| Address::prune(&tag.target)));
    let mut findings = [listing.findings, strange, std::mem::take(&mut expansion.findings), not_pruned].concat();
    findings.extend(stores.diagnostics().cloned());
    expansion.retain(scope);
    let mut organizations = organizations::observe(project, &reach, &expansion).await;
    let declared = organizations.keys().filter(|organization| organization.is_declared(project));
    addresses.extend(declared.map(Address::organization));
    reach.set_absent(&organizations);
    let heads = heads.into_iter().chain(absent(&reach, &expansion)).collect();
    let Seen { facts: syncs, held, findings: unlisted } = observe_syncs(&reach, &mut expansion, heads).await;
    findings.extend(unlisted);
    addresses.extend(expansion.addresses());
    organizations::complete(project, &mut organizations, &syncs);
    let (dockerfiles, layouts) = (listing.files, layouts(project));
    let inventory = Inventory { dockerfiles, files, paths, expansion, organizations, syncs, surplus, held, layouts };
    findings.extend(large_layers(project, &inventory));
    Observation { inventory, findings, addresses }
}

/// Lets one login a registry cover all that is going to be done there.
fn expect(stores: &Stores, expansion: &Expansion) {
    stores.expect(expansion.requests.iter().flat_map(|Request { source, target, .. }| {
        [(source, Access::Pull), (target, Access::PullPush)]
            .map(|(place, access)| (place.registry.as_str(), &place.repository, access))
    }));
}

/// Nothing is in an organization that does not exist.
fn absent(reach: &Reach<'_>, expansion: &Expansion) -> Heads {
    let targets = expansion.requests.iter().map(|request| &request.target);
    let absent = targets.filter(|target| reach.is_absent(&target.registry, &target.repository));
    absent.map(|target| (target.clone(), Observed::Known(None))).collect()
}

fn layouts(project: &Project) -> BTreeSet<String> {
    let layouts = project.registries.iter().filter(|declared| matches!(declared.place, Place::OciLayout(_)));
    layouts.map(|declared| declared.name.value.clone()).collect()
}

/// Referrers of referrers of an image: nobody signs deeper.
const REFERRER_ROUNDS: usize = 4;

/// Both sides of every request, and of what comes along with it: its requests are appended.
async fn observe_syncs(reach: &Reach<'_>, expansion: &mut Expansion, known: Heads) -> Seen {
    let mut seen = syncs::observe(reach, &expansion.requests, known).await;
    let facts = &mut seen.facts;
    let mut known: BTreeSet<Location> = expansion.requests.iter().map(|request| request.target.clone()).collect();
    let mut last = expansion.requests.clone();
    for _ in 0..REFERRER_ROUNDS {
        let mut round = referrers::discover(reach, &last, facts).await;
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
        let mut more = syncs::observe(reach, &round.requests, round.heads).await;
        seen.findings.extend(referrers::leave_out_gone(&mut round.requests, &mut more.facts));
        facts.extend(more.facts);
        seen.held.extend(more.held);
        expansion.requests.extend(round.requests.iter().cloned());
        last = round.requests;
    }
    seen
}

async fn observe_files(project: &Arc<Project>, today: Date) -> Vec<FileFacts> {
    let project = Arc::clone(project);
    let observed = tokio::task::spawn_blocking(move || worktree::managed_facts(&project, today));
    observed.await.expect("reading files does not panic")
}

/// Where the planned lines say that the hosts of each registry and of the services beside it are.
fn planned_addresses(
    project: &Project,
    planned: &BTreeMap<String, PlannedHosts>,
) -> BTreeMap<String, BTreeMap<String, Vec<IpAddr>>> {
    let of_registry = |(name, lines): (&String, &PlannedHosts)| {
        let services = project.network(name).map(|network| project.services(network)).unwrap_or_default();
        let hosts = services.into_iter().flat_map(|names| names.hosts);
        let addresses = hosts.map(|host| (host.clone(), lines.addresses(&host)));
        (name.clone(), addresses.filter(|(_, addresses)| !addresses.is_empty()).collect::<BTreeMap<_, _>>())
    };
    planned.iter().map(of_registry).filter(|(_, addresses)| !addresses.is_empty()).collect()
}

/// Proves the path to every registry in use, all at once.
async fn prove_paths(
    project: &Project,
    stores: &Stores,
    planned: &BTreeMap<String, PlannedHosts>,
) -> BTreeMap<String, PathReport> {
    let names = used_registries(project);
    let proofs = names
        .iter()
        .map(async |name| Some((name.clone(), prove_path(project, stores, name, planned.get(name)).await?)));
    join_all(proofs).await.into_iter().flatten().collect()
}

/// Proves the path to a registry; none leads to a directory.
async fn prove_path(
    project: &Project,
    stores: &Stores,
    name: &str,
    planned: Option<&PlannedHosts>,
) -> Option<PathReport> {
    let client = match stores.get(name) {
        Ok(Store::Layout(_)) => return None,
        Ok(Store::Registry(client)) => Ok(client.clone()),
        Err(problem) => Err(problem),
    };
    Some(probe::prove(project, name, client, &WantedChecks::default(), planned).await)
}
