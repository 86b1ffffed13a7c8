//! What only shows when sections are seen together: names taken twice, images that meet at one place, what a registry
//! cannot hold or reach.

use std::collections::HashMap;
use std::path::PathBuf;

use super::declaration::{Auth, Edition, Place, Provider, RegistryDecl};
use super::kdl::{Fault, Faults};
use super::limits::{is_too_long, no_organization, organization_fault};
use super::section::Sections;
use crate::diag::{Lang, Span};
use crate::image::{ManifestReference, Repository};
use crate::migrate::{Flatten, ImageRule, Migration, RepositoryPattern};
use crate::network::managed::{self, Form};
use crate::network::{Network, region_of};

pub(super) fn check(sections: &mut Sections, faults: &Faults) {
    library_images(sections);
    for registry in &sections.registries {
        self::registry(registry, faults);
    }
    directories_have_no_network(sections, faults);
    addresses_are_not_named(sections, faults);
    files_have_one_use(sections, faults);
    for migration in &sections.migrations {
        if let Some(source) = find(sections, &migration.source) {
            globs_can_be_listed(source, migration, faults);
        }
    }
    for migration in &sections.migrations {
        let targets = migration.targets.iter().filter_map(|target| find(sections, target));
        for target in targets {
            basic_holds_no_referrers(migration, target, faults);
            basic_is_not_pruned(migration, target, faults);
        }
    }
    let mut writers = Writers::default();
    for (migration, image, target) in rules(sections) {
        let Some(source) = find(sections, &migration.source) else { continue };
        self::image(source, image, target, faults);
        needs_a_tag(image, target, faults);
        writers.add(source, image, target, faults);
    }
}

/// Docker Hub's one-word images are in `library/`.
fn library_images(sections: &mut Sections) {
    let hubs: Vec<String> = sections.registries.iter().filter(|registry| is_hub(registry)).map(name).collect();
    let from_hub = |migration: &&mut Migration| hubs.contains(&migration.source.value);
    for image in sections.migrations.iter_mut().filter(from_hub).flat_map(|migration| &mut migration.images) {
        let one_word = match &image.repositories.value {
            RepositoryPattern::Literal(repository) => repository.components().count() == 1,
            // `**` may stand for several.
            RepositoryPattern::Glob(glob) => {
                !glob.glob().glob().contains(['/', '{']) && !glob.glob().glob().contains("**")
            }
        };
        if one_word && let Ok(full) = format!("library/{}", image.repositories.value).parse() {
            image.repositories.value = full;
        }
    }
}

fn name(registry: &RegistryDecl) -> String {
    registry.name.value.clone()
}

fn is_hub(registry: &RegistryDecl) -> bool {
    matches!(&registry.place, Place::Registry(host) if host.is_docker_hub())
}

fn find<'a>(sections: &'a Sections, name: &str) -> Option<&'a RegistryDecl> {
    sections.registries.iter().find(|registry| *registry.name == name)
}

/// Every image rule with each of its targets.
fn rules(sections: &Sections) -> impl Iterator<Item = (&Migration, &ImageRule, &RegistryDecl)> {
    sections.migrations.iter().flat_map(move |migration| {
        let targets = migration.targets.iter().filter_map(move |target| find(sections, target));
        targets.flat_map(move |target| migration.images.iter().map(move |image| (migration, image, target)))
    })
}

