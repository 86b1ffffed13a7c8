//! `--target` and `--exclude`: a part of a plan, by address.

use std::collections::BTreeSet;

use globset::{GlobBuilder, GlobMatcher};

use super::address::Address;

/// Which addresses are in the plan; the default is all of them.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// None means every address.
    targets: Vec<GlobMatcher>,
    excludes: Vec<GlobMatcher>,
}

/// A pattern of `--target` or `--exclude` that is not a glob.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{pattern}` is not a glob over addresses: {reason}")]
pub struct ScopeError {
    pub pattern: String,
    pub reason: String,
}

impl Scope {
    /// # Errors
    /// When a pattern is not a glob.
    pub fn new(targets: &[String], excludes: &[String]) -> Result<Self, ScopeError> {
        Ok(Self { targets: matchers(targets)?, excludes: matchers(excludes)? })
    }

    #[must_use]
    pub const fn is_partial(&self) -> bool {
        !self.targets.is_empty() || !self.excludes.is_empty()
    }

    /// Is a step in the plan for its own sake?
    #[must_use]
    pub fn holds(&self, address: &Address) -> bool {
        (self.targets.is_empty() || any(&self.targets, address)) && !self.excludes(address)
    }

    /// Is it excluded, and with it all that depends on it?
    #[must_use]
    pub fn excludes(&self, address: &Address) -> bool {
        any(&self.excludes, address)
    }

    /// Patterns that match none of `addresses`: what is mistyped must not be taken for "everything but nothing".
    #[must_use]
    pub fn unmatched(&self, addresses: &BTreeSet<Address>) -> Vec<&str> {
        let idle = |pattern: &&GlobMatcher| !addresses.iter().any(|address| pattern.is_match(address.as_str()));
        self.targets.iter().chain(&self.excludes).filter(idle).map(|pattern| pattern.glob().glob()).collect()
    }
}

fn any(patterns: &[GlobMatcher], address: &Address) -> bool {
    patterns.iter().any(|pattern| pattern.is_match(address.as_str()))
}

fn matchers(patterns: &[String]) -> Result<Vec<GlobMatcher>, ScopeError> {
    let matcher = |pattern: &String| {
        let glob = GlobBuilder::new(pattern).literal_separator(false).build();
        glob.map(|glob| glob.compile_matcher())
            .map_err(|error| ScopeError { pattern: pattern.clone(), reason: error.kind().to_string() })
    };
    patterns.iter().map(matcher).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_cross_every_separator() {
        let scope = Scope::new(&["sync.swr/*".to_owned()], &["*:latest".to_owned()]).unwrap();
        let holds = |text: &str| scope.holds(&serde_json::from_value(text.into()).unwrap());
        assert!(holds("sync.swr/a/b:1"));
        assert!(!holds("sync.swr/a/b:latest"));
        assert!(!holds("sync.hub/a:1"));
        assert!(Scope::new(&["[".to_owned()], &[]).is_err());
    }

    #[test]
    fn a_pattern_that_matches_nothing_is_told() {
        let scope = Scope::new(&["sync.swr/*".to_owned()], &["lint.x".to_owned()]).unwrap();
        let addresses: BTreeSet<Address> = serde_json::from_str(r#"["sync.swr/a:1", "lint.y"]"#).unwrap();
        assert_eq!(scope.unmatched(&addresses), ["lint.x"]);
    }
}
