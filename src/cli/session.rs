//! What plan, apply and graph do first: load the project, observe, plan.

use std::path::Path;
use std::sync::Arc;

use tokio::runtime::Runtime;

use crate::diag::{Diagnostic, Problem};
use crate::observe::observe;
use crate::plan::{Inventory, Plan, Scope, plan, used_registries};
use crate::project::{self, Project};
use crate::store::Stores;

use super::args::ScopeArgs;
use super::output::{Failure, Output};

/// A project that is being worked on.
pub(super) struct Session {
    pub(super) runtime: Runtime,
    pub(super) project: Arc<Project>,
    pub(super) stores: Arc<Stores>,
    pub(super) today: jiff::civil::Date,
}

/// A plan and the facts it stands on.
pub(super) struct Planned {
    pub(super) plan: Plan,
    pub(super) inventory: Inventory,
    /// Findings that belong to no step and are errors.
    pub(super) failed: bool,
}

impl Session {
    pub(super) fn open(file: &Path, output: &Output) -> Result<Self, Failure> {
        let (project, warnings) = project::load(file)?;
        output.show(&warnings);
        let runtime = Runtime::new()
            .map_err(|error| Problem::new("runtime", format!("cannot start the threads for network work: {error}")))?;
        let stores = runtime.block_on(Stores::open(&project, &used_registries(&project)));
        Ok(Self { runtime, project: Arc::new(project), stores: Arc::new(stores), today: jiff::Zoned::now().date() })
    }

    /// Observes and plans; shows what belongs beside the plan on standard error.
    pub(super) fn plan(&self, scope: &ScopeArgs, output: &Output) -> Result<Planned, Failure> {
        let scope = Scope::new(&scope.targets, &scope.excludes).map_err(|error| {
            Problem::new("bad-address", error.to_string())
                .with_help("write addresses as the plan shows them, `*` stands for any text")
        })?;
        let observation = self.runtime.block_on(observe(&self.project, &self.stores, &scope, self.today));
        let plan = plan(&self.project, &observation.inventory, &scope);
        if scope.is_partial() {
            if plan.steps().is_empty() {
                let problem = Problem::new("no-step", "no step matches --target and --exclude")
                    .with_help("write addresses as the plan shows them, for example `sync.swr/portal/*`");
                return Err(problem.into());
            }
            Output::say("note: this is a partial plan, --target or --exclude leaves steps out");
        }
        let mut shown: Vec<Diagnostic> = Vec::new();
        for dockerfile in &observation.inventory.dockerfiles {
            shown.extend(dockerfile.report.findings.iter().map(|finding| finding.diagnostic.clone()));
        }
        shown.extend(observation.findings.iter().cloned());
        output.show(&shown);
        let failed = observation.findings.iter().any(|finding| finding.severity == crate::diag::Severity::Error);
        Ok(Planned { plan, inventory: observation.inventory, failed })
    }
}
