//! What only shows when sections are seen together: names taken twice, images that meet at one place, what a registry
//! cannot hold or reach.

mod files;

use std::collections::HashMap;
use std::path::Path;

use super::declaration::{Auth, Edition, Place, Provider, RegistryDecl};
use super::kdl::{Fault, Faults};
use super::limits::{is_too_long, no_organization, organization_fault, too_long};
use super::section::Sections;
use crate::diag::{Span, Wording, say};
use crate::image::{ManifestReference, Repository};
use crate::migrate::{Flatten, ImageRule, Migration, RepositoryPattern};
use crate::network::region_of;

/// Relative paths start at `root`.
pub(super) fn check(sections: &mut Sections, root: &Path, faults: &Faults) {
    library_images(sections);
    for registry in &sections.registries {
        self::registry(registry, faults);
    }
    directories_have_no_network(sections, faults);
    files::check(sections, faults);
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
        self::image(source, image, target, root, faults);
        needs_a_tag(image, target, faults);
        let home = sections.registries.iter().find(|first| first.is_at(target, root)).unwrap_or(target);
        writers.add(source, image, (target, home), faults);
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
        let fault = Fault::new(
            "useless",
            say!(
                "an access key is a login of SWR, and this registry is not one",
                "访问密钥是 SWR 的登录方式，而这个镜像仓库不是 SWR"
            ),
        );
        let help = say!(
            "write `provider \"swr\"`, or `username` and `password`",
            "写 `provider \"swr\"`，或者 `username` 和 `password`"
        );
        faults
            .add(fault.at(registry.name.span, say!("has no `provider \"swr\"`", "没有 `provider \"swr\"`")).help(help));
    }
    if !is_swr && let Some(region) = region_of(host.host()) {
        let fault = Fault::warning(
            "undeclared-swr",
            say!(
                "`{host}` is SWR in {region}, but is not declared as such",
                "`{host}` 是 {region} 的 SWR，但没有这样声明",
                host,
                region
            ),
        );
        let help = say!(
            "write `provider \"swr\"`: SWR Basic refuses OCI media types, so manifests must be converted",
            "写 `provider \"swr\"`：SWR 基础版拒绝 OCI 媒体类型，清单必须转换"
        );
        faults.add(fault.on(registry.name.span).help(help));
    }
    let has_secret = matches!(registry.auth, Auth::Basic { .. } | Auth::AccessKey { .. });
    if registry.tls.plain_http && has_secret && !host.is_loopback() {
        let fault = Fault::warning(
            "clear-text-login",
            say!("the login travels to `{host}` in clear text", "登录信息以明文发往 `{host}`", host),
        );
        faults.add(fault.at(registry.name.span, say!("uses plain HTTP", "使用明文 HTTP")).help(say!(
            "remove `plain-http`, or use `auth \"anonymous\"`",
            "删除 `plain-http`，或者使用 `auth \"anonymous\"`"
        )));
    }
    if let (Provider::Swr { edition: Edition::Basic, .. }, Some(organization)) =
        (&registry.provider, &registry.organization)
    {
        let help = say!(
            "name an organization that exists in SWR: 1-64 characters, first a letter",
            "写 SWR 里存在的组织：1-64 个字符，以字母开头"
        );
        swr_organization(organization, organization.span, help, faults);
    }
    if let Provider::Swr { tag_lists: true, edition, api, .. } = &registry.provider
        && (*edition != Edition::Basic || api.is_none() || !matches!(registry.auth, Auth::AccessKey { .. }))
    {
        let message = say!(
            "`tag-lists` asks the management API of SWR Basic, which takes an access key",
            "`tag-lists` 向 SWR 基础版的管理 API 查询，需要访问密钥"
        );
        let help = say!(
            "write `auth { access-key …; secret-key …; }`, or remove `tag-lists`",
            "写 `auth { access-key …; secret-key …; }`，或者删除 `tag-lists`"
        );
        faults.add(Fault::new("useless", message).on(registry.name.span).help(help));
    }
    if let Some(organization) = registry.organization.as_ref().filter(|_| registry.create_organization) {
        created(registry, organization.span, faults);
    }
}

/// Organizations are created by the management API of SWR Basic, which takes an access key.
fn created(registry: &RegistryDecl, span: Span, faults: &Faults) {
    let Provider::Swr { edition: Edition::Basic, api, .. } = &registry.provider else {
        let fault =
            Fault::new("useless", say!("organizations are created in SWR Basic only", "只有 SWR 基础版能创建组织"))
                .on(span);
        return faults.add(fault.help(say!(
            "remove `create`, and create it where this registry is managed",
            "删除 `create`，到管理这个镜像仓库的地方创建组织"
        )));
    };
    if !matches!(registry.auth, Auth::AccessKey { .. }) {
        let fault =
            Fault::new("no-access-key", say!("creating an organization takes an access key", "创建组织需要访问密钥"))
                .on(span);
        let help = say!(
            "write `auth { access-key env=\"SWR_AK\"; secret-key env=\"SWR_SK\"; }`, or remove `create`",
            "写 `auth { access-key env=\"SWR_AK\"; secret-key env=\"SWR_SK\"; }`，或者删除 `create`"
        );
        faults.add(fault.help(help));
    }
    if api.is_none() {
        let fault = Fault::new(
            "no-api-host",
            say!("the management API, which creates organizations, is not known", "不知道用来创建组织的管理 API"),
        );
        let help = say!(
            "name it: `provider \"swr\" … api-host=\"swr-api.REGION.DOMAIN\"`",
            "写明它：`provider \"swr\" … api-host=\"swr-api.REGION.DOMAIN\"`"
        );
        faults.add(fault.on(span).help(help));
    }
}

