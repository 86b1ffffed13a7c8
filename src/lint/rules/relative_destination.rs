//! Practice 7: COPY and ADD to a relative path without WORKDIR.

use super::super::context::Context;
use super::super::example::Example;
use super::super::images::official;
use super::super::paths::is_absolute;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::{Base, Keyword};
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "relative-destination",
    aliases: &["DL3045"],
    practice: Some(7),
    level: Level::Warning,
    by_policy: false,
    summary: say!(
        "a relative destination without a WORKDIR lands wherever the base image ended",
        "没有 WORKDIR 时，相对的目标路径落在基础镜像停留的目录"
    ),
    explanation: say!(
        "Without a WORKDIR of its own the stage works in the base image's directory, mostly `/`: files of the \
         application end up among those of the system.",
        "阶段没有自己的 WORKDIR 时，在基础镜像的目录里工作，多半是 `/`：应用的文件会混进系统的文件。"
    ),
    help: say!("write a WORKDIR above, or an absolute destination", "在上方写 WORKDIR，或者使用绝对的目标路径"),
    example: Example::new(
        "FROM alpine:3.20\n\
         COPY app.conf conf/\n",
        "FROM alpine:3.20\n\
         WORKDIR /app\n\
         COPY app.conf conf/\n",
    ),
    check,
};

/// Whether the base is known to set a WORKDIR that its users count on.
fn has_workdir(base: Option<&Base>) -> bool {
    let Some(Base::Image(name)) = base else { return false };
    official(name).is_some_and(|name| matches!(name.as_str(), "golang" | "httpd" | "php" | "tomcat" | "wordpress"))
}

fn check(context: &Context, sink: &mut Sink) {
    let dockerfile = context.dockerfile;
    let mut placed = vec![false; dockerfile.stages.len()];
    for index in 0..dockerfile.stages.len() {
        placed[index] = match dockerfile.ancestry(index).nth(1) {
            Some(parent) => placed[parent],
            None => has_workdir(Some(&dockerfile.stages[index].base)),
        };
        for instruction in dockerfile.stage_instructions(index) {
            placed[index] |= instruction.is(Keyword::Workdir);
            let copies = instruction.is(Keyword::Copy) || instruction.is(Keyword::Add);
            let Some(destination) = instruction.words().last().filter(|_| copies && !placed[index]) else { continue };
            let relative = destination.value.as_deref().is_some_and(|path| !is_absolute(path));
            if relative {
                let message = say!(
                    "{keyword} to `{path}` before any WORKDIR",
                    "在任何 WORKDIR 之前 {keyword} 到 `{path}`",
                    keyword = instruction.keyword.name(),
                    path = destination.text()
                );
                sink.report(destination.span(), message).beyond_hadolint(instruction.is(Keyword::Add));
            }
        }
    }
}
