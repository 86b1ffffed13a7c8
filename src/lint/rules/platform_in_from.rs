//! FROM bound to one platform.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "platform-in-from",
    aliases: &["DL3029", "FromPlatformFlagConstDisallowed"],
    practice: None,
    level: Level::Info,
    by_policy: false,
    summary: say!("a fixed platform builds one image for all platforms", "写死的平台会让所有平台都用同一个镜像"),
    explanation: say!(
        "With `--platform=linux/amd64` a build for arm64 yields an amd64 image. `$BUILDPLATFORM` is for stages that \
         run on the builder and cross-compile. A stage whose name says its platform is meant so.",
        "写了 `--platform=linux/amd64` 之后，为 arm64 构建得到的仍是 amd64 镜像。`$BUILDPLATFORM` 用于在构建机上运行、\
         交叉编译的阶段。名字里写明平台的阶段是有意为之。"
    ),
    help: say!(
        "leave --platform out and choose the platform with `docker build --platform`",
        "去掉 --platform，用 `docker build --platform` 选择平台"
    ),
    example: Example::new(
        "FROM --platform=linux/amd64 alpine:3.20\n",
        "FROM alpine:3.20\n",
    ),
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for (_, from) in context.every(Keyword::From) {
        let Some(platform) = from.flag("platform") else { continue };
        let raw = platform.raw.as_str();
        if raw.is_empty() || raw.contains("BUILDPLATFORM") || raw.contains("TARGETPLATFORM") {
            continue;
        }
        let name = from.words().get(2).map(|name| name.text().to_ascii_lowercase());
        let said = name.is_some_and(|name| raw.split('/').take(2).any(|part| name.contains(&part.to_ascii_lowercase())));
        let message = say!("FROM is bound to the platform `{platform}`", "FROM 写死了平台 `{platform}`", platform = raw);
        let draft = sink.report(platform.span(), message);
        if said || raw.contains('$') {
            draft.aliases(&["DL3029"]);
        }
    }
}
