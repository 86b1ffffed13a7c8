//! Practice 3: RUNs in a row that have to run again at the same times.

use super::super::context::Context;
use super::super::example::Example;
use super::super::fix::merged;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::stage_shell::is_posix;
use super::super::work::{Work, work_of};
use crate::dockerfile::shell::{Invocation, Script};
use crate::dockerfile::{Instruction, Keyword};
use crate::diag::{Wording, say};

pub(super) static RULE: Rule = Rule {
    name: "consecutive-runs",
    aliases: &["DL3059"],
    practice: Some(3),
    level: Level::Info,
    by_policy: false,
    summary: say!("RUNs in a row of like frequency are one layer's work", "连续且变化频率相同的 RUN 应当是一层"),
    explanation: say!(
        "Every RUN makes a layer, and what an earlier one leaves behind no later one takes out. RUNs that change at \
         the same times gain nothing from being apart. RUNs that install system packages, install dependencies and \
         build the source change at different times: those are not reported.",
        "每条 RUN 产生一层，前一层留下的东西后一层拿不走。变化时机相同的 RUN 分开没有好处。安装系统软件包、安装依赖和\
         构建源代码的 RUN 变化时机不同：这些不报告。"
    ),
    help: say!("join them with `&&`, or in one here-document", "用 `&&` 连接，或者写进同一个 here-document"),
    example: Example::new(
        "FROM alpine:3.20\n\
         RUN apk add --no-cache curl\n\
         RUN apk add --no-cache git\n",
        "FROM alpine:3.20\n\
         RUN apk add --no-cache curl git\n",
    ),
    check,
};

const JOINABLE: Wording = say!("this RUN and the one above it can be one", "这条 RUN 可以与上一条合并");
const ABOVE: Wording = say!("the one above", "上一条");

/// Longest RUN, in bytes, that RUNs are made one of: nobody reads more, and a shell may not take it.
const LONGEST: usize = 8 * 1024;

/// Mounts, network and rights, as written.
fn flags(context: &Context, run: &Instruction) -> Vec<String> {
    let text = context.dockerfile.source.text();
    run.flags.iter().filter_map(|flag| text.get(flag.span.range())).map(str::to_owned).collect()
}

fn is_substitution(command: &Invocation) -> bool {
    ["$(", "`"].iter().any(|open| command.words[0].text().starts_with(open))
}

/// Whether there is one command at most; what `sh -c` runs belongs to it, and a substitution is only what it runs.
fn is_single(script: &Script) -> bool {
    let mut carried = 0;
    let mut commands = script.invocations.iter().filter(|command| {
        let own = command.span.start >= carried && !is_substitution(command);
        if own && is_posix(command.program()) {
            carried = command.span.end;
        }
        own
    });
    commands.nth(1).is_none()
}

/// hadolint's own condition: two RUNs, one right below the other, of one command each.
fn check_as_hadolint(context: &Context, sink: &mut Sink) {
    let instructions = &context.dockerfile.instructions;
    let single = |at: usize| {
        instructions[at].is(Keyword::Run) && context.shell(at).posix().is_some() && is_single(context.script(at))
    };
    for at in 1..instructions.len() {
        let (above, run) = (&instructions[at - 1], &instructions[at]);
        if single(at - 1) && single(at) && flags(context, above) == flags(context, run) {
            let draft = sink.report(run.keyword.span, JOINABLE);
            draft.label(above.keyword.span, ABOVE);
        }
    }
}

fn check(context: &Context, sink: &mut Sink) {
    if context.as_hadolint() {
        check_as_hadolint(context, sink);
        return;
    }
    for stage in &context.dockerfile.stages {
        let mut before: Option<(usize, Work)> = None;
        let mut length = 0;
        for at in stage.instructions.clone() {
            let run = &context.dockerfile.instructions[at];
            let work = if run.is(Keyword::Run) { work_of(context.script(at)) } else { None };
            length += run.span.len();
            if let (Some((first, known)), Some(work)) = (before, work)
                && known == work
                && context.is_shipped(at)
                && flags(context, &context.dockerfile.instructions[first]) == flags(context, run)
            {
                let message = match work {
                    Work::Other => JOINABLE,
                    _ => say!(
                        "this RUN and the one above it both work on {work}",
                        "这条 RUN 与上一条处理的都是{work}",
                        work = work.name()
                    ),
                };
                let above = context.dockerfile.instructions[first].keyword.span;
                let fix = if length > LONGEST { None } else { merged(context, first, at) };
                // One that stays alone is the first of the next.
                length = if fix.is_some() { length } else { run.span.len() };
                sink.report(run.keyword.span, message).label(above, ABOVE).fix(fix);
            } else {
                length = run.span.len();
            }
            before = work.map(|work| (at, work));
        }
    }
}
