//! Which of the organizations exist that targets are in.

use std::collections::{BTreeMap, BTreeSet};

use super::reach::Reach;
use crate::diag::{Problem, say};
use crate::image::Repository;
use crate::plan::{Expansion, Location, Observed, Organization, SyncFacts, needed_organizations};
use crate::project::Project;
use crate::registry::{Error, MISSING_ORGANIZATION, Management};
use crate::store::Store;

pub(super) type Organizations = BTreeMap<Organization, Observed<bool>>;

/// As far as management APIs tell: one request a registry, and one more for each organization that is not listed.
pub(super) async fn observe(project: &Project, reach: &Reach<'_>, expansion: &Expansion) -> Organizations {
    let mut of_registries: BTreeMap<String, Vec<Organization>> = BTreeMap::new();
    for organization in needed_organizations(project, expansion) {
        of_registries.entry(organization.registry.clone()).or_default().push(organization);
    }
    let mut found = Organizations::new();
    for (registry, organizations) in of_registries {
        let Ok(Store::Registry(client)) = reach.store(&registry) else { continue };
        let Some(management) = client.management() else { continue };
        let names = organizations.iter().map(|organization| &organization.name);
        match existing(&management, names).await {
            Ok(existing) => found.extend(organizations.into_iter().map(|organization| {
                let exists = existing.contains(&organization.name);
                (organization, Observed::Known(exists))
            })),
            Err(error) => {
                let why = unlisted(&registry, &error);
                found.extend(organizations.into_iter().map(|each| (each, Observed::Unknown { why: why.clone() })));
            }
        }
    }
    found
}

async fn existing(
    management: &Management<'_>,
    wanted: impl Iterator<Item = &Repository>,
) -> Result<BTreeSet<Repository>, Error> {
    let mut existing: BTreeSet<Repository> = management.organizations().await?.names.into_iter().collect();
    for name in wanted {
        // A permission in one repository is enough to push there, and does not list the organization.
        if !existing.contains(name) && management.sees(name).await? {
            existing.insert(name.clone());
        }
    }
    Ok(existing)
}

fn unlisted(registry: &str, error: &Error) -> Problem {
    let problem = error.problem();
    let message = say!(
        "the organizations of `{registry}` cannot be listed: {reason}",
        "无法列出 `{registry}` 的组织：{reason}",
        registry,
        reason = problem.message
    );
    Problem { message, ..problem }
}

/// Where no management API told, a refusal of a target does.
pub(super) fn complete(project: &Project, organizations: &mut Organizations, facts: &BTreeMap<Location, SyncFacts>) {
    for (target, facts) in facts {
        if let Observed::Unknown { why } = &facts.target
            && why.code.as_str() == MISSING_ORGANIZATION
            && let Some(organization) = Organization::of(project, target)
        {
            organizations.entry(organization).or_insert(Observed::Known(false));
        }
    }
}
