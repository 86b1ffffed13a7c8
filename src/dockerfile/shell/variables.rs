//! Variables that stand for whole words: `$INSTALL curl`. Others are left as they are written.

use std::collections::HashMap;

use tree_sitter::Node;

use super::super::text::Text;
use super::Script;
use super::argv::{self, Invocation};
use super::quotes::ShellWord;

/// Longest value that is filled in.
const MAX_VALUE: usize = 4 * 1024;

/// Variables that a text sets, with the value of those that it sets once and to something fixed.
#[derive(Clone, Debug, Default)]
pub(super) struct Assigned(HashMap<String, Option<String>>);

impl Assigned {
    pub(super) fn extend(&mut self, other: Self) {
        for (name, value) in other.0 {
            self.set(name, value);
        }
    }

    /// `NAME=value`, or the variable of a loop.
    pub(super) fn add(&mut self, node: Node, text: &Text) {
        let field = |name: &str| node.child_by_field_name(name).map(|child| child.byte_range());
        let Some(name) = field("name").or_else(|| field("variable")) else { return };
        let lasts = node.kind() == "variable_assignment"
            && node.parent().is_none_or(|parent| parent.kind() != "command")
            && text.as_str()[name.end..].starts_with('=');
        let value = field("value").map(|range| ShellWord::read(&text.slice(range)));
        let fixed = value.filter(|value| lasts && !value.dynamic).map(|value| value.text().to_owned());
        self.set(text.as_str()[name].to_owned(), fixed);
    }

    fn set(&mut self, name: String, value: Option<String>) {
        self.0.entry(name).and_modify(|known| *known = None).or_insert(value);
    }
}

impl Script {
    /// The same with variables filled in that are words of their own and that `lookup` or the script itself knows.
    #[must_use]
    pub fn expanded<'v>(mut self, lookup: impl Fn(&str) -> Option<&'v str>) -> Self {
        if !self.invocations.iter().any(|invocation| invocation.words.iter().any(|word| word.dynamic)) {
            return self;
        }
        let mut assigned = std::mem::take(&mut self.assigned);
        for read in self.invocations.iter().filter(|invocation| invocation.program() == "read") {
            read.operands().for_each(|name| assigned.set(name.text().to_owned(), None));
        }
        let value = |name: &str| match assigned.0.get(name) {
            Some(own) => own.clone(),
            None => lookup(name).map(str::to_owned),
        };
        self.invocations = self.invocations.into_iter().map(|invocation| expand(invocation, &value)).collect();
        self.assigned = assigned;
        self
    }
}

/// The command with its variables filled in, unless nothing would be left of it.
fn expand(invocation: Invocation, value: &impl Fn(&str) -> Option<String>) -> Invocation {
    if !invocation.words.iter().any(|word| word.dynamic) {
        return invocation;
    }
    let words = invocation.wrappers.iter().chain(&invocation.words);
    let words: Vec<_> = words.flat_map(|word| fill(word, value).unwrap_or_else(|| vec![word.clone()])).collect();
    argv::unwrap(words).map_or(invocation, |(expanded, _)| expanded)
}

fn fill(word: &ShellWord, value: &impl Fn(&str) -> Option<String>) -> Option<Vec<ShellWord>> {
    let name = word.text().strip_prefix('$').filter(|_| word.dynamic)?;
    let name = name.strip_prefix('{').and_then(|name| name.strip_suffix('}')).unwrap_or(name);
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let value = value(name).filter(|value| plain && value.len() <= MAX_VALUE && !value.contains(['$', '`']))?;
    let quoted = word.span.len() > word.text().len();
    let parts: Vec<&str> = if quoted { vec![&value] } else { value.split_whitespace().collect() };
    Some(parts.into_iter().map(|part| word.replaced(part)).collect())
}
