//! Users that only the image can resolve.

use std::collections::HashSet;

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "named-user",
    aliases: &["DL3066"],
    practice: None,
    level: Level::Off,
    by_policy: false,
    summary: say!("a user that is a name is known inside the image only", "用名字指定的用户只有镜像内部才知道"),
    explanation: say!(
        "Kubernetes cannot tell whether a name is root: with `runAsNonRoot` a container whose image names its user \
         does not start.",
        "Kubernetes 无法判断一个名字是不是 root：设置了 `runAsNonRoot` 时，用名字指定用户的镜像无法启动容器。"
    ),
    help: say!("write the UID", "改写为 UID"),
    example: Example::new(
        "FROM alpine:3.20\n\
         USER app\n",
        "FROM alpine:3.20\n\
         USER 10001\n",
    ),
    check,
};

/// The names in `$NAME` and `${NAME}`.
fn variables(text: &str) -> impl Iterator<Item = &str> {
    text.split('$').skip(1).map(|behind| {
        let plain = |name: &str| name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
        match behind.strip_prefix('{') {
            Some(name) => name.split('}').next().unwrap_or_default(),
            None => &behind[..plain(behind)],
        }
    })
}

fn check(context: &Context, sink: &mut Sink) {
    // hadolint trusts arguments of the build to be numbers, be they declared in another stage.
    let mut arguments = HashSet::new();
    for line in &context.dockerfile.instructions {
        if *line.keyword == Keyword::Arg {
            arguments.extend(line.pairs().iter().map(|pair| pair.name.text()));
        }
        let Some(word) = line.words().first().filter(|_| *line.keyword == Keyword::User) else { continue };
        // Nobody can tell what a variable holds; hadolint takes it for a name.
        let open = context.as_hadolint().then_some(word.raw.as_str());
        let Some(name) = word.value.as_deref().or(open) else { continue };
        let id = name.split(':').next().unwrap_or(name).trim();
        if !id.bytes().all(|byte| byte.is_ascii_digit()) {
            let message = say!("`{id}` is a name, not a UID", "`{id}` 是名字，不是 UID", id);
            sink.report(word.span(), message).beyond_hadolint(variables(word.raw.as_str()).any(|name| arguments.contains(name)));
        }
    }
}
