//! Practice 11: the whole source copied before what seldom changes is installed.

use std::cell::LazyCell;
use std::collections::HashSet;

use super::super::context::Context;
use super::super::example::Example;
use super::super::fix::copied_below;
use super::super::manifests::Sources;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::source_copies::SourceCopies;
use super::super::work::{manifests, option_to_leave_project_out, source_work, system_install, title};
use crate::dockerfile::Keyword;
use crate::diag::{Wording, say};

pub(super) static RULE: Rule = Rule {
    name: "source-before-dependencies",
    aliases: &[],
    practice: Some(11),
    level: Level::Warning,
    by_policy: false,
    summary: say!(
        "with the whole source copied first, every change of it installs all dependencies again",
        "先复制全部源代码，源代码的每次改动都会重新安装所有依赖"
    ),
    explanation: say!(
        "A COPY whose files changed makes the cache of all instructions below it useless. Dependencies change seldom \
         and take long to install: copy the files that name them, install, and copy the rest afterwards. Bind mounts \
         of these files serve as well, and a cache mount makes the work cheap.",
        "COPY 的文件一有变化，后面所有指令的缓存都作废。依赖很少变化，安装却很慢：先复制列出依赖的文件，安装，然后再复\
         制其余的。对这些文件使用绑定挂载也可以，缓存挂载则使这项工作变得便宜。"
    ),
    help: say!(
        "copy the files that name the dependencies first, install, then copy the rest",
        "先复制列出依赖的文件，安装，再复制其余的"
    ),
    example: Example::new(
        "FROM node:20.11-alpine\n\
         WORKDIR /app\n\
         COPY . .\n\
         RUN npm ci\n",
        "FROM node:20.11-alpine\n\
         WORKDIR /app\n\
         COPY package*.json ./\n\
         RUN npm ci\n\
         COPY . .\n",
    ),
    check,
};

fn runs_again(command: &str) -> Wording {
    say!("`{command}` runs again at every change of the source", "源代码每次改动都会重新运行 `{command}`", command)
}

fn check(context: &Context, sink: &mut Sink) {
    let copies = SourceCopies::new(context);
    let sources = LazyCell::new(|| Sources::new(context));
    // A second time is cheap, and the first may be above the COPY, where it belongs.
    let mut installed = HashSet::new();
    for (at, _) in context.every(Keyword::Run).filter(|(_, run)| !run.on_build) {
        let (script, copy) = (context.script(at), copies.above(at));
        for command in &script.invocations {
            let Some(files) = manifests(command) else { continue };
            let first = installed.insert((context.root_of(at), command.program()));
            if let Some((index, copy)) = copy.filter(|_| first) {
                let draft = sink.report(command.span, runs_again(&title(command)));
                draft.fix((*sources).and_then(|sources| copied_below(context, sources, index, at)));
                draft.label(copy, say!("the whole source is copied here", "在这里复制全部源代码"));
                draft.help(match option_to_leave_project_out(command) {
                    None => say!(
                        "write `COPY {files} ./` above this RUN, and copy the rest below it",
                        "在这条 RUN 上方写 `COPY {files} ./`，在下方复制其余的",
                        files
                    ),
                    Some(option) => say!(
                        "write `COPY {files} ./` and the command with `{option}` above, and this RUN below the copy of the rest",
                        "在上方写 `COPY {files} ./` 和带 `{option}` 的命令，把这条 RUN 留在复制其余文件之后",
                        files,
                        option
                    ),
                });
            }
        }
        let install = system_install(script).filter(|_| source_work(script).is_none());
        if let Some((install, (index, copy))) = install.zip(copy) {
            let draft = sink.report(install.invocation.span, runs_again(&install.name()));
            draft.fix((*sources).and_then(|sources| copied_below(context, sources, index, at)));
            draft.label(copy, say!("the whole source is copied here", "在这里复制全部源代码"));
            draft.help(say!("move this RUN above the COPY", "把这条 RUN 移到 COPY 上方"));
        }
    }
}
