//! `--target` and `--exclude`: a part of a plan, by address.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::address::Address;

/// Which addresses are in the plan; the default is all of them.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    targets: Option<GlobSet>,
    excludes: Option<GlobSet>,
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
        Ok(Self { targets: glob_set(targets)?, excludes: glob_set(excludes)? })
    }

    #[must_use]
    pub const fn is_partial(&self) -> bool {
        self.targets.is_some() || self.excludes.is_some()
    }

    /// Is a step in the plan for its own sake?
    #[must_use]
    pub fn holds(&self, address: &Address) -> bool {
        let matches = |set: &GlobSet| set.is_match(address.as_str());
        self.targets.as_ref().is_none_or(matches) && !self.excludes(address)
    }

    /// Is it excluded, and with it all that depends on it?
    #[must_use]
    pub fn excludes(&self, address: &Address) -> bool {
        self.excludes.as_ref().is_some_and(|set| set.is_match(address.as_str()))
    }
}

fn glob_set(patterns: &[String]) -> Result<Option<GlobSet>, ScopeError> {
    if patterns.is_empty() {
        return Ok(None);
    }
    let mut set = GlobSetBuilder::new();
    let error = |pattern: &str, error: &globset::Error| ScopeError {
        pattern: pattern.to_owned(),
        reason: error.kind().to_string(),
    };
    for pattern in patterns {
        set.add(GlobBuilder::new(pattern).literal_separator(false).build().map_err(|e| error(pattern, &e))?);
    }
    set.build().map(Some).map_err(|e| error(&patterns.join(" "), &e))
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
}
