//! From what a project declares to the target of a walk.

use super::{Limits, PathTarget, metadata, path};
use crate::diag::{Problem, say};
use crate::image::Repository;
use crate::migrate::{Migration, RepositoryPattern};
use crate::network::{Check, CheckResult, PathReport, Verdict, WantedChecks};
use crate::project::{Project, Provider, RegistryDecl};
use crate::registry::{Access, Client};

/// Proves the path to the registry that `project` calls `name`, as far as `wanted`. Without a client (a secret is missing, a certificate
/// unreadable) that is the one failure to report.
pub async fn prove(
    project: &Project,
    name: &str,
    client: Result<Client, Problem>,
    wanted: &WantedChecks,
) -> PathReport {
    let client = match client {
        Ok(client) => client,
        Err(problem) => return unopened(problem),
    };
    let network = project.network(name).cloned();
    let access = project.registry(name).map(|declared| access(project, declared)).unwrap_or_default();
    client.expect(access.iter().cloned());
    let hosts_file = network.as_ref().and_then(|network| network.hosts_file.as_ref());
    let target = PathTarget {
        hosts_file: hosts_file.map(|path| project.resolve(path)),
        region: project.registry(name).and_then(region),
        metadata: std::env::var("SWRCTL_METADATA_SERVICE").unwrap_or_else(|_| metadata::SERVICE.to_owned()),
        resolv_conf: "/etc/resolv.conf".into(),
        environment: std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
        access,
        creates_organization: project.registry(name).is_some_and(|declared| declared.create_organization),
        limits: Limits::default(),
        wanted: wanted.clone(),
        network,
        client,
    };
    path(&target).await
}

/// The region of SWR, without the name of a regional sub-project (`cn-north-4_team`).
fn region(declared: &RegistryDecl) -> Option<String> {
    match &declared.provider {
        Provider::Swr { region, .. } => region.split('_').next().map(str::to_owned),
        Provider::Generic | Provider::Harbor => None,
    }
}

fn unopened(problem: Problem) -> PathReport {
    // What keeps a client from being made is a secret or a certificate.
    let (check, expected) = match problem.code.as_str() {
        "bad-file" => (Check::Tls, say!("certificates as declared", "证书与声明一致")),
        _ => (Check::AuthToken, say!("credentials and certificates as declared", "凭据和证书与声明一致")),
    };
    let result = CheckResult {
        check,
        verdict: Verdict::Fail,
        expected,
        observed: problem.message,
        evidence: Vec::new(),
        fix: problem.help,
    };
    PathReport { checks: vec![result] }
}

/// What the migrations read from and write to a registry, as far as the project file names it.
fn access(project: &Project, declared: &RegistryDecl) -> Vec<(Repository, Access)> {
    let organization = declared.organization.as_ref().map(|organization| &organization.value);
    let rules =
        project.migrations.iter().flat_map(|migration| migration.images.iter().map(move |rule| (migration, rule)));
    let named = rules.filter_map(|(migration, rule)| match &*rule.repositories {
        RepositoryPattern::Literal(repository) => Some((migration, rule, repository)),
        RepositoryPattern::Glob(_) => None,
    });
    let reads = |migration: &Migration| *migration.source == *declared.name;
    let writes = |migration: &Migration| migration.targets.iter().any(|target| **target == *declared.name);
    named
        .flat_map(|(migration, rule, repository)| {
            let read = reads(migration).then(|| (repository.clone(), Access::Pull));
            let target = writes(migration).then(|| rule.target(repository, organization).ok()).flatten();
            read.into_iter().chain(target.map(|target| (target, Access::PullPush)))
        })
        .collect()
}
