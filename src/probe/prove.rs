//! From what a project declares to the target of a walk.

use std::collections::BTreeSet;

use super::storage::{self, Storage};
use super::{Limits, PathTarget, PlannedHosts, metadata, path};
use crate::diag::{Problem, Wording, say};
use crate::image::Repository;
use crate::migrate::{RepositoryPattern, Verify};
use crate::network::endpoint_policy::Right;
use crate::network::judge::Need;
use crate::network::{Check, CheckResult, PathReport, Verdict, WantedChecks};
use crate::project::{Project, Provider, RegistryDecl, Use};
use crate::registry::{Access, Client, TLS_SETTINGS};

/// Proves the path to the registry that `project` calls `name`, as far as `wanted`. Without a client (a secret is missing, a certificate
/// unreadable) that is the one failure to report. Where the hosts file is still to be written, it counts as written.
pub async fn prove(
    project: &Project,
    name: &str,
    client: Result<Client, Problem>,
    wanted: &WantedChecks,
    planned_hosts: Option<&PlannedHosts>,
) -> PathReport {
    match client {
        Ok(client) => path(&target(project, name, client, wanted, planned_hosts)).await,
        Err(problem) => unopened(problem),
    }
}

/// The storage hosts of a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorageHosts {
    /// Why the registry could not be asked for a blob.
    Unknown(Wording),
    /// It hands out blobs itself.
    Itself,
    /// Those that it redirected to.
    Seen(Vec<String>),
}

/// Where the registry that `project` calls `name` sends who reads a blob.
pub async fn storage_hosts(project: &Project, name: &str, client: Client) -> StorageHosts {
    match storage::find(&target(project, name, client, &WantedChecks::default(), None)).await {
        Storage::Unknown(why) => StorageHosts::Unknown(why),
        Storage::Itself => StorageHosts::Itself,
        Storage::Links { links, .. } => StorageHosts::Seen(links.iter().map(|link| link.host().to_owned()).collect()),
    }
}

fn target(
    project: &Project,
    name: &str,
    client: Client,
    wanted: &WantedChecks,
    planned_hosts: Option<&PlannedHosts>,
) -> PathTarget {
    let network = project.network(name).cloned();
    let hosts_file = network.as_ref().and_then(|network| network.hosts_file.as_ref());
    let declared = project.registry(name);
    let access = declared.map(|declared| access(project, declared)).unwrap_or_default();
    client.expect(access.iter().cloned());
    PathTarget {
        planned_hosts: planned_hosts.cloned(),
        hosts_file: hosts_file.map(|path| project.resolve(path)),
        region: declared.and_then(RegistryDecl::region).map(str::to_owned),
        metadata: std::env::var("SWRCTL_METADATA_SERVICE").unwrap_or_else(|_| metadata::SERVICE.to_owned()),
        resolv_conf: "/etc/resolv.conf".into(),
        environment: std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
        creates_organization: declared.is_some_and(|declared| declared.create_organization),
        organizations: declared.map(|declared| organizations(declared, &access)).unwrap_or_default(),
        is_swr: declared.is_some_and(|declared| matches!(declared.provider, Provider::Swr { .. })),
        api: declared.and_then(RegistryDecl::api_host).cloned(),
        need: declared.map_or(Need::Pull, |declared| need(project, declared)),
        access,
        limits: Limits::default(),
        wanted: wanted.clone(),
        network,
        client,
    }
}

/// A repository of each organization that is pushed to, where the provider has organizations; patterns may name none.
fn organizations(declared: &RegistryDecl, access: &[(Repository, Access)]) -> Vec<Repository> {
    if declared.provider == Provider::Generic {
        return Vec::new();
    }
    let mut seen = BTreeSet::new();
    let pushed = access.iter().filter(|(_, access)| *access == Access::PullPush).map(|(repository, _)| repository);
    let any = declared.organization.as_ref().and_then(|organization| format!("{}/any", **organization).parse().ok());
    pushed
        .cloned()
        .chain(any)
        .filter(|repository| seen.insert(repository.components().next().map(str::to_owned)))
        .collect()
}

/// Who names no migration of a registry is asked about all of it.
fn need(project: &Project, declared: &RegistryDecl) -> Need {
    let only_pushes = |used: Use| used.right == Right::Upload && used.migration.verify != Verify::Pull;
    let mut uses = project.uses(declared).peekable();
    if uses.peek().is_some() && uses.all(only_pushes) { Need::Push } else { Need::Pull }
}

fn unopened(problem: Problem) -> PathReport {
    // What keeps a client from being made is a secret or a certificate.
    let (check, expected) = match problem.code.as_str() {
        TLS_SETTINGS => (Check::Tls, say!("certificates as declared", "证书与声明一致")),
        _ => (Check::AuthToken, say!("credentials as declared", "凭据与声明一致")),
    };
    let result = CheckResult {
        check,
        verdict: Verdict::Fail,
        expected,
        observed: problem.message,
        evidence: Vec::new(),
        fix: problem.help,
    };
    PathReport { checks: vec![result], ..PathReport::default() }
}

/// What the migrations read from and write to a registry, as far as the project file names it.
fn access(project: &Project, declared: &RegistryDecl) -> Vec<(Repository, Access)> {
    let organization = declared.organization.as_ref().map(|organization| &organization.value);
    let named = project.uses(declared).filter_map(|used| {
        let RepositoryPattern::Literal(repository) = &*used.rule.repositories else { return None };
        match used.right {
            Right::Download => Some((repository.clone(), Access::Pull)),
            Right::Upload => Some((used.rule.target(repository, organization).ok()?, Access::PullPush)),
        }
    });
    named.collect()
}
