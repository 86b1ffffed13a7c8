//! Two programs for downloads.

use std::collections::{BTreeSet, HashMap};

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;

pub(super) static RULE: Rule = Rule {
    name: "wget-and-curl",
    aliases: &["DL4001"],
    practice: None,
    level: Level::Off,
    by_policy: false,
    summary: "wget and curl do the same: an image needs one of them",
    explanation: "Two programs make the image larger and mean two sets of vulnerabilities.",
    help: "use one of them in a stage",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    let mut used: HashMap<Option<usize>, BTreeSet<&str>> = HashMap::new();
    for (index, _) in context.every(Keyword::Run) {
        let used = used.entry(context.stage_of(index)).or_default();
        let commands = &context.script(index).invocations;
        let downloads = commands.iter().filter(|command| matches!(command.program(), "wget" | "curl"));
        let mut second = downloads.filter(|command| {
            used.insert(command.program());
            used.len() > 1
        });
        if let Some(command) = second.next() {
            sink.report(command.words[0].span, "this stage uses both wget and curl");
        }
    }
}
