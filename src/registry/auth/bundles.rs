//! Which scopes are asked for together: a run says what it is going to need, and one token covers it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::scope::{Access, Scope};
use crate::image::Repository;

/// Longest list of grants in one token, in bytes of JSON. The token comes along with every request, base64-encoded and
/// signed: servers that take headers of up to 8 KiB (nginx) have to take it.
const MOST_GRANTS: usize = 3 * 1024;
/// What a grant says beside the name: `{"type":"repository","name":"","actions":["pull","push"]},`
const GRANT: usize = 60;

/// Scopes of one token.
pub(super) type Bundle = Arc<[Scope]>;

/// The repositories that are going to be asked about, each with the bundle that it is in.
#[derive(Default)]
pub(super) struct Bundles(HashMap<Repository, (Access, Bundle)>);

impl Bundles {
    /// Takes in what is going to be done; what is in a bundle already stays there.
    pub(super) fn expect(&mut self, wanted: impl IntoIterator<Item = (Repository, Access)>) {
        let mut new = BTreeMap::new();
        for (repository, access) in wanted {
            if self.0.get(&repository).is_none_or(|(known, _)| *known < access) {
                new.entry(repository).and_modify(|known| *known = access.max(*known)).or_insert(access);
            }
        }
        let (mut bundle, mut bytes) = (Vec::new(), 0);
        for (repository, access) in new {
            let grant = GRANT + repository.as_str().len();
            if bytes + grant > MOST_GRANTS {
                self.add(std::mem::take(&mut bundle));
                bytes = 0;
            }
            bytes += grant;
            bundle.push((repository, access));
        }
        self.add(bundle);
    }

    fn add(&mut self, members: Vec<(Repository, Access)>) {
        let bundle: Bundle =
            members.iter().map(|(repository, access)| Scope::Repository(repository.clone(), *access)).collect();
        let members = members.into_iter().map(|(repository, access)| (repository, (access, Arc::clone(&bundle))));
        self.0.extend(members);
    }

    /// The bundle that covers all of `scopes`; without any, some bundle: every token will do.
    pub(super) fn covering(&self, scopes: &[Scope]) -> Option<Bundle> {
        let Some(first) = scopes.first() else { return self.0.values().next().map(|(_, bundle)| Arc::clone(bundle)) };
        let bundle = self.of(first)?;
        let together = scopes.iter().all(|scope| self.of(scope).is_some_and(|other| Arc::ptr_eq(other, bundle)));
        together.then(|| Arc::clone(bundle))
    }

    fn of(&self, scope: &Scope) -> Option<&Bundle> {
        let Scope::Repository(repository, access) = scope else { return None };
        self.0.get(repository).filter(|(known, _)| known >= access).map(|(_, bundle)| bundle)
    }

    /// From now on the scopes of `bundle` are asked for one by one.
    pub(super) fn split(&mut self, bundle: &[Scope]) {
        self.0.retain(|_, (_, known)| **known != *bundle);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(name: &str) -> Repository {
        name.parse().unwrap()
    }

    fn bundles(wanted: &[(&str, Access)]) -> Bundles {
        let mut bundles = Bundles::default();
        bundles.expect(wanted.iter().map(|(name, access)| (repository(name), *access)));
        bundles
    }

    #[test]
    fn what_is_needed_is_asked_for_together() {
        let (a, b, c) = (repository("a"), repository("b"), repository("c"));
        let mut bundles =
            bundles(&[("a", Access::Pull), ("b", Access::PullPush), ("a", Access::PullPush), ("b", Access::Pull)]);
        let both = bundles.covering(&[Scope::push(&a), Scope::push(&b)]).unwrap();
        assert_eq!(*both, [Scope::push(&a), Scope::push(&b)]);
        assert_eq!(bundles.covering(&[Scope::pull(&b)]).as_ref(), Some(&both));
        assert_eq!(bundles.covering(&[]), Some(both.clone()));
        assert_eq!(bundles.covering(&[Scope::pull(&c)]), None);
        assert_eq!(bundles.covering(&[Scope::Catalog]), None);
        bundles.split(&both);
        assert_eq!(bundles.covering(&[Scope::pull(&b)]), None);
    }

    #[test]
    fn what_comes_later_gets_a_token_of_its_own() {
        let (a, b) = (repository("a"), repository("b"));
        let mut bundles = bundles(&[("a", Access::Pull)]);
        bundles.expect([(a.clone(), Access::Pull), (b.clone(), Access::Pull)]);
        assert_eq!(*bundles.covering(&[Scope::pull(&a)]).unwrap(), [Scope::pull(&a)]);
        assert_eq!(*bundles.covering(&[Scope::pull(&b)]).unwrap(), [Scope::pull(&b)]);
        assert_eq!(bundles.covering(&[Scope::pull(&a), Scope::pull(&b)]), None);
        bundles.expect([(a.clone(), Access::PullPush)]);
        assert_eq!(*bundles.covering(&[Scope::pull(&a)]).unwrap(), [Scope::push(&a)]);
    }

    #[test]
    fn a_token_fits_into_a_header() {
        let mut bundles = Bundles::default();
        bundles.expect((0..1000).map(|n| (repository(&format!("bench/app-{n:04}")), Access::PullPush)));
        let lengths: Vec<usize> = bundles.0.values().map(|(_, bundle)| bundle.len()).collect();
        assert_eq!((lengths.iter().max(), lengths.iter().min()), (Some(&41), Some(&16)));
    }
}
