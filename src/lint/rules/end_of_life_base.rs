//! Practice 6: a base that gets no fixes any more.

use super::super::context::Context;
use super::super::example::Example;
use super::super::data::end_of_life::END_OF_LIFE;
use super::super::images::{is_release, official_tag};
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Base;
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "end-of-life-base",
    aliases: &[],
    practice: Some(6),
    // The documents' own samples stand on such tags.
    level: Level::Off,
    by_policy: false,
    summary: say!("a release beyond its end of life gets no security fixes", "已经停止维护的版本不再有安全修复"),
    explanation: say!(
        "What is found in it from now on stays in it. The dates are in a table inside the program: no network is \
         needed, and releases that it does not know are not reported. Off in the `swr` profile; `warn \
         \"end-of-life-base\"` turns it on.",
        "从现在起发现的漏洞会一直留在里面。日期来自程序内置的表：不需要网络，表里没有的版本不报告。在 `swr` 配置集中关\
         闭；用 `warn \"end-of-life-base\"` 打开。"
    ),
    help: say!("take a release that is still supported", "换用仍在维护的版本"),
    example: Example::new(
        "FROM debian:10\n",
        "FROM debian:12.5\n",
    ),
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for stage in &context.dockerfile.stages {
        let Base::Image(image) = &stage.base else { continue };
        let Some((name, tag)) = official_tag(image) else { continue };
        let releases = END_OF_LIFE.iter().find(|(image, _)| *image == name).map_or(&[][..], |(_, releases)| releases);
        let found = releases.iter().find(|(release, _)| is_release(&tag, release));
        if let Some((release, last)) = found
            && *last < context.today
            && let Some(word) = context.dockerfile.image_of(stage)
        {
            let message = say!(
                "`{name}` {release} has got no fixes since {last}",
                "`{name}` {release} 自 {last} 起不再有修复",
                name,
                release,
                last
            );
            sink.report(word.span(), message);
        }
    }
}
