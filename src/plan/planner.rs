//! Puts the steps of a plan together: gates first, then what they guard.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Problem, say};
use crate::image::{Digest, Repository};
use crate::lint::fix::Fixed;
use crate::lint::policy::Gates;
use crate::project::Project;

use super::address::Address;
use super::blobs::Holdings;
use super::cost::{Costs, Requests};
use super::decision::{Decision, decide, empty_sync};
use super::expand::Request;
use super::files::file_step;
use super::fixes::{fix_steps, fixed_in};
use super::gates::{lint_step, network_step, select_step, shut_gate};
use super::graph::{Graph, StepId};
use super::inventory::{Inventory, Location};
use super::layers::too_large;
use super::organizations::{Organization, organization_step};
use super::prune::prune_step;
use super::scope::Scope;
use super::step::{Action, Step, SyncWork, Work};

/// Steps in an order in which they can be done, and what each waits for.
#[derive(Clone, Debug)]
pub struct Plan {
    pub project: String,
    /// Of the project file's bytes: a saved plan holds for this file only.
    pub project_digest: Digest,
    /// Made with `--target` or `--exclude`.
    pub partial: bool,
    pub(super) steps: Vec<Step>,
    pub(super) graph: Graph,
}

impl Plan {
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    #[must_use]
    pub const fn graph(&self) -> &Graph {
        &self.graph
    }

    #[must_use]
    pub fn step(&self, id: StepId) -> &Step {
        &self.steps[id.index()]
    }

    #[must_use]
    pub fn count(&self, action: Action) -> usize {
        self.steps.iter().filter(|step| step.action == action).count()
    }

    #[must_use]
    pub fn has_changes(&self) -> bool {
        self.steps.iter().any(|step| step.action.is_change())
    }

    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.steps.iter().any(|step| step.action == Action::Blocked)
    }

    /// Bytes that applying moves.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.steps
            .iter()
            .map(|step| match &step.work {
                Work::Sync(sync) => sync.bytes,
                _ => 0,
            })
            .fold(0, u64::saturating_add)
    }

    /// Requests that applying makes.
    #[must_use]
    pub fn requests(&self) -> Requests {
        let mut sum = Requests::default();
        for step in &self.steps {
            if let Work::Sync(sync) = &step.work {
                sum += sync.requests;
            }
        }
        sum
    }

    /// Takes note that whoever applies this plan has the images of these targets at hand: their manifests are not
    /// read again.
    pub fn skip_reading(&mut self, at_hand: impl Fn(&Location) -> bool) {
        for step in &mut self.steps {
            if let Work::Sync(sync) = &mut step.work
                && at_hand(&sync.target)
            {
                sync.requests.source.manifests = 0;
            }
        }
    }
}

/// Decides what is to be done. Deterministic: the same facts give the same plan, whatever order they came in.
#[must_use]
pub fn plan(project: &Project, inventory: &Inventory, scope: &Scope) -> Plan {
    let writers =
        inventory.expansion.requests.iter().map(|request| (request.target.at_home(project), request)).collect();
    let mut planner = Planner { project, inventory, scope, writers, steps: vec![], graph: Graph::default() };
    let mut gates = planner.add_gates();
    planner.add_organizations(&mut gates);
    planner.add_unlisted(&gates);
    let written = planner.add_syncs(&gates);
    planner.add_prunes(&gates, &written);
    Plan {
        project: project.name.value.clone(),
        project_digest: Digest::sha256(project.source.text().as_bytes()),
        partial: scope.is_partial(),
        steps: planner.steps,
        graph: planner.graph,
    }
}

/// Names of the registries whose path is to be proved: those that migrations use and those with a `network` section.
#[must_use]
pub fn used_registries(project: &Project) -> BTreeSet<String> {
    let migrations = project.migrations.iter();
    let moved = migrations.flat_map(|migration| std::iter::once(&migration.source).chain(&migration.targets));
    moved.chain(project.networks.iter().map(|network| &network.registry)).map(|name| name.value.clone()).collect()
}

