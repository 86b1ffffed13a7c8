//! Images for another platform than the build asks for.

use super::super::bases::{Offer, Pulled, pulled};
use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::diag::{Wording, say};
use crate::image::Platform;

pub(in super::super) static RULE: Rule = Rule {
    name: "wrong-base-platform",
    aliases: &["InvalidBaseImagePlatform"],
    practice: None,
    level: Level::Error,
    by_policy: false,
    summary: say!("the image is not for the platform that is built for", "镜像不适用于要构建的平台"),
    explanation: say!(
        "A single image is taken whatever the platform: its programs fail with `exec format error`, or run under \
         emulation, and the image that is built says a platform that it is not for. Where an index lacks the platform, the \
         build stops. What images are for, their registries tell: the rule speaks where they are asked (`swrctl lint \
         --online`, or `online true` in a `dockerfiles` section), and for a FROM without `--platform` where the policy says \
         what is built for (`--platform linux/amd64`, `platforms \"linux/amd64\"`). Which machine builds \
         (`$BUILDPLATFORM`) is not known.",
        "单个镜像不论平台都会被采用：其中的程序会报 `exec format error`，或者在模拟下运行，构建出的镜像还会标上不相符的平\
         台。如果索引里没有所需的平台，构建就会停止。镜像适用于哪些平台要问镜像仓库：只有查询时（`swrctl lint \
         --online`，或者 `dockerfiles` 小节里写 `online true`）这条规则才会报告；没有 `--platform` 的 FROM，还要策略说明为\
         哪些平台构建（`--platform linux/amd64`、`platforms \"linux/amd64\"`）。由哪台机器构建（`$BUILDPLATFORM`）无从得知。"
    ),
    help: say!(
        "take an image that is for this platform, or build for one that the image has",
        "换用适用于该平台的镜像，或者为镜像具有的平台构建"
    ),
    example: Example::new(
        "# registry.example says that this one is for linux/arm64\n\
         FROM --platform=linux/amd64 registry.example/tools:1.4-arm64\n",
        "FROM --platform=linux/arm64 registry.example/tools:1.4-arm64\n",
    ).under("online true"),
    check,
};

fn list<'p>(platforms: impl IntoIterator<Item = &'p Platform>) -> Wording {
    const SHOWN: usize = 12;
    let mut names: Vec<_> = platforms.into_iter().map(Platform::to_string).collect();
    let others = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    let names = Wording::joined(names, &say!(", ", "、"));
    if others == 0 { names } else { say!("{names} and {others} others", "{names} 等另外 {others} 个平台", names, others) }
}

fn check(context: &Context, sink: &mut Sink) {
    for Pulled { image, span, said, wanted } in pulled(context.dockerfile, context.policy) {
        let Some(known) = context.build.bases.get(&image) else { continue };
        let lacking: Vec<_> = wanted.iter().filter(|platform| !known.offer.serves(platform)).collect();
        if lacking.is_empty() {
            continue;
        }
        let message = say!(
            "`{image}` is for {offered}, not for {lacking}",
            "`{image}` 适用于 {offered}，不适用于 {lacking}",
            image = context.dockerfile.source.slice(span),
            offered = list(known.offer.platforms()),
            lacking = list(lacking.iter().copied())
        );
        let draft = sink.report(span, message);
        if let Some(said) = said {
            draft.label(said, say!("asked for here", "在这里要求"));
        }
        if let Offer::Only(platform) = &known.offer {
            draft.soften(Level::Warning);
            // BuildKit leaves the variant of a single image alone.
            if lacking.iter().all(|lacking| lacking.is_kind_of(platform)) {
                draft.aliases(&[]);
            }
        }
    }
}
