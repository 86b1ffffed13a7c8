//! Practice 1: several servers installed in one image.

use super::super::context::Context;
use super::super::example::Example;
use super::super::data::servers::{SERVERS, Server};
use super::super::packages::{Package, system_packages};
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "several-servers",
    aliases: &[],
    practice: Some(1),
    level: Level::Warning,
    by_policy: false,
    summary: say!(
        "an image with several servers is meant to run several processes",
        "装有多个服务器的镜像注定要运行多个进程"
    ),
    explanation: say!(
        "Each server has its own life: its version, its configuration, its data and its need to be scaled. In one \
         image all of them are rebuilt, restarted and exposed together.",
        "每个服务器有自己的版本、配置、数据和扩缩需求。放在一个镜像里，它们就一起重新构建、一起重启、一起暴露。"
    ),
    help: say!(
        "give each server an image of its own, and let an orchestrator connect them",
        "每个服务器用自己的镜像，由编排系统连接它们"
    ),
    example: Example::new(
        "FROM debian:12.5\n\
         RUN apt-get update && apt-get install -y nginx redis-server\n",
        "FROM debian:12.5\n\
         RUN apt-get update && apt-get install -y nginx\n",
    ),
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    let mut found: Vec<(&Server, Package)> = Vec::new();
    let starts_sshd = ["sshd", "ssh-keygen -A"].iter().any(|word| context.dockerfile.source.text().contains(word));
    for package in context.shipped_runs().flat_map(|(_, _, script)| system_packages(script)) {
        for server in &SERVERS {
            let known = found.iter().any(|(known, _)| known.name == server.name);
            // Alpine's package is the client, too.
            let both = server.name == "sshd" && package.is("apk:openssh") && starts_sshd;
            if !known && (both || server.packages.iter().any(|pattern| package.is(pattern))) {
                found.push((server, package));
            }
        }
    }
    if let [(_, first), (_, second), others @ ..] = &found[..] {
        let message = say!(
            "`{one}` and `{other}` are two servers in one image",
            "`{one}` 和 `{other}` 是同一个镜像里的两个服务器",
            one = first.name,
            other = second.name
        );
        let draft = sink.report(second.span, message);
        draft.label(first.span, say!("one server", "一个服务器"));
        for (_, other) in others {
            draft.label(other.span, say!("and another one", "又一个"));
        }
    }
}
