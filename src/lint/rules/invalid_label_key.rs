//! Label keys that others cannot use.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "invalid-label-key",
    aliases: &["DL3048"],
    practice: None,
    level: Level::Off,
    by_policy: false,
    summary: say!("label keys are lower case, and some prefixes are reserved", "LABEL 的键用小写，有些前缀是保留的"),
    explanation: say!(
        "Docker's guidelines: a key begins with a lower-case letter, holds letters, digits, dots, hyphens, underscores \
         and slashes, never two dots or hyphens in a row, and ends with a letter or digit. `com.docker.`, `io.docker.` \
         and `org.dockerproject.` are Docker's own.",
        "Docker 的约定：键以小写字母开头，由字母、数字、点、连字符、下划线和斜杠组成，点和连字符都不能连续出现两次，\
         末尾是字母或数字。`com.docker.`、`io.docker.` 和 `org.dockerproject.` 归 Docker 所有。"
    ),
    help: say!("write the key in lower case, below a domain of your own", "键改用小写，放在自己的域名之下"),
    example: Example::new(
        "FROM alpine:3.20\n\
         LABEL Com.Example.Team=\"payments\"\n",
        "FROM alpine:3.20\n\
         LABEL com.example.team=\"payments\"\n",
    ),
    check,
};

const RESERVED: [&str; 3] = ["com.docker.", "io.docker.", "org.dockerproject."];

fn is_valid(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_lowercase())
        && !key.ends_with(['.', '-', '_', '/'])
        && key.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'_' | b'/')
        })
        && !["..", "--"].iter().any(|pair| key.contains(pair))
}

fn check(context: &Context, sink: &mut Sink) {
    for (_, label) in context.every(Keyword::Label) {
        for name in label.pairs().iter().map(|pair| &pair.name) {
            // hadolint fills in no variables, and a key cannot hold a `$`.
            let open = Some(name.raw.as_str()).filter(|raw| context.as_hadolint() && raw.contains('$'));
            let Some(key) = open.or(name.value.as_deref()) else { continue };
            if RESERVED.iter().any(|prefix| key.starts_with(prefix)) {
                sink.report(name.span(), say!("the prefix of `{key}` is Docker's own", "`{key}` 的前缀归 Docker 所有", key));
            } else if !is_valid(key) {
                let message = say!("`{key}` is no good key for a label", "`{key}` 不适合用作 LABEL 的键", key);
                sink.report(name.span(), message);
            }
        }
    }
}
