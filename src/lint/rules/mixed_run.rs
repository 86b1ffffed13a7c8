//! Practice 3: system packages installed anew with every change of the source.

use super::super::context::Context;
use super::super::example::Example;
use super::super::packages::{PackageCommand, package_command};
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::source_copies::SourceCopies;
use super::super::work::{source_work, system_install, title};
use crate::dockerfile::Keyword;
use crate::dockerfile::shell::Script;
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "mixed-run",
    aliases: &[],
    practice: Some(3),
    level: Level::Warning,
    by_policy: false,
    summary: say!(
        "one RUN that installs system packages and works on the source does both at every change",
        "一条 RUN 既安装系统软件包又处理源代码，每次改动两样都要重做"
    ),
    explanation: say!(
        "Work that is seldom needed and work that every commit needs belong to different layers. In one RUN below the \
         COPY of the source, all packages are fetched and installed again when one line of the program changes.",
        "很少需要做的事和每次提交都要做的事应当放在不同的层。它们同在复制源代码之后的一条 RUN 里，程序改动一行，所有软\
         件包都要重新下载和安装。"
    ),
    help: say!(
        "install the system packages in a RUN of their own, above the COPY of the source",
        "在复制源代码之前，用单独的 RUN 安装系统软件包"
    ),
    example: Example::new(
        "FROM debian:12.5\n\
         COPY . /src\n\
         RUN apt-get update && apt-get install -y gcc make && make -C /src\n",
        "FROM debian:12.5\n\
         RUN apt-get update && apt-get install -y gcc make\n\
         COPY . /src\n\
         RUN make -C /src\n",
    ),
    check,
};

/// Whether the RUN takes packages away again: on their own they would stay in the layer below.
fn removes_packages(script: &Script) -> bool {
    let removes = |command: PackageCommand| {
        matches!(command.verb.text(), "autopurge" | "autoremove" | "del" | "erase" | "purge" | "remove" | "rm")
    };
    script.invocations.iter().filter_map(package_command).any(removes)
}

fn check(context: &Context, sink: &mut Sink) {
    let copies = SourceCopies::new(context);
    for (at, _) in context.every(Keyword::Run).filter(|(_, run)| !run.on_build) {
        let script = context.script(at);
        if let (Some(install), Some(other)) = (system_install(script), source_work(script))
            && let Some(copy) = copies.above(at).map(|(_, copy)| copy).or_else(|| copies.part_above(at, other))
            && !removes_packages(script)
        {
            let message = say!(
                "`{install}` runs again whenever `{other}` has to",
                "每次要运行 `{other}` 时，`{install}` 也要重新运行",
                install = install.name(),
                other = title(other)
            );
            let draft = sink.report(install.invocation.span, message);
            draft.label(other.span, say!("this needs the source", "它需要源代码"));
            draft.label(copy, say!("which is copied here", "源代码在这里复制"));
        }
    }
}
