//! Stage names in upper case.

use super::super::context::Context;
use super::super::example::Example;
use super::super::fix::Fix;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "stage-name-casing",
    aliases: &["StageNameCasing"],
    practice: None,
    level: Level::Off,
    by_policy: false,
    summary: say!("stage names are written in lower case", "构建阶段的名字用小写"),
    explanation: say!(
        "Names of stages do not tell upper case from lower; in lower case nobody takes them for instructions or \
         arguments.",
        "阶段名不区分大小写；写成小写，就不会有人把它当作指令或参数。"
    ),
    help: say!("write the name in lower case", "名字改用小写"),
    example: Example::new(
        "FROM golang:1.22 AS Build\n",
        "FROM golang:1.22 AS build\n",
    ),
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for (_, from) in context.every(Keyword::From) {
        let Some(name) = from.words().get(2) else { continue };
        let text = name.raw.as_str();
        if text.contains(|c: char| c.is_ascii_uppercase()) {
            let draft = sink.report(name.span(), say!("the stage name `{name}` is not in lower case", "阶段名 `{name}` 不是小写", name = text));
            // FROM, `--from` and `docker build --target` find a stage by its name in any case.
            draft.fix(Fix::replace(name.span(), context.dockerfile.source.slice(name.span()).to_ascii_lowercase()));
        }
    }
}
