//! The stores that a project uses, by the names it gives them.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::{Store, connect};
use crate::diag::{Diagnostic, Problem};
use crate::layout::Layout;
use crate::project::{Place, Project};
use crate::registry::Bandwidth;

/// Every store of a project, opened without asking it anything. One that cannot be opened (a missing secret, an
/// unreadable certificate) blocks only what uses it.
#[derive(Debug)]
pub struct Stores(BTreeMap<String, Result<Store, Vec<Diagnostic>>>);

impl Stores {
    /// Opens the stores named in `names`, all of them within `bandwidth`.
    pub async fn open(project: &Project, names: impl IntoIterator<Item = &String>, bandwidth: &Bandwidth) -> Self {
        let opened = names.into_iter().filter_map(|name| project.registry(name)).map(async |declared| {
            let store = match &declared.place {
                Place::OciLayout(dir) => Ok(Store::Layout(Layout::at(project.resolve(dir)))),
                Place::Registry(host) => {
                    connect::connect(host, declared, project, bandwidth).await.map(Store::Registry)
                }
            };
            (declared.name.value.clone(), store)
        });
        // Credential helpers are programs that may be slow: all at once.
        Self(join_all(opened).await.into_iter().collect())
    }

    /// # Errors
    /// Why the store could not be opened.
    pub fn get(&self, name: &str) -> Result<&Store, Problem> {
        match self.0.get(name) {
            Some(Ok(store)) => Ok(store),
            Some(Err(diagnostics)) => Err(diagnostics.first().map_or_else(
                || Problem::new("not-open", format!("`{name}` could not be opened")),
                |diagnostic| diagnostic.problem.clone(),
            )),
            None => Err(Problem::new("unknown-registry", format!("no registry is called `{name}`"))),
        }
    }

    /// Why stores could not be opened, each pointing into the project file.
    pub fn diagnostics(&self) -> impl Iterator<Item = &Diagnostic> {
        self.0.values().filter_map(|store| store.as_ref().err()).flatten()
    }
}
