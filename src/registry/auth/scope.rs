//! What a token is asked for (distribution token specification, "Requesting a Token").

use std::fmt;

use crate::image::Repository;

/// What is to be done in a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    Pull,
    PullPush,
    /// That, and deleting.
    Delete,
}

/// One scope, of our own making: what challenges propose is not always valid.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::registry) enum Scope {
    Repository(Repository, Access),
    Catalog,
}

impl Scope {
    pub(in crate::registry) fn pull(repository: &Repository) -> Self {
        Self::Repository(repository.clone(), Access::Pull)
    }

    pub(in crate::registry) fn push(repository: &Repository) -> Self {
        Self::Repository(repository.clone(), Access::PullPush)
    }

    /// The scope that includes this one.
    pub(super) fn widened(&self) -> Self {
        match self {
            Self::Repository(repository, access) => {
                Self::Repository(repository.clone(), (*access).max(Access::PullPush))
            }
            Self::Catalog => Self::Catalog,
        }
    }

    /// Type, name and actions, as tokens state them.
    pub(super) fn parts(&self) -> (&'static str, &str, &'static [&'static str]) {
        match self {
            Self::Repository(repository, Access::Pull) => ("repository", repository.as_str(), &["pull"]),
            Self::Repository(repository, Access::PullPush) => ("repository", repository.as_str(), &["pull", "push"]),
            Self::Repository(repository, Access::Delete) => {
                ("repository", repository.as_str(), &["pull", "push", "delete"])
            }
            Self::Catalog => ("registry", "catalog", &["*"]),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, name, actions) = self.parts();
        write!(f, "{kind}:{name}:{}", actions.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_written_as_the_specification_says() {
        let repository: Repository = "a/b".parse().unwrap();
        assert_eq!(Scope::pull(&repository).to_string(), "repository:a/b:pull");
        assert_eq!(Scope::push(&repository).to_string(), "repository:a/b:pull,push");
        assert_eq!(Scope::Catalog.to_string(), "registry:catalog:*");
    }
}
