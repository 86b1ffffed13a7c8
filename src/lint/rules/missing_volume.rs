//! Practice 14: a server that keeps data, in an image that names no place for it.

use super::super::context::Context;
use super::super::example::Example;
use super::super::data::servers::{SERVERS, Server};
use super::super::images::{Kind, kind};
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "missing-volume",
    aliases: &[],
    practice: Some(14),
    level: Level::Info,
    by_policy: false,
    summary: say!(
        "a database without a volume keeps its data in the container's own layer",
        "没有数据卷的数据库把数据放在容器自己的层里"
    ),
    explanation: say!(
        "That layer is slow, and it goes with the container. VOLUME names the directory that whoever runs the image \
         has to keep. Only images are reported that start a database whose package they install themselves: bases \
         that nothing is known about may declare volumes.",
        "这一层很慢，容器删除时它也随之消失。VOLUME 写明运行镜像的人必须保存的目录。只报告启动了自己安装的数据库的镜\
         像：不了解的基础镜像可能自己声明了数据卷。"
    ),
    help: say!("add VOLUME with the directory of the data", "加上 VOLUME 和数据目录"),
    example: Example::new(
        "FROM debian:12.5\n\
         RUN apt-get update && apt-get install -y redis-server\n\
         CMD [\"redis-server\"]\n",
        "FROM debian:12.5\n\
         RUN apt-get update && apt-get install -y redis-server\n\
         VOLUME /var/lib/redis\n\
         CMD [\"redis-server\"]\n",
    ),
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
            let message =
                say!("{name} keeps its data in the container's own layer", "{name} 把数据放在容器自己的层里", name);
            let help = say!(
                "add `VOLUME {data}`, or the directory where its data really is",
                "加上 `VOLUME {data}`，或者它实际存放数据的目录",
                data
            );
            sink.report(command.span, message).help(help);
            return;
        }
    }
}
