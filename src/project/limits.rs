//! What SWR can hold, by its documents: names and sizes, as data.

use super::declaration::{Edition, Provider};
use crate::diag::{Problem, Wording, say};
use crate::image::Repository;

/// Longest name of an organization, and of a repository in it.
const LONGEST_ORGANIZATION: usize = 64;
const LONGEST_REPOSITORY: usize = 128;

/// How large a layer may be, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerLimits {
    /// What every document allows.
    pub sure: u64,
    /// What no document allows.
    pub most: u64,
}

/// The documents of SWR Basic say 10 GB, newer ones (2025) 50 GB: between the two it is worth a try.
const OF_BASIC: LayerLimits = LayerLimits { sure: 10_000_000_000, most: 50 << 30 };

impl Provider {
    #[must_use]
    pub fn layer_limits(&self) -> Option<LayerLimits> {
        matches!(self, Self::Swr { edition: Edition::Basic, .. }).then_some(OF_BASIC)
    }

    /// Why it can hold no repository of this name.
    #[must_use]
    pub fn refuses(&self, name: &Repository) -> Option<Problem> {
        let Self::Swr { edition, .. } = self else { return None };
        let help = say!("write `organization \"…\"` in the target's section", "在目标的配置里写 `organization \"…\"`");
        let Some((organization, repository)) = name.as_str().split_once('/') else {
            let message = say!("`{name}` has no organization", "`{name}` 没有组织", name);
            return Some(Problem::new("missing", message).with_help(help));
        };
        if let Some(fault) = organization_fault(organization).filter(|_| *edition == Edition::Basic) {
            return Some(Problem::new("bad-organization", no_organization(organization, &fault)).with_help(help));
        }
        is_too_long(repository).then(|| {
            Problem::new("bad-image-name", too_long()).with_help(say!(
                "give it a shorter name with `as`, or flatten it",
                "用 `as` 给它短一些的名字，或者压平路径"
            ))
        })
    }
}

/// `portal is no organization of SWR: it …`.
pub(super) fn no_organization(name: &str, fault: &Wording) -> Wording {
    say!("`{name}` is no organization of SWR: it {fault}", "`{name}` 不能做 SWR 的组织名：{fault}", name, fault)
}

pub(super) fn too_long() -> Wording {
    say!("the repository's name at SWR is longer than 128 characters", "仓库在 SWR 的名字超过 128 个字符")
}

/// Whether SWR takes no repository of this name in an organization.
pub(super) fn is_too_long(repository: &str) -> bool {
    repository.len() > LONGEST_REPOSITORY
}

/// What is wrong with the name of an organization beside what no repository may be called.
pub(super) fn organization_fault(name: &str) -> Option<Wording> {
    Some(if name.contains('/') {
        say!("has more than one part", "不止一段")
    } else if name == "library" {
        say!("is reserved", "是保留名")
    } else if name.len() > LONGEST_ORGANIZATION {
        say!("is longer than 64 characters", "超过 64 个字符")
    } else if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        say!("does not start with a letter", "不以字母开头")
    } else {
        return None;
    })
}
