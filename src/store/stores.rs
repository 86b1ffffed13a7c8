//! The stores that a project uses, by the names it gives them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use futures_util::future::join_all;

use super::{Store, connect};
use crate::diag::{Diagnostic, Problem, say};
use crate::image::{RegistryHost, Repository};
use crate::layout::Layout;
use crate::project::{Place, Project, RegistryDecl};
use crate::registry::{Access, Bandwidth, Pacer};

/// Every store of a project, opened without asking it anything. One that cannot be opened (a missing secret, an
/// unreadable certificate) blocks only what uses it.
#[derive(Clone, Debug, Default)]
pub struct Stores(BTreeMap<String, Result<Store, Vec<Diagnostic>>>);

impl Stores {
    /// Opens the stores named in `names`, all of them within `bandwidth`.
    pub async fn open(project: &Project, names: impl IntoIterator<Item = &String>, bandwidth: &Bandwidth) -> Self {
        let declared: Vec<_> = names.into_iter().filter_map(|name| project.registry(name)).collect();
        let pacers = pacers(&declared);
        let opened = declared.into_iter().map(async |declared| {
            let store = match &declared.place {
                Place::OciLayout(dir) => Ok(Store::Layout(Layout::at(project.resolve(dir)))),
                Place::Registry(host) => {
                    let shared = (bandwidth, &pacers[host]);
                    connect::connect(host, declared, project, shared).await.map(Store::Registry)
                }
            };
            (declared.name.value.clone(), store)
        });
        // Credential helpers are programs that may be slow: all at once.
        Self(join_all(opened).await.into_iter().collect())
    }

    /// The same stores; of each of these registries, hosts are found at addresses that their names do not resolve to yet.
    #[must_use]
    pub fn at(&self, addresses: &BTreeMap<String, BTreeMap<String, Vec<IpAddr>>>) -> Self {
        let mut stores = self.clone();
        for (name, addresses) in addresses {
            if let Some(store) = stores.0.get_mut(name)
                && let Ok(Store::Registry(client)) = store
            {
                *store = client.at(addresses.clone()).map(Store::Registry).map_err(|problem| vec![problem.into()]);
            }
        }
        stores
    }

    /// Whether it was tried to open the store.
    #[must_use]
    pub fn is_open(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// # Errors
    /// Why the store could not be opened.
    pub fn get(&self, name: &str) -> Result<&Store, Problem> {
        match self.0.get(name) {
            Some(Ok(store)) => Ok(store),
            Some(Err(diagnostics)) => Err(diagnostics.first().map_or_else(
                || Problem::new("not-open", say!("`{name}` could not be opened", "无法打开 `{name}`", name)),
                |diagnostic| diagnostic.problem.clone(),
            )),
            None => Err(Problem::new(
                "unknown-registry",
                say!("no registry is called `{name}`", "没有叫 `{name}` 的镜像仓库", name),
            )),
        }
    }

    /// Takes in what is going to be done in repositories of these stores, so that one login a registry covers it.
    pub fn expect<'a>(&self, wanted: impl IntoIterator<Item = (&'a str, &'a Repository, Access)>) {
        let mut by_store: BTreeMap<&str, Vec<(Repository, Access)>> = BTreeMap::new();
        for (name, repository, access) in wanted {
            by_store.entry(name).or_default().push((repository.clone(), access));
        }
        for (name, wanted) in by_store {
            if let Ok(Store::Registry(client)) = self.get(name) {
                client.expect(wanted);
            }
        }
    }

    /// Why stores could not be opened, each pointing into the project file.
    pub fn diagnostics(&self) -> impl Iterator<Item = &Diagnostic> {
        self.0.values().filter_map(|store| store.as_ref().err()).flatten()
    }
}

/// One a host, whichever sections lead there; the strictest of their limits holds.
fn pacers<'a>(declared: &[&'a RegistryDecl]) -> BTreeMap<&'a RegistryHost, Pacer> {
    let mut limits: BTreeMap<&RegistryHost, Option<u32>> = BTreeMap::new();
    for declared in declared {
        if let Place::Registry(host) = &declared.place {
            let limit = limits.entry(host).or_default();
            *limit = limit.iter().copied().chain(declared.requests_per_second()).min();
        }
    }
    limits.into_iter().map(|(host, limit)| (host, Pacer::new(limit))).collect()
}
