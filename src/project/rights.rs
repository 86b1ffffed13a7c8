//! What the migrations of a project do at a registry, as far as its file says.

use super::declaration::{Project, RegistryDecl};
use crate::migrate::{Flatten, ImageRule, Migration, RepositoryPattern};
use crate::network::endpoint_policy::{Right, Rights};

/// Every repository.
const ALL: &str = "*";

impl Project {
    /// What the migrations read from and write to a registry; repositories that only its list names are told by the
    /// longest beginning that they have in common.
    #[must_use]
    pub fn rights(&self, registry: &RegistryDecl) -> Rights {
        let mut rights = Rights::new();
        let mut grant = |name: String, right: Right| {
            rights.entry(name).and_modify(|held| *held = right.max(*held)).or_insert(right);
        };
        for Use { rule, right, .. } in self.uses(registry) {
            let name = match right {
                Right::Download => read(rule),
                Right::Upload => written(rule, registry),
            };
            grant(name, right);
        }
        rights
    }

    /// Each rule that reads from a registry or writes to it; who does both is named twice.
    pub fn uses<'a>(&'a self, registry: &'a RegistryDecl) -> impl Iterator<Item = Use<'a>> {
        self.migrations.iter().flat_map(move |migration| {
            let reads = *migration.source == *registry.name;
            let writes = migration.targets.iter().any(|target| **target == *registry.name);
            let rights = [reads.then_some(Right::Download), writes.then_some(Right::Upload)].into_iter().flatten();
            rights.flat_map(move |right| migration.images.iter().map(move |rule| Use { migration, rule, right }))
        })
    }
}

/// What one rule does at one registry.
#[derive(Clone, Copy, Debug)]
pub struct Use<'a> {
    pub migration: &'a Migration,
    pub rule: &'a ImageRule,
    pub right: Right,
}

fn read(rule: &ImageRule) -> String {
    match &rule.repositories.value {
        RepositoryPattern::Literal(repository) => repository.to_string(),
        pattern @ RepositoryPattern::Glob(_) => beginning(pattern),
    }
}

fn written(rule: &ImageRule, registry: &RegistryDecl) -> String {
    let organization = registry.organization.as_ref().map(|organization| &organization.value);
    match (&rule.repositories.value, organization) {
        (RepositoryPattern::Literal(repository), _) => {
            rule.target(repository, organization).map_or_else(|_| ALL.to_owned(), |name| name.to_string())
        }
        (RepositoryPattern::Glob(_), Some(organization)) => format!("{organization}/*"),
        (pattern, None) if rule.flatten == Flatten::Nothing => beginning(pattern),
        (RepositoryPattern::Glob(_), None) => ALL.to_owned(),
    }
}

/// `team/a*` of `team/a?c/**`.
fn beginning(pattern: &RepositoryPattern) -> String {
    let text = pattern.to_string();
    let fixed = text.split(['*', '?', '[', '{', '\\']).next().unwrap_or_default();
    format!("{fixed}*")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diag::Source;

    #[test]
    fn only_what_the_migrations_touch_is_granted() {
        let text = r#"
            project "p" version=1
            registry "hub" "docker.io"
            registry "swr" "swr.cn-north-4.myhuaweicloud.com" {
                provider "swr"
                organization "portal"
                auth { access-key env="AK"; secret-key env="SK"; }
            }
            registry "plain" "registry.example"
            migrate "hub" to="swr" { image "library/nginx" tags="1.27"; image "bitnami/*"; }
            migrate "swr" to="plain" { image "base/tools" tags="1"; image "team/a*/**"; image "portal/library/nginx"; }
        "#;
        let (project, _) = Project::parse(Arc::new(Source::new("swr.kdl", text)), ".".into()).unwrap();
        let rights = |name: &str| project.rights(project.registry(name).unwrap()).into_iter().collect::<Vec<_>>();
        let expected = [
            ("base/tools", Right::Download),
            ("portal/*", Right::Upload),
            ("portal/library/nginx", Right::Upload),
            ("team/a*", Right::Download),
        ];
        assert_eq!(rights("swr"), expected.map(|(name, right)| (name.to_owned(), right)));
        assert_eq!(rights("plain")[2], ("team/a*".to_owned(), Right::Upload));
    }
}