fn registry(registry: &RegistryDecl, faults: &Faults) {
    let Place::Registry(host) = &registry.place else { return };
    let is_swr = matches!(registry.provider, Provider::Swr { .. });
    if matches!(registry.auth, Auth::AccessKey { .. }) && !is_swr {
        let fault = Fault::new("useless", "an access key is a login of SWR, and this registry is not one");
        let help = "write `provider \"swr\"`, or `username` and `password`";
        faults.add(fault.at(registry.name.span, "has no `provider \"swr\"`").help(help));
    }
    if !is_swr && let Some(region) = region_of(host.host()) {
        let fault =
            Fault::warning("undeclared-swr", format!("`{host}` is SWR in {region}, but is not declared as such"));
        let help = "write `provider \"swr\"`: SWR Basic refuses OCI media types, so manifests must be converted";
        faults.add(fault.at(registry.name.span, "").help(help));
    }
    let has_secret = matches!(registry.auth, Auth::Basic { .. } | Auth::AccessKey { .. });
    if registry.tls.plain_http && has_secret && !host.is_loopback() {
        let fault = Fault::warning("clear-text-login", format!("the login travels to `{host}` in clear text"));
        faults.add(
            fault.at(registry.name.span, "uses plain HTTP").help("remove `plain-http`, or use `auth \"anonymous\"`"),
        );
    }
    if let (Provider::Swr { edition: Edition::Basic, .. }, Some(organization)) =
        (&registry.provider, &registry.organization)
    {
        let help = "name an organization that exists in SWR: 1-64 characters, first a letter";
        swr_organization(organization, organization.span, help, faults);
    }
    if let Provider::Swr { tag_lists: true, edition, api, .. } = &registry.provider
        && (*edition != Edition::Basic || api.is_none() || !matches!(registry.auth, Auth::AccessKey { .. }))
    {
        let message = "`tag-lists` asks the management API of SWR Basic, which takes an access key";
        let help = "write `auth { access-key …; secret-key …; }`, or remove `tag-lists`";
        faults.add(Fault::new("useless", message).at(registry.name.span, "").help(help));
    }
    if let Some(organization) = registry.organization.as_ref().filter(|_| registry.create_organization) {
        created(registry, organization.span, faults);
    }
}

/// Organizations are created by the management API of SWR Basic, which takes an access key.
fn created(registry: &RegistryDecl, span: Span, faults: &Faults) {
    let Provider::Swr { edition: Edition::Basic, api, .. } = &registry.provider else {
        let fault = Fault::new("useless", "organizations are created in SWR Basic only").at(span, "");
        return faults.add(fault.help("remove `create`, and create it where this registry is managed"));
    };
    if !matches!(registry.auth, Auth::AccessKey { .. }) {
        let fault = Fault::new("no-access-key", "creating an organization takes an access key").at(span, "");
        let help = "write `auth { access-key env=\"SWR_AK\"; secret-key env=\"SWR_SK\"; }`, or remove `create`";
        faults.add(fault.help(help));
    }
    if api.is_none() {
        let fault = Fault::new("no-api-host", "the management API, which creates organizations, is not known");
        let help = "name it: `provider \"swr\" … api-host=\"swr-api.REGION.DOMAIN\"`";
        faults.add(fault.at(span, "").help(help));
    }
}

/// SWR's own rules for the first part of a repository; the rest of them is in [`Repository`] already.
fn swr_organization(organization: &Repository, span: Span, help: &str, faults: &Faults) {
    let name = organization.as_str();
    let Some(reason) = organization_fault(name) else { return };
    let fault = Fault::new("bad-organization", no_organization(name, &reason));
    faults.add(fault.at(span, "").help(help));
}

/// Docker Hub lists one namespace at a time, SWR Basic only to who has an access key.
fn globs_can_be_listed(source: &RegistryDecl, migration: &Migration, faults: &Faults) {
    let unmanaged = matches!(source.provider, Provider::Swr { edition: Edition::Basic, .. })
        && !matches!((&source.auth, &source.provider), (Auth::AccessKey { .. }, Provider::Swr { api: Some(_), .. }));
    let globs = migration.images.iter().map(|image| &image.repositories);
    for glob in globs.filter(|pattern| matches!(pattern.value, RepositoryPattern::Glob(_))) {
        let fault = if is_hub(source) && glob.namespace().is_none() {
            Fault::new(
                "open-namespace",
                format!("Docker Hub lists the repositories of a namespace, and `{}` names none", glob.value),
            )
            .help("name it, as in `image \"bitnami/*\"`, with one `image` line for each")
        } else if unmanaged {
            Fault::new(
                "no-repository-list",
                format!("`{}` is SWR Basic, which lists repositories by its management API", *source.name),
            )
            .help("log in with an access key (`auth { access-key …; secret-key …; }`), or name the repositories")
        } else {
            continue;
        };
        faults.add(fault.at(glob.span, ""));
    }
}

