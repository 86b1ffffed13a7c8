//! `swrctl network`

use std::path::Path;
use std::process::ExitCode;

use futures_util::future::join_all;

use crate::diag::{Problem, did_you_mean, say};
use crate::network::{WantedChecks, advice};
use crate::probe;
use crate::project::{self, Place, Project, RegistryDecl};
use crate::registry::Bandwidth;
use crate::report::network::{self as report, Path as NetworkPath};
use crate::store::{Store, Stores};

use super::args::NetworkArgs;
use super::output::{Failure, Output};
use super::session::Tasks;

pub(super) fn run(file: &Path, args: &NetworkArgs, output: &Output) -> Result<ExitCode, Failure> {
    let (project, warnings) = project::load(file)?;
    output.show(&warnings);
    let registries = registries(&project, &args.registries)?;
    let wanted: WantedChecks = args.only.iter().copied().collect();
    let names: Vec<String> = registries.iter().map(|declared| declared.name.value.clone()).collect();
    let tasks = Tasks::start()?;
    let paths = tasks.block_on(async {
        let stores = Stores::open(&project, &names, &Bandwidth::default()).await;
        output.show(&stores.diagnostics().cloned().collect::<Vec<_>>());
        join_all(registries.iter().map(|declared| prove(&project, declared, &stores, &wanted))).await
    });
    let paths: Vec<NetworkPath> = paths.into_iter().flatten().collect();
    let failed = paths.iter().any(|path| path.report.failure().is_some());
    Output::print(&if args.json {
        report::json(&paths, output.stdout.lang)
    } else {
        report::human(&paths, &output.stdout)
    })?;
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn prove<'a>(
    project: &'a Project,
    declared: &'a RegistryDecl,
    stores: &Stores,
    wanted: &WantedChecks,
) -> Option<NetworkPath<'a>> {
    let Place::Registry(host) = &declared.place else { return None };
    let client = match stores.get(&declared.name) {
        Ok(Store::Registry(client)) => Ok(client.clone()),
        Ok(Store::Layout(_)) => return None,
        Err(problem) => Err(problem),
    };
    let report = probe::prove(project, &declared.name, client, wanted, None).await;
    let mode = project.network(&declared.name).and_then(|network| network.mode.as_deref().copied());
    let advice = advice(mode, declared.region(), &report);
    Some(NetworkPath { registry: &declared.name, host: host.as_str(), mode, report, advice })
}

/// The registries that are meant, as far as a network leads to them.
fn registries<'a>(project: &'a Project, names: &[String]) -> Result<Vec<&'a RegistryDecl>, Failure> {
    let remote = || project.registries.iter().filter(|declared| matches!(declared.place, Place::Registry(_)));
    if names.is_empty() {
        let all: Vec<_> = remote().collect();
        return if all.is_empty() { Err(nothing().into()) } else { Ok(all) };
    }
    let mut found: Vec<&RegistryDecl> = Vec::new();
    for name in names {
        let declared = remote().find(|declared| *declared.name == *name).ok_or_else(|| unknown(project, name))?;
        if !found.iter().any(|earlier| earlier.name.value == declared.name.value) {
            found.push(declared);
        }
    }
    Ok(found)
}

fn nothing() -> Problem {
    Problem::new(
        "no-registry",
        say!(
            "the project file declares no registry that a network leads to",
            "项目文件没有声明需要经网络访问的镜像仓库"
        ),
    )
    .with_help(say!(
        "declare one: `registry \"swr\" \"swr.cn-north-4.myhuaweicloud.com\"`",
        "声明一个：`registry \"swr\" \"swr.cn-north-4.myhuaweicloud.com\"`"
    ))
}

fn unknown(project: &Project, name: &str) -> Problem {
    let shown = name.escape_debug();
    if project.registry(name).is_some() {
        let message =
            say!("`{shown}` is a directory: no network leads to it", "`{shown}` 是目录：没有网络通向它", shown);
        return Problem::new("no-network", message)
            .with_help(say!("name a registry with a host", "写有主机的镜像仓库"));
    }
    let near = did_you_mean(name, project.registries.iter().map(|declared| declared.name.as_str()));
    Problem::new("unknown-registry", say!("no registry is called `{shown}`", "没有叫 `{shown}` 的镜像仓库", shown))
        .with_help(near.map_or_else(
            || say!("write the name of a `registry` section of the project file", "写项目文件里 `registry` 小节的名字"),
            |near| say!("did you mean `{near}`?", "是不是想写 `{near}`？", near),
        ))
}
