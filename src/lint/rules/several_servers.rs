//! Practice 1: several servers installed in one image.

use super::super::context::Context;
use super::super::data::servers::{SERVERS, Server};
use super::super::packages::{Package, system_packages};
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};

pub(super) static RULE: Rule = Rule {
    name: "several-servers",
    aliases: &[],
    practice: Some(1),
    level: Level::Warning,
    by_policy: false,
    summary: "an image with several servers is meant to run several processes",
    explanation: "Each server has its own life: its version, its configuration, its data and its need to be scaled. \
                  In one image all of them are rebuilt, restarted and exposed together.",
    help: "give each server an image of its own, and let an orchestrator connect them",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    let mut found: Vec<(&Server, Package)> = Vec::new();
    for package in context.shipped_runs().flat_map(|(_, _, script)| system_packages(script)) {
        for server in &SERVERS {
            let known = found.iter().any(|(known, _)| known.name == server.name);
            if !known && server.packages.iter().any(|pattern| package.is(pattern)) {
                found.push((server, package));
            }
        }
    }
    if let [(_, first), (_, second), others @ ..] = &found[..] {
        let message = format!("`{}` and `{}` are two servers in one image", first.name, second.name);
        let draft = sink.report(second.span, message);
        draft.label(first.span, "one server");
        for (_, other) in others {
            draft.label(other.span, "and another one");
        }
    }
}
