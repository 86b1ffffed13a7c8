//! From `migrate` sections to one request a tag.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::diag::{Diagnostic, Problem, Span, say};
use crate::image::referrers::belongs_to_an_image;
use crate::image::rewrite::Rewrite;
use crate::image::{Digest, ManifestReference, NameError, Repository, Tag};
use crate::migrate::{Attestations, Copied, ImageRule, Migration, Referrers, RepositoryPattern, Verify};
use crate::project::{Project, RegistryDecl};

use super::address::Address;
use super::idle;
use super::inventory::{Location, Observed};
use super::merge::merge;
use super::scope::Scope;

/// What the sources were found to hold.
#[derive(Clone, Debug, Default)]
pub struct Listings {
    pub catalogs: BTreeMap<Catalog, Observed<Vec<Repository>>>,
    /// Tags, by registry and repository; `None` where there is no such repository.
    pub tags: BTreeMap<(String, Repository), Observed<Option<Vec<Tag>>>>,
    /// When the images of tags were created, where they say so; without those that are gone meanwhile.
    pub created: BTreeMap<Location, Observed<Option<Timestamp>>>,
}

/// A list of repositories: of all of a registry, or of one of its namespaces where it lists them by these.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Catalog {
    /// Name of a `registry` section.
    pub registry: String,
    pub namespace: Option<Repository>,
}

impl Catalog {
    fn of(project: &Project, migration: &Migration, rule: &ImageRule) -> Self {
        let by_namespace = project.registry(&migration.source).is_some_and(RegistryDecl::lists_by_namespace);
        let namespace = rule.repositories.namespace().filter(|_| by_namespace);
        Self { registry: migration.source.value.clone(), namespace }
    }
}

/// One tag to be made equal at one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Which `migrate` section it comes from.
    pub migration: usize,
    pub source: Location,
    pub target: Location,
    pub rewrite: Rewrite,
    pub missing_only: bool,
    pub accept_equivalent: bool,
    /// What refers to it comes along.
    pub referrers: Option<Referrers>,
    /// Done after the sync to this place, which it belongs to.
    pub behind: Option<Location>,
    /// The manifest that it refers to and has to be listed with.
    pub subject: Option<Digest>,
    pub retries: u32,
    pub verify: Verify,
    /// Why it cannot be done whatever the registries hold: another rule writes the same tag, or the target takes no such name.
    pub conflict: Option<Problem>,
    /// The `image` line it comes from.
    pub span: Span,
}

impl Request {
    /// Does a referrer of this type come along?
    #[must_use]
    pub fn carries(&self, artifact_type: Option<&str>) -> bool {
        match &self.referrers {
            None => false,
            Some(Referrers::Everything) => true,
            Some(Referrers::Types(types)) => types.iter().any(|wanted| Some(wanted.as_str()) == artifact_type),
        }
    }
}

/// A rule that could not be turned into requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlisted {
    /// Name of the source registry.
    pub registry: String,
    pub pattern: String,
    pub targets: Vec<String>,
    pub why: Problem,
}

/// Every request of a project, ordered by target.
#[derive(Clone, Debug, Default)]
pub struct Expansion {
    pub requests: Vec<Request>,
    pub unlisted: Vec<Unlisted>,
    /// Patterns that matched nothing.
    pub findings: Vec<Diagnostic>,
    /// All that rules read or write, also those that are in conflict: at home.
    pub(super) touched: BTreeSet<Location>,
    /// Where tags would go of which `newest` cannot tell whether they are: at home.
    pub(super) undecided: BTreeSet<Location>,
}

impl Expansion {
    /// Where each request and each rule that could not be listed stands in the plan.
    pub fn addresses(&self) -> impl Iterator<Item = Address> {
        let unlisted = self.unlisted.iter().map(|rule| Address::select(&rule.registry, &rule.pattern));
        self.requests.iter().map(|request| Address::sync(&request.target)).chain(unlisted)
    }

    /// Drops the requests that are not in `scope`.
    pub fn retain(&mut self, scope: &Scope) {
        self.requests.retain(|request| scope.holds(&Address::sync(&request.target)));
    }
}

/// Lists of repositories that are needed.
#[must_use]
pub fn needed_catalogs(project: &Project) -> BTreeSet<Catalog> {
    let rules = rules(project).filter(|(_, rule)| matches!(*rule.repositories, RepositoryPattern::Glob(_)));
    rules.map(|(migration, rule)| Catalog::of(project, migration, rule)).collect()
}

