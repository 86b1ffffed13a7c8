//! `swrctl generate endpoint-policy`

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use crate::diag::{Problem, Wording, say};
use crate::network::endpoint_policy::{bucket_of, for_obs, for_swr};
use crate::probe::{self, StorageHosts};
use crate::project::{self, Edition, Project, Provider, RegistryDecl};
use crate::registry::Bandwidth;
use crate::store::{Store, Stores};

use super::args::{EndpointService, GenerateArgs};
use super::output::{Failure, Output};
use super::session::Tasks;

pub(super) fn run(file: &Path, args: &GenerateArgs, output: &Output) -> Result<ExitCode, Failure> {
    let (project, warnings) = project::load(file)?;
    output.show(&warnings);
    let registry = registry(&project, args.registry.as_deref())?;
    let policy = match args.service {
        EndpointService::Swr if !args.buckets.is_empty() => {
            let message = say!("an endpoint for SWR knows no buckets", "SWR 终端节点没有桶");
            let help = say!("write `--service obs` beside `--bucket`", "与 `--bucket` 一起写上 `--service obs`");
            return Err(Problem::new("useless", message).with_help(help).into());
        }
        EndpointService::Swr => {
            let rights = project.rights(registry);
            if rights.is_empty() {
                let name = &registry.name.value;
                return Err(Problem::new(
                    "no-migration",
                    say!("no migration reads from or writes to `{name}`", "没有迁移读取或写入 `{name}`", name),
                )
                .with_help(say!(
                    "add a `migrate` section, or name another registry",
                    "添加 `migrate` 段，或写另一个镜像仓库"
                ))
                .into());
            }
            for_swr(&rights)
        }
        EndpointService::Obs => for_obs(&buckets(&project, registry, &args.buckets, output)?),
    };
    Output::print(&policy)?;
    Ok(ExitCode::SUCCESS)
}

/// The one that is named, or the only one there is.
fn registry<'a>(project: &'a Project, name: Option<&str>) -> Result<&'a RegistryDecl, Problem> {
    let is_basic =
        |declared: &&RegistryDecl| matches!(declared.provider, Provider::Swr { edition: Edition::Basic, .. });
    let known: Vec<&RegistryDecl> = project.registries.iter().filter(is_basic).collect();
    let names = Wording::list(known.iter().map(|declared| Wording::same(format!("`{}`", *declared.name))));
    let wanted: Vec<&RegistryDecl> =
        known.iter().filter(|declared| name.is_none_or(|name| *declared.name == *name)).copied().collect();
    match (wanted.as_slice(), name) {
        ([registry], _) => Ok(registry),
        (_, Some(name)) => Err(Problem::new(
            "no-swr",
            say!(
                "no registry `{name}` is SWR Basic",
                "没有名为 `{name}` 的 SWR 基础版镜像仓库",
                name = name.escape_debug()
            ),
        )
        .with_help(say!("name one of these: {names}", "可写的名称：{names}", names))),
        ([], None) => Err(Problem::new("no-swr", say!("no registry is SWR Basic", "没有 SWR 基础版镜像仓库"))
            .with_help(say!("declare one with `provider \"swr\"`", "用 `provider \"swr\"` 声明一个"))),
        (_, None) => {
            Err(Problem::new("which-swr", say!("several registries are SWR Basic", "有多个 SWR 基础版镜像仓库"))
                .with_help(say!("name one of them: {names}", "写出其中一个：{names}", names)))
        }
    }
}

/// The buckets that are named, or those that the registry redirects to: both, as a policy with one would let pulls fail
/// now and then.
fn buckets(
    project: &Project,
    registry: &RegistryDecl,
    named: &[String],
    output: &Output,
) -> Result<BTreeSet<String>, Failure> {
    if !named.is_empty() {
        return Ok(named.iter().cloned().collect());
    }
    let tasks = Tasks::start()?;
    let found = tasks.block_on(async {
        let stores = Stores::open(project, std::slice::from_ref(&registry.name.value), &Bandwidth::default()).await;
        output.show(&stores.diagnostics().cloned().collect::<Vec<_>>());
        match stores.get(&registry.name) {
            Ok(Store::Registry(client)) => Ok(probe::storage_hosts(project, &registry.name, client.clone()).await),
            Ok(Store::Layout(_)) => Ok(StorageHosts::Itself),
            Err(problem) => Err(problem),
        }
    })?;
    let help = say!(
        "name the buckets of both clusters: `--bucket NAME --bucket NAME`; `swrctl network` shows what it sees",
        "写出两个集群的桶：`--bucket NAME --bucket NAME`；`swrctl network` 会显示它见到的主机"
    );
    let problem = |message: Wording| Failure::from(Problem::new("no-bucket", message).with_help(help.clone()));
    let hosts = match found {
        StorageHosts::Unknown(why) => {
            return Err(problem(say!("the buckets of OBS are not known: {why}", "不知道 OBS 的桶：{why}", why)));
        }
        StorageHosts::Itself => {
            return Err(problem(say!(
                "the registry hands out blobs itself, so no endpoint for OBS is needed",
                "镜像仓库自己提供数据块，不需要 OBS 终端节点"
            )));
        }
        StorageHosts::Seen(hosts) => hosts,
    };
    let buckets: BTreeSet<String> = hosts.iter().filter_map(|host| bucket_of(host)).map(str::to_owned).collect();
    if buckets.len() < 2 {
        let hosts = Wording::list(hosts);
        return Err(problem(say!(
            "only one of the two storage clusters was seen ({hosts}): a policy that knows one makes pulls fail now and then",
            "两个存储集群只见到一个（{hosts}）：只写一个的策略会让拉取时好时坏",
            hosts
        )));
    }
    Ok(buckets)
}
