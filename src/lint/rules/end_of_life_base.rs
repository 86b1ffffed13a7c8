//! Practice 6: a base that gets no fixes any more.

use super::super::context::Context;
use super::super::data::end_of_life::END_OF_LIFE;
use super::super::images::{is_release, official_tag};
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Base;

pub(super) static RULE: Rule = Rule {
    name: "end-of-life-base",
    aliases: &[],
    practice: Some(6),
    // The documents' own samples stand on such tags.
    level: Level::Off,
    by_policy: false,
    summary: "a release beyond its end of life gets no security fixes",
    explanation: "What is found in it from now on stays in it. The dates are in a table inside the program: no \
                  network is needed, and releases that it does not know are not reported. Off in the `swr` profile; \
                  `warn \"end-of-life-base\"` turns it on.",
    help: "take a release that is still supported",
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
            && let Some(word) = context.dockerfile.instructions[stage.from].words().first()
        {
            sink.report(word.span(), format!("`{name}` {release} has got no fixes since {last}"));
        }
    }
}