fn directories_have_no_network(sections: &Sections, faults: &Faults) {
    for network in &sections.networks {
        let place = find(sections, &network.registry).map(|registry| &registry.place);
        if matches!(place, Some(Place::OciLayout(_))) {
            let fault =
                Fault::new("useless", format!("`{}` is a directory: no network leads to it", *network.registry));
            faults.add(fault.at(network.registry.span, "").help("remove this section"));
        }
    }
}

/// Files are written that give a name an address.
fn addresses_are_not_named(sections: &Sections, faults: &Faults) {
    for network in sections.networks.iter().filter(|network| network.managed.is_any()) {
        if let Some(Place::Registry(host)) = find(sections, &network.registry).map(|registry| &registry.place)
            && host.host().parse::<std::net::IpAddr>().is_ok()
        {
            let fault = Fault::new("useless", format!("`{host}` is an address: there is no name to write"));
            let help = "remove `manage=true`, `bind-zone` and `bind-forward`, or name the registry's host";
            faults.add(fault.at(network.registry.span, "").help(help));
        }
    }
}

/// A file is of one kind, and a zone file is of one zone.
fn files_have_one_use(sections: &Sections, faults: &Faults) {
    let mut uses: Vec<(PathBuf, Form, Span)> = Vec::new();
    for (path, form) in sections.networks.iter().flat_map(Network::files) {
        let plain = managed::plain(path);
        match uses.iter().find(|(other, ..)| *other == plain) {
            Some((_, other, first)) if *other != form || form == Form::Zone => {
                let (one, other) = (form.name(), other.name());
                let (one, other) = (one.get(Lang::En), other.get(Lang::En));
                let message = format!("one file cannot be {other} and {one}");
                let message = if one == other { "two zones cannot be in one file".to_owned() } else { message };
                let fault = Fault::new("two-uses", message).at(path.span, "again").at(*first, "first here");
                faults.add(fault.help("name another file"));
            }
            Some(_) => {}
            None => uses.push((plain, form, path.span)),
        }
    }
}

fn image(source: &RegistryDecl, image: &ImageRule, target: &RegistryDecl, faults: &Faults) {
    let organization = target.organization.as_ref().map(|organization| &organization.value);
    let span = image.repositories.span;
    let onto_itself = match &image.repositories.value {
        RepositoryPattern::Literal(repository) if starts_with_host(repository, source) => {
            let fault = Fault::new("bad-image-name", "the repository starts with the registry's host").at(span, "");
            return faults.add(fault.help(format!("remove the host: `{}` says it already", *source.name)));
        }
        RepositoryPattern::Literal(repository) => match image.target(repository, organization) {
            Ok(name) => {
                if let (Place::Registry(_), Provider::Swr { .. }) = (&target.place, &target.provider) {
                    swr_repository(&name, image, target, faults);
                }
                name == *repository && image.named().is_none_or(|copied| copied.iter().any(|(from, to)| from == to))
            }
            Err(error) => {
                let fault = Fault::new("bad-image-name", error.to_string()).at(span, "becomes too long at the target");
                return faults.add(fault.help("give it a shorter name with `as`"));
            }
        },
        RepositoryPattern::Glob(_) => organization.is_none() && image.flatten == Flatten::Nothing,
    };
    if onto_itself && source.place == target.place {
        let fault = Fault::new("copies-onto-itself", "the image is copied onto itself");
        let fault = fault.at(span, "has the same registry and name at the target");
        faults.add(fault.help("migrate to another registry, or give it another name with `as`"));
    }
}

fn starts_with_host(repository: &Repository, source: &RegistryDecl) -> bool {
    let first = repository.components().next().unwrap_or_default();
    matches!(&source.place, Place::Registry(host) if host.as_str() == first && first.contains('.'))
}