/// Repositories whose list of tags is needed, as far as the catalogs are known.
#[must_use]
pub fn needed_tags(project: &Project, listings: &Listings) -> BTreeSet<(String, Repository)> {
    let rules = rules(project).filter(|(_, rule)| rule.named().is_none());
    rules
        .flat_map(|(migration, rule)| {
            let repositories = repositories(project, migration, rule, listings).unwrap_or_default();
            repositories.into_iter().map(|repository| (migration.source.value.clone(), repository))
        })
        .collect()
}

/// Tags of sources that are chosen by when they were created, as far as the tags are known.
#[must_use]
pub fn needed_created(project: &Project, listings: &Listings) -> BTreeSet<Location> {
    let mut needed = BTreeSet::new();
    for (migration, rule) in rules(project).filter(|(_, rule)| rule.tags.needs_created()) {
        for repository in repositories(project, migration, rule, listings).unwrap_or_default() {
            let images = images(migration, tags(migration, &repository, listings).unwrap_or_default());
            let meant = rule.tags.meant(&images).into_iter();
            needed.extend(meant.map(|tag| source_location(migration, &repository, &tag.clone().into())));
        }
    }
    needed
}

/// Turns every rule into requests.
#[must_use]
pub fn expand(project: &Project, listings: &Listings) -> Expansion {
    let mut expansion = Expansion::default();
    for (migration, rule) in rules(project) {
        expand_rule(project, migration, rule, listings, &mut expansion);
    }
    merge(project, &mut expansion);
    expansion
}

fn rules(project: &Project) -> impl Iterator<Item = (&Migration, &ImageRule)> {
    project.migrations.iter().flat_map(|migration| migration.images.iter().map(move |rule| (migration, rule)))
}

/// The repositories of a rule, or why they are not known.
fn repositories(
    project: &Project,
    migration: &Migration,
    rule: &ImageRule,
    listings: &Listings,
) -> Result<Vec<Repository>, Problem> {
    match &*rule.repositories {
        RepositoryPattern::Literal(repository) => Ok(vec![repository.clone()]),
        glob @ RepositoryPattern::Glob(_) => match listings.catalogs.get(&Catalog::of(project, migration, rule)) {
            Some(Observed::Known(catalog)) => Ok(catalog.iter().filter(|name| glob.matches(name)).cloned().collect()),
            Some(Observed::Unknown { why }) => Err(why.clone()),
            None => Ok(vec![]),
        },
    }
}

fn expand_rule(
    project: &Project,
    migration: &Migration,
    rule: &ImageRule,
    listings: &Listings,
    expansion: &mut Expansion,
) {
    let unlisted = |pattern: String, why: Problem| Unlisted {
        registry: migration.source.value.clone(),
        pattern,
        targets: migration.targets.iter().map(|target| target.value.clone()).collect(),
        why,
    };
    let repositories = match repositories(project, migration, rule, listings) {
        Ok(repositories) => repositories,
        Err(why) => return expansion.unlisted.push(unlisted(rule.repositories.to_string(), why)),
    };
    if repositories.is_empty() {
        expansion.findings.push(idle::no_repository(project, migration, rule));
    }
    if let Some(copied) = rule.named() {
        for (repository, copied) in repositories.iter().flat_map(|name| copied.iter().map(move |copied| (name, copied)))
        {
            add_requests(project, migration, rule, (repository, copied), expansion);
        }
        return;
    }
    let mut seen = Some(Vec::new());
    for repository in repositories {
        match tags(migration, &repository, listings)
            .and_then(|listed| Ok((listed, chosen(migration, rule, &repository, listed, listings)?)))
        {
            Ok((listed, chosen)) => {
                if let Some(seen) = &mut seen {
                    seen.extend(listed.iter().cloned());
                }
                note_undecided(project, migration, rule, (&repository, listed, chosen.len()), expansion);
                for tag in chosen {
                    let tag = ManifestReference::Tag(tag);
                    add_requests(project, migration, rule, (&repository, &(tag.clone(), tag)), expansion);
                }
            }
            Err(why) => {
                seen = None;
                expansion.unlisted.push(unlisted(repository.to_string(), why));
            }
        }
    }
    if let Some(seen) = seen.filter(|seen| !seen.is_empty()) {
        expansion.findings.extend(idle::patterns(project, rule, &seen));
    }
}

/// The tags that the source lists.
fn tags<'a>(migration: &Migration, repository: &Repository, listings: &'a Listings) -> Result<&'a [Tag], Problem> {
    let missing = || {
        let message = say!(
            "`{registry}` has no repository {repository}",
            "`{registry}` 里没有仓库 {repository}",
            registry = *migration.source,
            repository
        );
        let help = say!("correct the name, or push the repository there first", "修正名字，或者先把仓库推送到那里");
        Problem::new("no-repository", message).with_help(help)
    };
    match listings.tags.get(&(migration.source.value.clone(), repository.clone())) {
        Some(Observed::Known(Some(tags))) => Ok(tags),
        Some(Observed::Known(None)) | None => Err(missing()),
        Some(Observed::Unknown { why }) => Err(why.clone()),
    }
}