/// SWR's own rules for the first part of a repository; the rest of them is in [`Repository`] already.
fn swr_organization(organization: &Repository, span: Span, help: Wording, faults: &Faults) {
    let name = organization.as_str();
    let Some(reason) = organization_fault(name) else { return };
    let fault = Fault::new("bad-organization", no_organization(name, &reason));
    faults.add(fault.on(span).help(help));
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
                say!(
                    "Docker Hub lists the repositories of a namespace, and `{glob}` names none",
                    "Docker Hub 只能列出某个命名空间的仓库，而 `{glob}` 没有写明命名空间",
                    glob = glob.value
                ),
            )
            .help(say!(
                "name it, as in `image \"bitnami/*\"`, with one `image` line for each",
                "写明命名空间，例如 `image \"bitnami/*\"`，每个命名空间一行 `image`"
            ))
        } else if unmanaged {
            Fault::new(
                "no-repository-list",
                say!(
                    "`{source}` is SWR Basic, which lists repositories by its management API",
                    "`{source}` 是 SWR 基础版，要用管理 API 列出仓库",
                    source = *source.name
                ),
            )
            .help(say!(
                "log in with an access key (`auth { access-key …; secret-key …; }`), or name the repositories",
                "用访问密钥登录（`auth { access-key …; secret-key …; }`），或者逐个写明仓库"
            ))
        } else {
            continue;
        };
        faults.add(fault.on(glob.span));
    }
}

fn directories_have_no_network(sections: &Sections, faults: &Faults) {
    for network in &sections.networks {
        let place = find(sections, &network.registry).map(|registry| &registry.place);
        if matches!(place, Some(Place::OciLayout(_))) {
            let fault = Fault::new(
                "useless",
                say!(
                    "`{name}` is a directory: no network leads to it",
                    "`{name}` 是目录：没有网络通向它",
                    name = *network.registry
                ),
            );
            faults.add(fault.on(network.registry.span).help(say!("remove this section", "删除这个小节")));
        }
    }
}

fn image(source: &RegistryDecl, image: &ImageRule, target: &RegistryDecl, root: &Path, faults: &Faults) {
    let organization = target.organization.as_ref().map(|organization| &organization.value);
    let span = image.repositories.span;
    let onto_itself = match &image.repositories.value {
        RepositoryPattern::Literal(repository) if starts_with_host(repository, source) => {
            let fault = Fault::new(
                "bad-image-name",
                say!("the repository starts with the registry's host", "仓库名以镜像仓库的主机开头"),
            )
            .on(span);
            return faults.add(fault.help(say!(
                "remove the host: `{name}` says it already",
                "删除主机：`{name}` 已经写明了",
                name = *source.name
            )));
        }
        RepositoryPattern::Literal(repository) => match image.target(repository, organization) {
            Ok(name) => {
                if let (Place::Registry(_), Provider::Swr { .. }) = (&target.place, &target.provider) {
                    swr_repository(&name, image, target, faults);
                }
                name == *repository && image.named().is_none_or(|copied| copied.iter().any(|(from, to)| from == to))
            }
            Err(error) => {
                let fault = Fault::new("bad-image-name", error.message())
                    .at(span, say!("becomes too long at the target", "在目标上会太长"));
                return faults.add(fault.help(say!("give it a shorter name with `as`", "用 `as` 给它一个更短的名字")));
            }
        },
        RepositoryPattern::Glob(_) => organization.is_none() && image.flatten == Flatten::Nothing,
    };
    if onto_itself && source.is_at(target, root) {
        let fault = Fault::new("copies-onto-itself", say!("the image is copied onto itself", "镜像被复制到它自己"));
        let fault =
            fault.at(span, say!("has the same registry and name at the target", "在目标上的镜像仓库和名字都相同"));
        faults.add(fault.help(say!(
            "migrate to another registry, or give it another name with `as`",
            "迁移到别的镜像仓库，或者用 `as` 换个名字"
        )));
    }
}

fn starts_with_host(repository: &Repository, source: &RegistryDecl) -> bool {
    let first = repository.components().next().unwrap_or_default();
    matches!(&source.place, Place::Registry(host) if host.as_str() == first && first.contains('.'))
}

