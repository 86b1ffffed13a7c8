//! Which repositories a rule means and what they are called at the target.

use std::fmt;
use std::str::FromStr;

use globset::{GlobBuilder, GlobMatcher};

use super::ImageRule;
use super::filter::bad_glob;
use crate::diag::Wording;
use crate::image::{ManifestReference, NameError, Repository};

/// A repository by name, or repositories by glob over what the source holds.
#[derive(Clone, Debug)]
pub enum RepositoryPattern {
    Literal(Repository),
    /// `*` stays within a path component, `**` crosses them.
    Glob(GlobMatcher),
}

impl RepositoryPattern {
    #[must_use]
    pub fn matches(&self, repository: &Repository) -> bool {
        match self {
            Self::Literal(literal) => literal == repository,
            Self::Glob(glob) => glob.is_match(repository.as_str()),
        }
    }
}

/// What makes a text a glob.
const WILD: [char; 4] = ['*', '?', '[', '{'];

impl RepositoryPattern {
    /// The namespace that every repository of a glob is in, where the glob names one.
    #[must_use]
    pub fn namespace(&self) -> Option<Repository> {
        let Self::Glob(glob) = self else { return None };
        let (first, _) = glob.glob().glob().split_once('/')?;
        if first.contains(WILD) { None } else { first.parse().ok() }
    }
}

impl FromStr for RepositoryPattern {
    type Err = Wording;

    /// The error is a sentence that says what is wrong with the pattern.
    fn from_str(text: &str) -> Result<Self, Wording> {
        if text.contains(WILD) {
            let glob = GlobBuilder::new(text).literal_separator(true).build();
            return glob.map(|glob| Self::Glob(glob.compile_matcher())).map_err(|error| bad_glob(&error));
        }
        text.parse().map(Self::Literal).map_err(|error: NameError| error.message())
    }
}

impl fmt::Display for RepositoryPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(repository) => write!(f, "{repository}"),
            Self::Glob(glob) => write!(f, "{}", glob.glob()),
        }
    }
}

/// How many leading path components a target repository loses, as Harbor's replication counts them. The last
/// component, the image's own name, always stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Flatten {
    #[default]
    Nothing,
    Levels(u32),
    All,
}

/// What is copied, and what it is called at the target.
pub type Copied = (ManifestReference, ManifestReference);

impl ImageRule {
    /// What is copied out of each repository, where the file names it all and no list of tags is needed.
    #[must_use]
    pub fn named(&self) -> Option<Vec<Copied>> {
        let retag = self.retag.as_ref().map(|retag| ManifestReference::Tag(retag.value.clone()));
        if let Some(digest) = &self.digest {
            let digest = ManifestReference::Digest(digest.value.clone());
            return Some(vec![(digest.clone(), retag.unwrap_or(digest))]);
        }
        let tags = self.tags.literals()?.into_iter().cloned().map(ManifestReference::Tag);
        Some(tags.map(|tag| (tag.clone(), retag.clone().unwrap_or(tag))).collect())
    }

    /// The repository that `source` becomes at a target with this `organization`.
    ///
    /// # Errors
    /// When the whole name is longer than a repository may be.
    pub fn target(&self, source: &Repository, organization: Option<&Repository>) -> Result<Repository, NameError> {
        let name = match &self.rename {
            Some(rename) => rename.value.clone(),
            None => self.flatten.apply(source)?,
        };
        organization.map_or(Ok(name.clone()), |organization| name.under(organization))
    }
}

impl Flatten {
    fn apply(self, repository: &Repository) -> Result<Repository, NameError> {
        let components: Vec<&str> = repository.components().collect();
        let levels = components.len() - 1;
        let dropped = match self {
            Self::Nothing => 0,
            Self::Levels(count) => levels.min(count as usize),
            Self::All => levels,
        };
        components[dropped..].join("/").parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flattening_counts_as_harbor_does() {
        let repository: Repository = "a/b/c/image".parse().unwrap();
        let flat = |flatten: Flatten| flatten.apply(&repository).unwrap().to_string();
        assert_eq!(flat(Flatten::Nothing), "a/b/c/image");
        assert_eq!(flat(Flatten::Levels(1)), "b/c/image");
        assert_eq!(flat(Flatten::Levels(3)), "image");
        assert_eq!(flat(Flatten::Levels(9)), "image");
        assert_eq!(flat(Flatten::All), "image");
    }

    #[test]
    fn globs_know_path_components() {
        let matches =
            |pattern: &str, name: &str| pattern.parse::<RepositoryPattern>().unwrap().matches(&name.parse().unwrap());
        assert!(matches("bitnami/*", "bitnami/redis"));
        assert!(!matches("bitnami/*", "bitnami/a/b"));
        assert!(matches("**", "a/b/c"));
        assert!(matches("a/b", "a/b"));
        let namespace = |pattern: &str| pattern.parse::<RepositoryPattern>().unwrap().namespace();
        assert_eq!(namespace("bitnami/*"), Some("bitnami".parse().unwrap()));
        assert_eq!(namespace("a/b/**"), Some("a".parse().unwrap()));
        for open in ["**", "*", "redis*", "*/redis", "{a,b}/*", "a[bc]/d*", "a/b", "\\a/*"] {
            assert_eq!(namespace(open), None, "{open}");
        }
        assert!("A*[".parse::<RepositoryPattern>().is_err());
    }
}
