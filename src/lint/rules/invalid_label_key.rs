//! Label keys that others cannot use.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;

pub(super) static RULE: Rule = Rule {
    name: "invalid-label-key",
    aliases: &["DL3048"],
    practice: None,
    level: Level::Off,
    by_policy: false,
    summary: "label keys are lower case, and some prefixes are reserved",
    explanation: "Docker's guidelines: a key begins with a lower-case letter, holds letters, digits, dots, hyphens, \
                  underscores and slashes, never two separators in a row and none at its end. `com.docker.`, \
                  `io.docker.` and `org.dockerproject.` are Docker's own.",
    help: "write the key in lower case, below a domain of your own",
    check,
};

const RESERVED: [&str; 3] = ["com.docker.", "io.docker.", "org.dockerproject."];

fn is_valid(key: &str) -> bool {
    let separator = |byte: u8| matches!(byte, b'.' | b'-');
    key.starts_with(|c: char| c.is_ascii_lowercase())
        && !key.ends_with(['.', '-', '_', '/'])
        && key.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'_' | b'/')
        })
        && !key.as_bytes().windows(2).any(|pair| separator(pair[0]) && separator(pair[1]))
}

fn check(context: &Context, sink: &mut Sink) {
    for (_, label) in context.every(Keyword::Label) {
        for name in label.pairs().iter().map(|pair| &pair.name) {
            let Some(key) = name.value.as_deref() else { continue };
            if RESERVED.iter().any(|prefix| key.starts_with(prefix)) {
                sink.report(name.span(), format!("the prefix of `{key}` is Docker's own"));
            } else if !is_valid(key) {
                sink.report(name.span(), format!("`{key}` is no good key for a label"));
            }
        }
    }
}