fn swr_repository(name: &Repository, image: &ImageRule, target: &RegistryDecl, faults: &Faults) {
    let span = image.rename.as_ref().map_or(image.repositories.span, |rename| rename.span);
    let Some((organization, repository)) = name.as_str().split_once('/') else {
        let fault = Fault::new(
            "missing",
            say!(
                "`{name}` has no organization at `{target}`",
                "`{name}` 在 `{target}` 上没有组织",
                name,
                target = *target.name
            ),
        )
        .on(span);
        return faults.add(fault.help(say!(
            "write `organization \"…\"` in the registry's section",
            "在该镜像仓库的小节里写 `organization \"…\"`"
        )));
    };
    if is_too_long(repository) {
        let fault = Fault::new("bad-image-name", too_long());
        faults.add(fault.on(span).help(say!("give it a shorter name with `as`", "用 `as` 给它一个更短的名字")));
    }
    if target.organization.is_none()
        && matches!(&target.provider, Provider::Swr { edition: Edition::Basic, .. })
        && let Ok(organization) = organization.parse()
    {
        let help = say!(
            "write `organization \"…\"` in the target's section, or give the whole name with `as`",
            "在目标的小节里写 `organization \"…\"`，或者用 `as` 写完整的名字"
        );
        swr_organization(&organization, span, help, faults);
    }
}

fn basic_holds_no_referrers(migration: &Migration, target: &RegistryDecl, faults: &Faults) {
    if let Some(referrers) = &migration.referrers
        && target.provider.needs_docker_media_types()
    {
        let message = say!(
            "`{target}` is SWR Basic, which holds no signatures and referrers",
            "`{target}` 是 SWR 基础版，不能保存签名和关联制品",
            target = *target.name
        );
        let help = say!(
            "remove `referrers`, or migrate to SWR Enterprise: Basic refuses OCI artifacts, and what is converted for it \
             has another digest than what was signed",
            "删除 `referrers`，或者迁移到 SWR 企业版：基础版拒绝 OCI 制品，转换后的镜像与签名时的摘要不同"
        );
        faults.add(Fault::new("no-referrers", message).on(referrers.span).help(help));
    }
}

/// What SWR Basic does with a DELETE of the registry API is not known; its own API is not spoken here.
fn basic_is_not_pruned(migration: &Migration, target: &RegistryDecl, faults: &Faults) {
    if migration.prune.is_some() && target.provider.needs_docker_media_types() {
        let fault = Fault::new(
            "not-there-yet",
            say!(
                "deleting at SWR Basic (`{target}`) is not there yet",
                "目前还不支持在 SWR 基础版（`{target}`）上删除",
                target = *target.name
            ),
        );
        faults.add(fault.on(migration.span).help(say!(
            "write `prune false`, and delete old tags by a retention rule of SWR",
            "写 `prune false`，用 SWR 的老化规则删除旧标签"
        )));
    }
}

/// A directory shows images by their tags: what has none would be lost in it.
fn needs_a_tag(image: &ImageRule, target: &RegistryDecl, faults: &Faults) {
    if let (Place::OciLayout(_), Some(digest), None) = (&target.place, &image.digest, &image.retag) {
        let fault = Fault::new(
            "missing",
            say!(
                "`{target}` is a directory, where an image needs a tag",
                "`{target}` 是目录，镜像在那里需要标签",
                target = *target.name
            ),
        );
        faults.add(
            fault
                .at(digest.span, say!("has only a digest", "只有摘要"))
                .help(say!("give it one: `as=\"nginx:1.25\"`", "给它一个标签：`as=\"nginx:1.25\"`")),
        );
    }
}

/// Who writes which tag, as far as the file names both.
#[derive(Default)]
struct Writers(HashMap<(String, Repository, ManifestReference), Span>);

impl Writers {
    /// `home` is the first section that names the target's place.
    fn add(
        &mut self,
        source: &RegistryDecl,
        image: &ImageRule,
        (target, home): (&RegistryDecl, &RegistryDecl),
        faults: &Faults,
    ) {
        let RepositoryPattern::Literal(repository) = &image.repositories.value else { return };
        let organization = target.organization.as_ref().map(|organization| &organization.value);
        let Ok(name) = image.target(repository, organization) else { return };
        let Some(copied) = image.named() else { return };
        let span = image.repositories.span;
        let spans = image.tags.include.iter().map(|pattern| pattern.span).chain([span]);
        for ((_, written), span) in copied.into_iter().zip(spans) {
            let key = (self::name(home), name.clone(), written.clone());
            let Some(first) = self.0.insert(key, span) else { continue };
            let sign = if written.tag().is_some() { ':' } else { '@' };
            let message = say!(
                "two rules write `{image}` at `{target}`",
                "两条规则都写入 `{target}` 上的 `{image}`",
                image = format_args!("{name}{sign}{written}"),
                target = *target.name
            );
            let fault = Fault::new("written-twice", message)
                .at(span, say!("from `{source}`", "来自 `{source}`", source = *source.name));
            faults.add(
                fault
                    .at(first, say!("already written here", "这里已经写入"))
                    .help(say!("remove one of them, or tell them apart with `as`", "删除其中一条，或者用 `as` 区分")),
            );
        }
    }
}
