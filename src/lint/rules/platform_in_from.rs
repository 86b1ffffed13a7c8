//! FROM bound to one platform.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;

pub(super) static RULE: Rule = Rule {
    name: "platform-in-from",
    aliases: &["DL3029", "FromPlatformFlagConstDisallowed"],
    practice: None,
    level: Level::Info,
    by_policy: false,
    summary: "a fixed platform builds one image for all platforms",
    explanation: "With `--platform=linux/amd64` a build for arm64 yields an amd64 image. `$BUILDPLATFORM` is for \
                  stages that run on the builder and cross-compile. A stage whose name says its platform is meant so.",
    help: "leave --platform out and choose the platform with `docker build --platform`",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for (_, from) in context.every(Keyword::From) {
        let Some(platform) = from.flag("platform") else { continue };
        let raw = platform.raw.as_str();
        if raw.contains("BUILDPLATFORM") || raw.contains("TARGETPLATFORM") {
            continue;
        }
        let name = from.words().get(2).map(|name| name.text().to_ascii_lowercase());
        let said = name.is_some_and(|name| raw.split('/').any(|part| name.contains(&part.to_ascii_lowercase())));
        let draft = sink.report(platform.span(), format!("FROM is bound to the platform `{raw}`"));
        if said || raw.contains('$') {
            draft.aliases(&["DL3029"]);
        }
    }
}
