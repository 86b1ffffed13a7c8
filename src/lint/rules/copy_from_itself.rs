//! COPY from the stage it stands in.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::latest_tag::mounted;
use crate::dockerfile::Keyword;
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "copy-from-itself",
    aliases: &["DL3023"],
    practice: None,
    level: Level::Error,
    by_policy: false,
    summary: say!("a stage cannot copy from itself: the build stops", "构建阶段不能从自己复制：构建会停止"),
    explanation: say!(
        "A stage would have to be finished before it goes on. BuildKit reports a circular dependency.",
        "阶段必须先完成才能被复制，而它还要继续。BuildKit 会报告循环依赖。"
    ),
    help: say!(
        "leave `--from` out for files of the build context, or use `RUN cp`",
        "要复制构建上下文里的文件就去掉 `--from`，否则用 `RUN cp`"
    ),
    example: Example::new(
        "FROM golang:1.22 AS build\n\
         COPY --from=build /go/bin/app /usr/bin/\n",
        "FROM golang:1.22 AS build\n\
         RUN cp /go/bin/app /usr/bin/\n",
    ),
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for (index, copy) in context.every(Keyword::Copy) {
        let Some((number, from)) = context.stage_of(index).zip(copy.flag("from")) else { continue };
        let own = context.dockerfile.stages[number].name.as_ref();
        let name = from.text();
        if name.parse() == Ok(number) || own.is_some_and(|own| own.eq_ignore_ascii_case(name)) {
            let message = say!("`{name}` is the stage that this COPY stands in", "`{name}` 正是这条 COPY 所在的构建阶段", name);
            let by_name = own.is_some_and(|own| context.dockerfile.source.slice(own.span) == from.raw.as_str());
            sink.report(from.span(), message).beyond_hadolint(!by_name);
        }
    }
    for (index, run) in context.every(Keyword::Run).filter(|(_, run)| !run.on_build) {
        let Some(stage) = context.stage_of(index) else { continue };
        let own = context.dockerfile.stages[stage].name.as_ref();
        for (place, name) in mounted(run).filter_map(|(place, name)| Some((place, name?))) {
            if own.is_some_and(|own| own.eq_ignore_ascii_case(&name)) {
                let message = say!("`{name}` is the stage that this RUN stands in", "`{name}` 正是这条 RUN 所在的构建阶段", name);
                // The build stops, which hadolint does not see.
                sink.report(place, message).aliases(&["DL1000"]);
            }
        }
    }
}
