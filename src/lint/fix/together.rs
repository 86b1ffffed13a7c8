//! Which fixes can be made at once.

use std::collections::BTreeMap;

use super::{Effect, Fix};

/// Fixes that are made at once: a further one may join where it is apart from all of them.
#[derive(Debug, Default)]
pub(super) struct Together {
    /// Starts and ends of their edits, which are apart from each other.
    edits: BTreeMap<usize, usize>,
    creates: bool,
    effect: Effect,
}

impl Together {
    pub(super) fn of<'f>(fixes: impl IntoIterator<Item = &'f Fix>) -> Self {
        let mut together = Self::default();
        fixes.into_iter().for_each(|fix| together.add(fix));
        together
    }

    pub(super) fn add(&mut self, fix: &Fix) {
        for edit in &fix.edits {
            let end = self.edits.entry(edit.span.start).or_default();
            *end = edit.span.end.max(*end);
        }
        self.creates |= fix.creates.is_some();
        if fix.effect != Effect::None {
            self.effect = fix.effect;
        }
    }

    /// Whether the fix can be made with them; edits that only touch each other may mean different things together.
    pub(super) fn admits(&self, fix: &Fix) -> bool {
        let alike = [fix.effect, Effect::None].contains(&self.effect) || fix.effect == Effect::None;
        let apart =
            |start: usize, end: usize| self.edits.range(..=end).next_back().is_none_or(|(_, last)| *last < start);
        alike
            && !(self.creates && fix.creates.is_some())
            && fix.edits.iter().all(|edit| apart(edit.span.start, edit.span.end))
    }
}
