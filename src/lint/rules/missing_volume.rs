//! Practice 14: a server that keeps data, in an image that names no place for it.

use super::super::context::Context;
use super::super::data::servers::{SERVERS, Server};
use super::super::images::{Kind, kind};
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;

pub(super) static RULE: Rule = Rule {
    name: "missing-volume",
    aliases: &[],
    practice: Some(14),
    level: Level::Info,
    by_policy: false,
    summary: "a database without a volume keeps its data in the container's own layer",
    explanation: "That layer is slow, and it goes with the container. VOLUME names the directory that whoever runs \
                  the image has to keep. Only images are reported that start a database whose package they install \
                  themselves: bases that nothing is known about may declare volumes.",
    help: "add VOLUME with the directory of the data",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    let declared = context.shipped().any(|(_, instruction)| instruction.is(Keyword::Volume));
    if declared || kind(context.final_base()) != Kind::System {
        return;
    }
    let commands = context
        .shipped()
        .filter(|(_, instruction)| matches!(*instruction.keyword, Keyword::Cmd | Keyword::Entrypoint));
    for command in commands.flat_map(|(index, _)| &context.script(index).invocations) {
        let started = SERVERS.iter().find(|server| server.programs.contains(&command.program()));
        if let Some(Server { name, data: Some(data), .. }) = started {
            let draft = sink.report(command.span, format!("{name} keeps its data in the container's own layer"));
            draft.help(format!("add `VOLUME {data}`, or the directory where its data really is"));
            return;
        }
    }
}
