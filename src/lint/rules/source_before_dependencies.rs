//! Practice 11: the whole source copied before what seldom changes is installed.

use std::collections::HashSet;

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::source_copies::SourceCopies;
use super::super::work::{manifests, source_work, system_install, title};
use crate::dockerfile::Keyword;

pub(super) static RULE: Rule = Rule {
    name: "source-before-dependencies",
    aliases: &[],
    practice: Some(11),
    level: Level::Warning,
    by_policy: false,
    summary: "with the whole source copied first, every change of it installs all dependencies again",
    explanation: "A COPY whose files changed makes the cache of all instructions below it useless. Dependencies \
                  change seldom and take long to install: copy the files that name them, install, and copy the rest \
                  afterwards. Bind mounts of these files serve as well, and a cache mount makes the work cheap.",
    help: "copy the files that name the dependencies first, install, then copy the rest",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    let copies = SourceCopies::new(context);
    // A second time is cheap, and the first may be above the COPY, where it belongs.
    let mut installed = HashSet::new();
    for (at, _) in context.every(Keyword::Run).filter(|(_, run)| !run.on_build) {
        let (script, copy) = (context.script(at), copies.above(at));
        for command in &script.invocations {
            let Some(files) = manifests(command) else { continue };
            let first = installed.insert((context.root_of(at), command.program()));
            if let Some(copy) = copy.filter(|_| first) {
                let message = format!("`{}` runs again at every change of the source", title(command));
                let draft = sink.report(command.span, message);
                draft.label(copy, "the whole source is copied here");
                draft.help(format!("write `COPY {files} ./` above this RUN, and copy the rest below it"));
            }
        }
        let install = system_install(script).filter(|_| source_work(script).is_none());
        if let Some((install, copy)) = install.zip(copy) {
            let message = format!("`{}` runs again at every change of the source", install.name());
            let draft = sink.report(install.invocation.span, message);
            draft.label(copy, "the whole source is copied here").help("move this RUN above the COPY");
        }
    }
}
