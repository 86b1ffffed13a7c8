//! Users that only the image can resolve.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;

pub(super) static RULE: Rule = Rule {
    name: "named-user",
    aliases: &["DL3066"],
    practice: None,
    level: Level::Off,
    by_policy: false,
    summary: "a user that is a name is known inside the image only",
    explanation: "Kubernetes cannot tell whether a name is root: with `runAsNonRoot` a container whose image names its \
                  user does not start.",
    help: "write the UID",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for (_, user) in context.every(Keyword::User) {
        let Some(word) = user.words().first() else { continue };
        let Some(name) = word.value.as_deref() else { continue };
        let id = name.split(':').next().unwrap_or(name).trim();
        if !id.bytes().all(|byte| byte.is_ascii_digit()) {
            sink.report(word.span(), format!("`{id}` is a name, not a UID"));
        }
    }
}
