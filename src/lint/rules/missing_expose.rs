//! Practice 13: a server whose port is not named.

use super::super::context::Context;
use super::super::example::Example;
use super::super::data::servers::{SERVERS, Server};
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::images::{Kind, kind};
use crate::diag::{Span, say};
use crate::dockerfile::shell::Invocation;
use crate::dockerfile::{Keyword, Pair};

pub(super) static RULE: Rule = Rule {
    name: "missing-expose",
    aliases: &[],
    practice: Some(13),
    level: Level::Info,
    by_policy: false,
    summary: say!(
        "EXPOSE tells readers and tools which port the program listens on",
        "EXPOSE 告诉读者和工具程序监听哪个端口"
    ),
    explanation: say!(
        "Only images that show themselves to be servers are reported: by a port in a variable, by a health probe of a \
         local port, or by the server that they start. Bases that nothing is known about may expose ports themselves.",
        "只报告明显是服务器的镜像：变量里有端口，健康检查探测本地端口，或者启动的是已知的服务器。不了解的基础镜像可能\
         自己声明了端口。"
    ),
    help: say!("add EXPOSE with the port", "加上 EXPOSE 和端口"),
    example: Example::new(
        "FROM node:20.11-alpine\n\
         ENV PORT=8080\n\
         CMD [\"node\", \"server.js\"]\n",
        "FROM node:20.11-alpine\n\
         ENV PORT=8080\n\
         EXPOSE 8080\n\
         CMD [\"node\", \"server.js\"]\n",
    ),
    check,
};

/// What shows that the image listens: the place, and the port as far as it is known.
fn evidence(context: &Context) -> Option<(Span, String)> {
    for (index, instruction) in context.shipped() {
        let found = match *instruction.keyword {
            Keyword::Env => instruction.pairs().iter().find_map(port_variable),
            Keyword::Healthcheck => context.script(index).invocations.iter().find_map(local_port),
            Keyword::Cmd | Keyword::Entrypoint => context.script(index).invocations.iter().find_map(server),
            _ => None,
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

fn port_variable(pair: &Pair) -> Option<(Span, String)> {
    let name = pair.name.text();
    let port = pair.value.as_ref()?.value.clone()?;
    ((matches!(name, "PORT" | "APP_PORT" | "HTTP_PORT" | "SERVER_PORT" | "LISTEN_PORT")) && port.parse::<u16>().is_ok())
        .then(|| (pair.name.span(), port))
}

fn local_port(probe: &Invocation) -> Option<(Span, String)> {
    probe.arguments().iter().find_map(|word| {
        let rest = word.text().split_once("://localhost").or_else(|| word.text().split_once("://127.0.0.1"))?.1;
        let port: String = rest.strip_prefix(':')?.chars().take_while(char::is_ascii_digit).collect();
        (!port.is_empty()).then_some((word.span, port))
    })
}

fn server(command: &Invocation) -> Option<(Span, String)> {
    let known = |server: &&Server| server.programs.contains(&command.program()) && !server.port.is_empty();
    let Server { port, .. } = SERVERS.iter().find(known)?;
    // `--bind 0.0.0.0:8080`
    let bound = command.arguments().iter().find_map(|word| {
        let port = word.text().rsplit_once(':')?.1;
        port.parse::<u16>().ok().map(|_| port.to_owned())
    });
    Some((command.span, bound.unwrap_or_else(|| (*port).to_owned())))
}

fn check(context: &Context, sink: &mut Sink) {
    let exposed = context.shipped().any(|(_, instruction)| instruction.is(Keyword::Expose));
    if exposed || kind(context.final_base()) == Kind::Unknown {
        return;
    }
    if let Some((span, port)) = evidence(context) {
        let message = say!("the image listens on a port that no EXPOSE names", "镜像监听的端口没有用 EXPOSE 声明");
        let help = say!(
            "add `EXPOSE {port}`, or the port it really listens on",
            "加上 `EXPOSE {port}`，或者它实际监听的端口",
            port
        );
        sink.report(span, message).help(help);
    }
}