/// Of the tags that are `listed`, those of images: what belongs to an image comes along with it.
fn images(migration: &Migration, listed: &[Tag]) -> Vec<Tag> {
    let carries = migration.referrers.is_some();
    listed.iter().filter(|tag| !(carries && belongs_to_an_image(tag))).cloned().collect()
}

/// The tags that a rule means, of those that are `listed`.
fn chosen(
    migration: &Migration,
    rule: &ImageRule,
    repository: &Repository,
    listed: &[Tag],
    listings: &Listings,
) -> Result<Vec<Tag>, Problem> {
    let images = images(migration, listed);
    let mut created = BTreeMap::new();
    if rule.tags.needs_created() {
        for tag in rule.tags.meant(&images) {
            match listings.created.get(&source_location(migration, repository, &tag.clone().into())) {
                Some(Observed::Unknown { why }) => return Err(why.clone()),
                Some(Observed::Known(time)) => created.insert(tag, *time),
                None => None,
            };
        }
    }
    let chosen = rule.tags.select(&images, |tag| created.get(tag).copied().flatten());
    let missing = rule.tags.required().filter(|tag| !chosen.contains(tag));
    Ok(chosen.iter().copied().chain(missing).cloned().collect())
}

fn source_location(migration: &Migration, repository: &Repository, reference: &ManifestReference) -> Location {
    Location { registry: migration.source.value.clone(), repository: repository.clone(), reference: reference.clone() }
}

/// Notes the tags that may be among the newest or not, and tells of them where less are found than asked for.
fn note_undecided(
    project: &Project,
    migration: &Migration,
    rule: &ImageRule,
    (repository, listed, chosen): (&Repository, &[Tag], usize),
    expansion: &mut Expansion,
) {
    let images = images(migration, listed);
    let undecided = rule.tags.undecided(&images);
    if rule.tags.newest.is_some_and(|newest| chosen < newest.count) && !undecided.is_empty() {
        expansion.findings.push(idle::too_few(project, rule, repository, &undecided));
    }
    for tag in undecided {
        let tag = ManifestReference::Tag(tag.clone());
        let places = targets(project, migration, rule, repository, &tag);
        expansion.undecided.extend(places.filter_map(|(_, place)| Some(place.ok()?.at_home(project))));
    }
}

/// Where a rule writes what it finds in `repository`, at each target.
fn targets<'a>(
    project: &'a Project,
    migration: &'a Migration,
    rule: &ImageRule,
    repository: &Repository,
    written: &ManifestReference,
) -> impl Iterator<Item = (&'a RegistryDecl, Result<Location, NameError>)> {
    migration.targets.iter().filter_map(move |target| {
        let declared = project.registry(target)?;
        let organization = declared.organization.as_ref().map(|organization| &organization.value);
        let location = rule.target(repository, organization).map(|repository| Location {
            registry: target.value.clone(),
            repository,
            reference: written.clone(),
        });
        Some((declared, location))
    })
}

fn add_requests(
    project: &Project,
    migration: &Migration,
    rule: &ImageRule,
    (repository, (copied, written)): (&Repository, &Copied),
    expansion: &mut Expansion,
) {
    let section = project.migrations.iter().position(|section| section.span == migration.span).unwrap_or_default();
    for (declared, target) in targets(project, migration, rule, repository, written) {
        let target = match target {
            Ok(target) => target,
            Err(error) => {
                let finding = Diagnostic::error("bad-image-name", error.message());
                expansion.findings.push(finding.on(&project.source, rule.span));
                continue;
            }
        };
        let refused = declared.provider.refuses(&target.repository);
        expansion.requests.push(Request {
            migration: section,
            source: source_location(migration, repository, copied),
            target,
            rewrite: Rewrite {
                platforms: rule.platforms.iter().map(|platform| platform.value.clone()).collect(),
                drop_attestations: migration.attestations == Attestations::Drop,
                docker_media_types: declared.provider.needs_docker_media_types(),
            },
            missing_only: migration.missing_only,
            accept_equivalent: migration.accept_equivalent,
            referrers: migration.referrers.as_ref().map(|referrers| referrers.value.clone()),
            behind: None,
            subject: None,
            retries: migration.retries,
            verify: migration.verify,
            conflict: refused,
            span: rule.span,
        });
    }
}
