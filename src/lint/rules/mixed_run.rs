//! Practice 3: system packages installed anew with every change of the source.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::source_copies::SourceCopies;
use super::super::work::{source_work, system_install, title};
use crate::dockerfile::Keyword;

pub(super) static RULE: Rule = Rule {
    name: "mixed-run",
    aliases: &[],
    practice: Some(3),
    level: Level::Warning,
    by_policy: false,
    summary: "one RUN that installs system packages and works on the source does both at every change",
    explanation: "Work that is seldom needed and work that every commit needs belong to different layers. In one RUN \
                  below the COPY of the source, all packages are fetched and installed again when one line of the \
                  program changes.",
    help: "install the system packages in a RUN of their own, above the COPY of the source",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    let copies = SourceCopies::new(context);
    for (at, _) in context.every(Keyword::Run).filter(|(_, run)| !run.on_build) {
        let script = context.script(at);
        if let (Some(copy), Some(install), Some(other)) =
            (copies.above(at), system_install(script), source_work(script))
        {
            let message = format!(
                "`{}` runs again whenever `{}` has to",
                install.name(),
                title(other),
            );
            let draft = sink.report(install.invocation.span, message);
            draft.label(other.span, "this needs the source").label(copy, "which is copied here");
        }
    }
}
