//! The organizations that targets are in: SWR Basic creates none by a push, so each has to be there first.

use std::collections::BTreeSet;
use std::fmt;

use super::address::Address;
use super::expand::Expansion;
use super::inventory::{Location, Observed};
use super::planner::used_registries;
use super::step::{Action, OrganizationWork, Step, Work};
use crate::diag::{Problem, say};
use crate::image::Repository;
use crate::project::{Auth, Project, RegistryDecl};
use crate::registry::MISSING_ORGANIZATION;

/// The first part of repositories of one registry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Organization {
    /// Name of a `registry` section.
    pub registry: String,
    pub name: Repository,
}

impl Organization {
    /// The one that a target is in, at a registry where a push creates none.
    #[must_use]
    pub fn of(project: &Project, target: &Location) -> Option<Self> {
        project.registry(&target.registry).filter(|declared| declared.provider.has_organizations())?;
        let name = target.repository.components().next()?.parse().ok()?;
        Some(Self::at(project, &target.registry, name))
    }

    /// Of the sections that lead to one registry, it goes by the one that is to create it, else by the first that could list it:
    /// it is looked for, told and created once.
    fn at(project: &Project, registry: &str, name: Repository) -> Self {
        let (home, used) = (project.home(registry), used_registries(project));
        let same = project.registries.iter().filter(|declared| project.home(&declared.name) == home);
        let rank = |declared: &&RegistryDecl| {
            let lists = matches!(declared.auth, Auth::AccessKey { .. });
            (!used.contains(&declared.name.value), !creates(declared, &name), !lists)
        };
        let registry = same.min_by_key(rank).map_or(registry, |declared| &declared.name).to_owned();
        Self { registry, name }
    }

    /// Is it to be created where it is missing?
    #[must_use]
    pub fn is_declared(&self, project: &Project) -> bool {
        project.registry(&self.registry).is_some_and(|declared| creates(declared, &self.name))
    }
}

fn creates(declared: &RegistryDecl, organization: &Repository) -> bool {
    declared.create_organization && declared.organization.as_ref().is_some_and(|name| **name == *organization)
}

impl fmt::Display for Organization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.name)
    }
}

/// Those that requests write into, and those that are declared to be created.
#[must_use]
pub fn needed_organizations(project: &Project, expansion: &Expansion) -> BTreeSet<Organization> {
    let used = used_registries(project);
    let declared = project.registries.iter().filter(|declared| used.contains(&declared.name.value));
    let declared = declared.filter(|declared| declared.create_organization).filter_map(|declared| {
        let name = declared.organization.as_ref()?.value.clone();
        Some(Organization::at(project, &declared.name, name))
    });
    let written = expansion.requests.iter().filter_map(|request| Organization::of(project, &request.target));
    written.chain(declared).collect()
}

/// `None` for one that is there and that nobody asked to create, and for one that nothing is known of.
pub(super) fn organization_step(
    project: &Project,
    organization: &Organization,
    exists: &Observed<bool>,
    shut: Option<Problem>,
) -> Option<Step> {
    let declared = organization.is_declared(project);
    let (action, reason) = match (exists, shut) {
        (_, Some(why)) if declared => return Some(blocked(organization, why)),
        (Observed::Known(true), None) if declared => (Action::Unchanged, say!("it exists", "已存在")),
        (Observed::Known(false), None) if declared => (Action::Create, say!("it does not exist yet", "还不存在")),
        (Observed::Known(false), None) => return Some(blocked(organization, missing(organization))),
        (Observed::Unknown { why }, None) if declared => return Some(blocked(organization, why.clone())),
        _ => return None,
    };
    let address = Address::organization(organization);
    Some(Step { address, action, reason, help: None, work: work(organization) })
}

fn blocked(organization: &Organization, why: Problem) -> Step {
    Step::blocked(Address::organization(organization), why, work(organization))
}

fn work(organization: &Organization) -> Work {
    let Organization { registry, name } = organization.clone();
    Work::Organization(OrganizationWork { registry, organization: name })
}

