//! Which stores are worth asking.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::organizations::Organizations;
use crate::diag::{Problem, say};
use crate::image::referrers::{self, Entry, belongs_to_an_image};
use crate::image::{Digest, Listed, Repository, Tag};
use crate::network::PathReport;
use crate::plan::{Observed, Organization};
use crate::project::Project;
use crate::store::{Reads, Store, Stores};

/// The stores of a project, as far as their paths are as declared.
pub(super) struct Reach<'a> {
    project: &'a Project,
    stores: &'a Stores,
    paths: &'a BTreeMap<String, PathReport>,
    /// Directories that migrations read from and that are not there: a target may be empty, a source may not.
    absent: BTreeMap<String, Problem>,
    /// Directories that migrations write to, where nothing can be written.
    unwritable: BTreeMap<String, Problem>,
    /// Organizations that do not exist, so that there is nothing in them to be asked for.
    absent_organizations: BTreeSet<Organization>,
    /// What was read of them so far.
    pub(super) reads: Reads,
    /// What repositories list.
    lists: Mutex<HashMap<(String, Repository), Asked<Tags>>>,
    /// What vendors' lists say that tags hold.
    digests: Mutex<HashMap<(String, Repository), Asked<Digests>>>,
    /// Of what repositories list, what belongs to other manifests.
    attached: Mutex<HashMap<(String, Repository), Asked<Attached>>>,
    /// What registries list as referring to manifests.
    referrers: Mutex<HashMap<(String, Repository, Digest), Asked<Referring>>>,
}

/// What is asked for once; who wants it meanwhile waits for the same answer.
type Asked<T> = Arc<OnceCell<T>>;

/// The tags of a repository; `None` where there is none.
type Tags = Result<Option<Listed<Tag>>, Problem>;

/// `None` where no list is asked for.
type Digests = Option<Result<Arc<BTreeMap<Tag, Digest>>, Problem>>;

/// Tags of signatures and of lists of referrers.
type Attached = Result<Arc<BTreeSet<Tag>>, Problem>;

/// `None` where the registry has no such list.
type Referring = Result<Option<Vec<Entry>>, Problem>;

/// The cell of what is asked.
fn cell<K: Eq + Hash, T>(cells: &Mutex<HashMap<K, Asked<T>>>, key: K) -> Asked<T> {
    Arc::clone(cells.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default())
}

/// The key of a repository.
fn key((registry, repository): Place<'_>) -> (String, Repository) {
    (registry.clone(), repository.clone())
}

type Place<'a> = (&'a String, &'a Repository);

impl<'a> Reach<'a> {
    pub(super) async fn new(project: &'a Project, stores: &'a Stores, paths: &'a BTreeMap<String, PathReport>) -> Self {
        let sources: BTreeSet<&str> = project.migrations.iter().map(|migration| migration.source.as_str()).collect();
        let mut absent = BTreeMap::new();
        for name in sources {
            if let Ok(Store::Layout(layout)) = stores.get(name)
                && let Err(error) = layout.require().await
            {
                absent.insert(name.to_owned(), error.problem());
            }
        }
        let targets = project.migrations.iter().flat_map(|migration| &migration.targets);
        let mut unwritable = BTreeMap::new();
        for name in targets.map(|target| target.as_str()).collect::<BTreeSet<_>>() {
            if let Ok(Store::Layout(layout)) = stores.get(name)
                && let Err(error) = layout.require_writable().await
            {
                unwritable.insert(name.to_owned(), error.problem());
            }
        }
        Self {
            project,
            stores,
            paths,
            absent,
            unwritable,
            absent_organizations: BTreeSet::new(),
            reads: Reads::default(),
            lists: Mutex::default(),
            digests: Mutex::default(),
            attached: Mutex::default(),
            referrers: Mutex::default(),
        }
    }

    pub(super) fn set_absent(&mut self, organizations: &Organizations) {
        let absent = organizations.iter().filter(|(_, exists)| **exists == Observed::Known(false));
        self.absent_organizations = absent.map(|(organization, _)| organization.clone()).collect();
    }

    /// Is a repository in an organization that does not exist?
    pub(super) fn is_absent(&self, registry: &str, repository: &Repository) -> bool {
        let organization = repository.components().next();
        let is_there = |absent: &Organization| self.home(&absent.registry) == self.home(registry);
        let mut absent = self.absent_organizations.iter();
        absent.any(|absent| Some(absent.name.as_str()) == organization && is_there(absent))
    }

    /// The first section that names the same place: what is found there is one thing, whoever logs in.
    pub(super) fn home<'b>(&'b self, registry: &'b str) -> &'b str {
        self.project.home(registry)
    }