/// The gates that are in the plan.
#[derive(Default)]
struct PlannedGates {
    /// With the `dockerfiles` section that owns it.
    lint: Vec<(StepId, usize)>,
    network: BTreeMap<String, StepId>,
    organizations: BTreeMap<Organization, StepId>,
}

/// Steps by the home and the name of the repository that they write to.
type Written<'a> = BTreeMap<(&'a str, &'a Repository), Vec<StepId>>;

struct Planner<'a> {
    project: &'a Project,
    inventory: &'a Inventory,
    scope: &'a Scope,
    /// Who writes a place, by its home.
    writers: BTreeMap<Location, &'a Request>,
    steps: Vec<Step>,
    graph: Graph,
}

impl<'a> Planner<'a> {
    fn add(&mut self, step: Step, after: &[StepId]) -> StepId {
        self.steps.push(step);
        self.graph.add(after)
    }

    fn add_gates(&mut self) -> PlannedGates {
        let mut gates = PlannedGates::default();
        let mut created = BTreeMap::new();
        for dockerfile in &self.inventory.dockerfiles {
            let fixed = fixed_in(dockerfile, self.scope);
            let fixes = fixed.map(|fixed| self.add_fixes(&dockerfile.path, fixed, &mut created)).unwrap_or_default();
            let step = lint_step(dockerfile, fixed);
            if self.scope.holds(&step.address) || self.gates_something(|request| self.lints(dockerfile.set, request)) {
                gates.lint.push((self.add(step, &fixes), dockerfile.set));
            }
        }
        let files = self.add_files();
        for (registry, report) in &self.inventory.paths {
            // What a file says decides where a registry is found.
            let after = files.get(registry.as_str()).map_or(&[][..], Vec::as_slice);
            let step = network_step(registry, report, self.shut(after));
            let uses = |request: &Request| [&request.source, &request.target].iter().any(|at| at.registry == *registry);
            if self.scope.holds(&step.address) || self.gates_something(uses) {
                gates.network.insert(registry.clone(), self.add(step, after));
            }
        }
        gates
    }

    fn add_organizations(&mut self, gates: &mut PlannedGates) {
        for (organization, exists) in &self.inventory.organizations {
            let after: Vec<_> = gates.network.get(&organization.registry).copied().into_iter().collect();
            let Some(step) = organization_step(self.project, organization, exists, self.shut(&after)) else { continue };
            let uses = |request: &Request| self.organization(request).as_ref() == Some(organization);
            let in_scope = self.scope.holds(&step.address) || self.gates_something(uses);
            if in_scope && !self.scope.excludes(&Address::network(&organization.registry)) {
                gates.organizations.insert(organization.clone(), self.add(step, &after));
            }
        }
    }

    fn organization(&self, request: &Request) -> Option<Organization> {
        Organization::of(self.project, &request.target)
    }

    /// A file that several Dockerfiles ask for is created once; what is changed waits for it.
    fn add_fixes(&mut self, path: &str, fixed: &Fixed, created: &mut BTreeMap<Address, StepId>) -> Vec<StepId> {
        let mut fixes = Vec::new();
        for step in fix_steps(path, fixed) {
            let known = created.get(&step.address).copied();
            let creates = (step.action == Action::Create).then(|| step.address.clone());
            let id = known.unwrap_or_else(|| self.add(step, &fixes));
            created.extend(creates.map(|address| (address, id)));
            fixes.push(id);
        }
        fixes
    }

