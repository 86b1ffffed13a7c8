//! The words of a command line, when all of its options are known.

use crate::dockerfile::shell::{Invocation, ShellWord};

/// Options that make a tool read no further file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options {
    /// By themselves, or with `=value`.
    pub(super) flags: &'static [&'static str],
    /// With a value: behind `=`, or the next word.
    pub(super) valued: &'static [&'static str],
    /// With the address of another host, in the same way: what else stands there may be a folder.
    pub(super) urls: &'static [&'static str],
}

/// The operands behind the first `verbs` words; none where an option is not known, or its value is a path.
pub(super) fn operands<'w>(command: &'w Invocation, verbs: usize, options: &Options) -> Option<Vec<&'w str>> {
    let mut words = command.arguments().iter().map(ShellWord::text);
    let mut found = Vec::new();
    while let Some(word) = words.next() {
        if !word.starts_with('-') || word.len() == 1 {
            found.push(word);
            continue;
        }
        let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
        let url = options.urls.contains(&name);
        let value = if url || options.valued.contains(&name) {
            value.or_else(|| words.next())
        } else if options.flags.contains(&name) {
            value.or(Some(""))
        } else {
            None
        };
        value.filter(|value| is_url(value) || !url && !value.contains('/'))?;
    }
    (found.len() >= verbs).then(|| found.split_off(verbs))
}

fn is_url(value: &str) -> bool {
    value.starts_with("https://") || value.starts_with("http://")
}