    /// A store to read from.
    pub(super) fn source(&self, registry: &str) -> Result<&'a Store, Problem> {
        self.absent.get(registry).map_or_else(|| self.store(registry), |why| Err(why.clone()))
    }

    /// A store to compare with what it is to hold.
    pub(super) fn target(&self, registry: &str) -> Result<Store, Problem> {
        Ok(self.store(registry)?.as_target())
    }

    pub(super) fn store(&self, registry: &str) -> Result<&'a Store, Problem> {
        self.path_problem(registry).map_or_else(|| self.stores.get(registry), Err)
    }

    /// Why nothing can be written to a target.
    pub(super) fn unwritable(&self, registry: &str) -> Option<&Problem> {
        self.unwritable.get(registry)
    }

    /// What a repository lists; it is asked once.
    pub(super) async fn tags(&self, (registry, repository): Place<'_>) -> Tags {
        let list = async { Ok(self.store(registry)?.tags(repository).await?) };
        cell(&self.lists, key((registry, repository))).get_or_init(|| list).await.clone()
    }

    /// What a repository of a source lists; it is asked once.
    pub(super) async fn source_tags(&self, place: Place<'_>) -> Tags {
        self.source(place.0)?;
        self.tags(place).await
    }

    /// What a repository of a target lists that may be replaced there.
    pub(super) async fn target_tags(&self, place: Place<'_>) -> Tags {
        match self.target(place.0)? {
            Store::Registry(_) => self.tags(place).await,
            directory @ Store::Layout(_) => Ok(directory.tags(place.1).await?),
        }
    }

    /// The tags of a repository that belong to other manifests, as signatures and lists of referrers do.
    pub(super) async fn attached(&self, place: Place<'_>) -> Attached {
        let attached = async {
            let names = self.tags(place).await?.map(|listed| listed.names).unwrap_or_default();
            Ok(Arc::new(names.into_iter().filter(belongs_to_an_image).collect()))
        };
        cell(&self.attached, key(place)).get_or_init(|| attached).await.clone()
    }

    /// What a registry lists as referring to a manifest; it is asked once. `None` where that is left to its clients.
    pub(super) async fn listed_referrers(&self, place: Place<'_>, subject: &Digest) -> Referring {
        let list = async { Ok(self.store(place.0)?.referrers(place.1, subject).await?) };
        let (registry, repository) = key(place);
        cell(&self.referrers, (registry, repository, subject.clone())).get_or_init(|| list).await.clone()
    }

    /// What refers to a manifest. Where clients list it, the tags of the repository tell of every manifest at once that
    /// there is no such list.
    pub(super) async fn referrers(&self, place: Place<'_>, subject: &Digest) -> Result<Vec<Entry>, Problem> {
        if let Some(listed) = self.listed_referrers(place, subject).await? {
            return Ok(listed);
        }
        match self.attached(place).await {
            Ok(tags) if !tags.contains(&referrers::tag(subject)) => Ok(vec![]),
            _ => Ok(self.store(place.0)?.referrers_by_tag(place.1, subject).await?),
        }
    }

    /// What the vendor's list says that tags of a repository hold, where it is wanted; it is asked once.
    pub(super) async fn digests(&self, (registry, repository): Place<'_>) -> Digests {
        let list = async {
            let Ok(Store::Registry(client)) = self.store(registry) else { return None };
            Some(client.listed_digests(repository).await?.map(Arc::new).map_err(|error| error.problem()))
        };
        cell(&self.digests, key((registry, repository))).get_or_init(|| list).await.clone()
    }

    /// Is a repository of a target known to hold no tag? Directories are cheaper to ask for what is wanted of them.
    pub(super) async fn is_empty(&self, place: (&String, &Repository)) -> bool {
        if matches!(self.store(place.0), Ok(Store::Layout(_))) {
            return false;
        }
        match self.tags(place).await {
            Ok(listed) => listed.is_none_or(|listed| listed.names.is_empty() && listed.strange.is_empty()),
            Err(_) => false,
        }
    }

    /// Why a registry is not to be asked: its path is not as declared.
    pub(super) fn path_problem(&self, registry: &str) -> Option<Problem> {
        path_problem(registry, self.paths.get(registry)?)
    }
}

/// Why a registry is not to be asked: its path is not as declared.
pub(super) fn path_problem(registry: &str, path: &PathReport) -> Option<Problem> {
    let failure = path.failure()?;
    let message = say!(
        "`{registry}` cannot be used: {reason}",
        "无法使用 `{registry}`：{reason}",
        registry,
        reason = failure.observed
    );
    let mut problem = Problem::new("unreachable", message);
    problem.help.clone_from(&failure.fix);
    Some(problem)
}
