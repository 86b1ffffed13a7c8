//! Practices 7, 8 and 16: instructions of which the last one counts.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "repeated-instruction",
    aliases: &["DL3012", "DL4003", "DL4004", "MultipleInstructionsDisallowed"],
    practice: Some(16),
    level: Level::Warning,
    by_policy: false,
    summary: say!(
        "of several CMD, ENTRYPOINT or HEALTHCHECK in a stage only the last one counts",
        "一个阶段里有多个 CMD、ENTRYPOINT 或 HEALTHCHECK 时，只有最后一个有效"
    ),
    explanation: say!(
        "The ones above are without effect; whoever reads the first believes it.",
        "前面的都不起作用；谁读到第一个，就会信以为真。"
    ),
    help: say!("keep the last one and delete the others", "保留最后一个，删除其余的"),
    example: Example::new(
        "FROM nginx:1.27\n\
         CMD [\"nginx\"]\n\
         CMD [\"nginx\", \"-g\", \"daemon off;\"]\n",
        "FROM nginx:1.27\n\
         CMD [\"nginx\", \"-g\", \"daemon off;\"]\n",
    ),
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    let kinds: [(Keyword, &[&str]); 3] = [
        (Keyword::Healthcheck, &["DL3012", "MultipleInstructionsDisallowed"]),
        (Keyword::Cmd, &["DL4003", "MultipleInstructionsDisallowed"]),
        (Keyword::Entrypoint, &["DL4004", "MultipleInstructionsDisallowed"]),
    ];
    for stage in 0..context.dockerfile.stages.len() {
        for (keyword, aliases) in kinds {
            let all = context.dockerfile.stage_instructions(stage).iter().filter(|line| line.is(keyword));
            let mut spans: Vec<_> = all.map(|line| line.keyword.span).collect();
            if context.as_hadolint() {
                for span in spans.into_iter().skip(1) {
                    let keyword = keyword.name();
                    let message = say!("{keyword} stands here once more", "{keyword} 在这里重复出现", keyword);
                    sink.report(span, message).aliases(aliases);
                }
                continue;
            }
            let Some(last) = spans.pop() else { continue };
            for span in spans {
                let message = say!(
                    "this {keyword} is without effect: another one follows",
                    "这个 {keyword} 不起作用：后面还有一个",
                    keyword = keyword.name()
                );
                sink.report(span, message).label(last, say!("this one counts", "这一个有效")).aliases(aliases);
            }
        }
    }
}