    /// Returns the steps by the registries whose lines they write.
    fn add_files(&mut self) -> BTreeMap<&'a str, Vec<StepId>> {
        let mut files: BTreeMap<&str, Vec<StepId>> = BTreeMap::new();
        for facts in &self.inventory.files {
            let step = file_step(facts);
            if self.scope.holds(&step.address) {
                let id = self.add(step, &[]);
                for registry in &facts.registries {
                    files.entry(registry).or_default().push(id);
                }
            }
        }
        files
    }

    /// Does a gate stand before a request that is in scope?
    fn gates_something(&self, uses: impl Fn(&Request) -> bool) -> bool {
        self.inventory.expansion.requests.iter().any(|request| self.in_scope(request) && uses(request))
    }

    fn in_scope(&self, request: &Request) -> bool {
        let excluded = |registry: &str| self.scope.excludes(&Address::network(registry));
        let lint_excluded = || {
            let mut files = self.inventory.dockerfiles.iter().filter(|file| self.lints(file.set, request));
            files.any(|file| self.scope.excludes(&Address::lint(&file.path)))
        };
        let organization_excluded = || {
            let mut organization = self.organization(request).into_iter();
            organization.any(|organization| self.scope.excludes(&Address::organization(&organization)))
        };
        self.scope.holds(&Address::sync(&request.target))
            && !excluded(&request.source.registry)
            && !excluded(&request.target.registry)
            && !organization_excluded()
            && !lint_excluded()
    }

    /// Does a failing Dockerfile of section `set` block `request`?
    fn lints(&self, set: usize, request: &Request) -> bool {
        gates_target(&self.project.dockerfiles[set].gates, &request.target.registry)
    }

    fn gates_of(&self, gates: &PlannedGates, registries: &[&str]) -> Vec<StepId> {
        let target = registries[registries.len() - 1];
        let lint = gates.lint.iter().filter(|(_, set)| gates_target(&self.project.dockerfiles[*set].gates, target));
        let network = registries.iter().filter_map(|registry| gates.network.get(*registry));
        lint.map(|(id, _)| *id).chain(network.copied()).collect()
    }

    fn add_unlisted(&mut self, gates: &PlannedGates) {
        let mut seen = BTreeSet::new();
        for rule in &self.inventory.expansion.unlisted {
            let after: Vec<_> = gates.network.get(&rule.registry).copied().into_iter().collect();
            let step = select_step(rule, self.shut(&after));
            if self.scope.holds(&step.address) && seen.insert(step.address.clone()) {
                self.add(step, &after);
            }
        }
    }

    /// Returns the steps that write to each repository.
    fn add_syncs(&mut self, gates: &PlannedGates) -> Written<'a> {
        let mut written = Written::new();
        let (mut holdings, mut costs) =
            (Holdings::new(self.project, self.inventory), Costs::new(self.project, &self.inventory.layouts));
        let mut steps: BTreeMap<&Location, StepId> = BTreeMap::new();
        for request in &self.inventory.expansion.requests {
            let behind = request.behind.as_ref().map(|image| steps.get(image).copied());
            if !self.in_scope(request) || behind == Some(None) {
                continue;
            }
            let mut after = self.gates_of(gates, &[&request.source.registry, &request.target.registry]);
            after.extend(behind.flatten());
            after.extend(self.organization(request).and_then(|organization| gates.organizations.get(&organization)));
            let step = match self.shut(&after) {
                Some(why) => Step::blocked(Address::sync(&request.target), why, empty_sync(request)),
                None => self.sync_step(request, &mut holdings, &mut costs),
            };
            let id = self.add(step, &after);
            steps.insert(&request.target, id);
            written.entry(self.repository(&request.target)).or_default().push(id);
        }
        written
    }

    /// Tags go after all that is written to their repository, and stay where some of that failed.
    fn add_prunes(&mut self, gates: &PlannedGates, written: &Written<'a>) {
        for surplus in &self.inventory.surplus {
            let target = &surplus.target;
            if !self.scope.holds(&Address::prune(target)) {
                continue;
            }
            let mut after = self.gates_of(gates, &[&target.registry]);
            after.extend(written.get(&self.repository(target)).into_iter().flatten());
            if let Some(step) = prune_step(surplus, self.shut(&after)) {
                self.add(step, &after);
            }
        }
    }

    fn repository(&self, target: &'a Location) -> (&'a str, &'a Repository) {
        (self.project.home(&target.registry), &target.repository)
    }

    /// Why a step behind these gates cannot be done, when one of them is shut.
    fn shut(&self, gates: &[StepId]) -> Option<Problem> {
        let shut: Vec<_> = gates.iter().filter(|id| self.steps[id.index()].action == Action::Blocked).collect();
        shut.first().map(|first| shut_gate(&self.steps[first.index()].address, shut.len()))
    }

    /// Copies from a place that this plan changes first: what there is to copy is known when that is done.
    fn written_first(&self, request: &Request) -> Option<Problem> {
        let writer = self.writers.get(&request.source.at_home(self.project))?;
        let decided = self.inventory.syncs.get(&writer.target).map(|facts| decide(writer, facts))?;
        let settled = decided.is_ok_and(|decision| !decision.action.is_change());
        let is_chain = writer.target != request.target && self.in_scope(writer);
        (is_chain && !settled).then(|| {
            let message = say!(
                "this plan writes {source} itself, and what it copies from there is known after that",
                "这个计划本身会写入 {source}，写完之后才知道从那里复制什么",
                source = request.source
            );
            if writer.source.at_home(self.project) == request.target.at_home(self.project) {
                let help = say!(
                    "another rule copies it the other way: leave the tag out of one of the two with `except`",
                    "另一条规则反向复制它：在其中一条里用 `except` 排除这个标签"
                );
                return Problem::new("written-first", message).with_help(help);
            }
            let help = say!(
                "apply, then plan again; or copy to both places from the first one: `migrate \"{first}\" to=\"{writer}\" \"{target}\"`",
                "先 apply，再重新制定计划；或者从最初的源复制到两处：`migrate \"{first}\" to=\"{writer}\" \"{target}\"`",
                first = writer.source.registry,
                writer = writer.target.registry,
                target = request.target.registry
            );
            Problem::new("written-first", message).with_help(help)
        })
    }

    fn sync_step(&self, request: &'a Request, holdings: &mut Holdings<'a>, costs: &mut Costs<'a>) -> Step {
        let address = Address::sync(&request.target);
        let unobserved = || {
            Problem::new(
                "not-observed",
                say!("{target} was not looked at", "没有查看 {target}", target = request.target),
            )
        };
        let refused = request.conflict.clone().or_else(|| self.written_first(request));
        let decided = match self.inventory.syncs.get(&request.target) {
            _ if refused.is_some() => Err(refused.unwrap_or_else(unobserved)),
            Some(facts) => decide(request, facts).and_then(|decision| self.fits(request, decision)),
            None => Err(unobserved()),
        };
        let Decision { action, reason, source, before, image, after } = match decided {
            Ok(decision) => decision,
            Err(why) => return Step::blocked(address, why, empty_sync(request)),
        };
        let to_write = image.filter(|_| action.is_change());
        let unsigned = self.inventory.syncs.get(&request.target).and_then(|facts| facts.unsigned.clone());
        let unsigned = unsigned.filter(|_| action.is_change());
        let (blobs, bytes) = to_write.map_or_else(Default::default, |tree| {
            let blobs = tree.blobs.iter().chain(&tree.recompress);
            holdings.place(&request.target, blobs)
        });
        let requests = to_write.map(|tree| costs.of(request, tree, &blobs)).unwrap_or_default();
        let work = Work::Sync(Box::new(SyncWork {
            source: request.source.clone(),
            source_digest: Some(source),
            target: request.target.clone(),
            before,
            after,
            rewrite: request.rewrite.clone(),
            subject: request.subject.clone(),
            losses: to_write.iter().flat_map(|tree| tree.losses.clone()).chain(unsigned).collect(),
            blobs,
            bytes,
            requests,
            retries: request.retries,
            verify: request.verify,
        }));
        Step { address, action, reason, help: None, work }
    }

    /// That the target takes what is to be written there.
    fn fits<'d>(&self, request: &Request, decision: Decision<'d>) -> Result<Decision<'d>, Problem> {
        let written = decision.image.filter(|_| decision.action.is_change());
        written.and_then(|image| too_large(self.project, request, image)).map_or(Ok(decision), Err)
    }
}

fn gates_target(gates: &Gates, target: &str) -> bool {
    match gates {
        Gates::All => true,
        Gates::Nothing => false,
        Gates::Targets(names) => names.iter().any(|name| **name == target),
    }
}