fn swr_repository(name: &Repository, image: &ImageRule, target: &RegistryDecl, faults: &Faults) {
    let span = image.rename.as_ref().map_or(image.repositories.span, |rename| rename.span);
    let Some((organization, repository)) = name.as_str().split_once('/') else {
        let fault = Fault::new("missing", format!("`{name}` has no organization at `{}`", *target.name)).at(span, "");
        return faults.add(fault.help("write `organization \"…\"` in the registry's section"));
    };
    if is_too_long(repository) {
        let fault = Fault::new("bad-image-name", "the repository's name at SWR is longer than 128 characters");
        faults.add(fault.at(span, "").help("give it a shorter name with `as`"));
    }
    if target.organization.is_none()
        && matches!(&target.provider, Provider::Swr { edition: Edition::Basic, .. })
        && let Ok(organization) = organization.parse()
    {
        let help = "write `organization \"…\"` in the target's section, or give the whole name with `as`";
        swr_organization(&organization, span, help, faults);
    }
}

fn basic_holds_no_referrers(migration: &Migration, target: &RegistryDecl, faults: &Faults) {
    if let Some(referrers) = &migration.referrers
        && target.provider.needs_docker_media_types()
    {
        let message = format!("`{}` is SWR Basic, which holds no signatures and referrers", *target.name);
        let help = "remove `referrers`, or migrate to SWR Enterprise: Basic refuses OCI artifacts, and what is converted \
                    for it has another digest than what was signed";
        faults.add(Fault::new("no-referrers", message).at(referrers.span, "").help(help));
    }
}

/// What SWR Basic does with a DELETE of the registry API is not known; its own API is not spoken here.
fn basic_is_not_pruned(migration: &Migration, target: &RegistryDecl, faults: &Faults) {
    if migration.prune.is_some() && target.provider.needs_docker_media_types() {
        let fault = Fault::new("not-there-yet", format!("deleting at SWR Basic (`{}`) is not there yet", *target.name));
        faults.add(
            fault.at(migration.span, "").help("write `prune false`, and delete old tags by a retention rule of SWR"),
        );
    }
}

/// A directory shows images by their tags: what has none would be lost in it.
fn needs_a_tag(image: &ImageRule, target: &RegistryDecl, faults: &Faults) {
    if let (Place::OciLayout(_), Some(digest), None) = (&target.place, &image.digest, &image.retag) {
        let fault = Fault::new("missing", format!("`{}` is a directory, where an image needs a tag", *target.name));
        faults.add(fault.at(digest.span, "has only a digest").help("give it one: `as=\"nginx:1.25\"`"));
    }
}

/// Who writes which tag, as far as the file names both.
#[derive(Default)]
struct Writers(HashMap<(String, Repository, ManifestReference), Span>);

impl Writers {
    fn add(&mut self, source: &RegistryDecl, image: &ImageRule, target: &RegistryDecl, faults: &Faults) {
        let RepositoryPattern::Literal(repository) = &image.repositories.value else { return };
        let organization = target.organization.as_ref().map(|organization| &organization.value);
        let Ok(name) = image.target(repository, organization) else { return };
        let Some(copied) = image.named() else { return };
        let span = image.repositories.span;
        let spans = image.tags.include.iter().map(|pattern| pattern.span).chain([span]);
        for ((_, written), span) in copied.into_iter().zip(spans) {
            let place = match &target.place {
                Place::Registry(host) => host.to_string(),
                Place::OciLayout(directory) => format!("oci-layout:{}", directory.display()),
            };
            let Some(first) = self.0.insert((place, name.clone(), written.clone()), span) else { continue };
            let sign = if written.tag().is_some() { ':' } else { '@' };
            let message = format!("two rules write `{name}{sign}{written}` at `{}`", *target.name);
            let fault = Fault::new("written-twice", message).at(span, format!("from `{}`", *source.name));
            faults
                .add(fault.at(first, "already written here").help("remove one of them, or tell them apart with `as`"));
        }
    }
}