fn missing(organization: &Organization) -> Problem {
    let Organization { registry, name } = organization;
    let message = say!(
        "the organization `{name}` does not exist at `{registry}` or belongs to others, and a push creates none",
        "`{registry}` 没有组织 `{name}`，或者它属于别的账号；推送不会创建组织",
        name,
        registry
    );
    let declaration = format!("organization \"{name}\" create=true");
    Problem::new(MISSING_ORGANIZATION, message).with_help(say!(
        "write `{declaration}` with an access key in `auth`, or create it in the console",
        "写 `{declaration}` 并在 `auth` 里写访问密钥，或者在控制台创建它",
        declaration
    ))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use super::*;
    use crate::diag::{Source, Wording};
    use crate::plan::{Inventory, Listings, Plan, Scope, expand, plan};

    fn project(create: &str) -> Project {
        let file = format!(
            r#"
project "p" version=1
registry "src" "src.example"
registry "swr" "swr.cn-north-4.myhuaweicloud.com" {{
    provider "swr"
    organization "portal" {create}
    auth {{ access-key env="AK"; secret-key env="SK"; }}
}}
migrate "src" to="swr" {{ image "web" tags="1"; }}
"#
        );
        Project::parse(Arc::new(Source::new("swr.kdl", file)), PathBuf::from(".")).unwrap().0
    }

    /// The plan where nothing but the organization was looked at.
    fn planned(project: &Project, exists: Observed<bool>, scope: &Scope) -> Plan {
        let expansion = expand(project, &Listings::default());
        let [organization] =
            needed_organizations(project, &expansion).into_iter().collect::<Vec<_>>().try_into().unwrap();
        let organizations = [(organization, exists)].into();
        plan(project, &Inventory { expansion, organizations, ..Inventory::default() }, scope)
    }

    fn told(plan: &Plan) -> Vec<String> {
        plan.steps()
            .iter()
            .map(|step| format!("{} {}: {}", step.action.symbol(), step.address, step.reason.english()))
            .collect()
    }

    #[test]
    fn a_declared_organization_is_a_step_before_its_syncs() {
        let project = project("create=true");
        let create = planned(&project, Observed::Known(false), &Scope::default());
        assert_eq!(told(&create)[0], "+ organization.swr/portal: it does not exist yet");
        let ids: Vec<_> = create.graph().ids().collect();
        assert_eq!(create.graph().gates(ids[1]), [ids[0]]);
        let exists = planned(&project, Observed::Known(true), &Scope::default());
        assert_eq!(told(&exists)[0], "= organization.swr/portal: it exists");
        let why = Problem::new("x", Wording::same("the list did not come"));
        let unknown = planned(&project, Observed::Unknown { why }, &Scope::default());
        assert_eq!(told(&unknown)[0], "! organization.swr/portal: the list did not come");
        assert_eq!(told(&unknown)[1], "! sync.swr/portal/web:1: behind organization.swr/portal");
    }

    #[test]
    fn a_missing_organization_that_nobody_creates_blocks_its_syncs() {
        let project = project("");
        let missing = planned(&project, Observed::Known(false), &Scope::default());
        assert!(told(&missing)[0].starts_with("! organization.swr/portal: the organization `portal` does not exist"));
        assert_eq!(told(&missing)[1], "! sync.swr/portal/web:1: behind organization.swr/portal");
        for fine in
            [Observed::Known(true), Observed::Unknown { why: Problem::new("x", Wording::same("no right to list")) }]
        {
            assert_eq!(planned(&project, fine, &Scope::default()).steps().len(), 1, "the sync alone");
        }
    }

    #[test]
    fn sections_of_one_registry_share_an_organization_which_is_told_once() {
        let other = r#"
registry "other-login" "swr.cn-north-4.myhuaweicloud.com" {
    provider "swr"
    organization "portal"
    auth { username "a"; password env="B"; }
}
migrate "src" to="other-login" { image "jobs" tags="1"; }
registry "#;
        for first in [true, false] {
            let file = project("create=true").source.text().to_owned();
            // The section that creates it stands behind or in front.
            let file = if first {
                file + other.trim_end_matches("registry ")
            } else {
                file.replacen("registry \"swr\"", &format!("{}\"swr\"", other.trim_start()), 1)
            };
            let project = Project::parse(Arc::new(Source::new("swr.kdl", file)), PathBuf::from(".")).unwrap().0;
            let plan = planned(&project, Observed::Known(false), &Scope::default());
            let told = told(&plan);
            assert_eq!(told[0], "+ organization.swr/portal: it does not exist yet");
            let ids: Vec<_> = plan.graph().ids().collect();
            assert_eq!(ids.len(), 3, "{told:?}");
            assert!(ids[1..].iter().all(|id| plan.graph().gates(*id) == [ids[0]]), "{told:?}");
        }
    }

    #[test]
    fn a_target_brings_its_organization_along_and_an_excluded_one_takes_its_syncs_away() {
        let project = project("create=true");
        let scope = |targets: &[&str], excludes: &[&str]| {
            let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
            Scope::new(&texts(targets), &texts(excludes)).unwrap()
        };
        let count = |scope| planned(&project, Observed::Known(false), &scope).steps().len();
        assert_eq!(count(scope(&["sync.*"], &[])), 2);
        assert_eq!(count(scope(&["organization.*"], &[])), 1);
        assert_eq!(count(scope(&[], &["organization.*"])), 0);
        assert_eq!(count(scope(&[], &["sync.*"])), 1);
    }
}
