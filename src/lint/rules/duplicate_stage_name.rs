//! Stages of one name.

use std::collections::HashMap;

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::diag::{Span, say};

pub(super) static RULE: Rule = Rule {
    name: "duplicate-stage-name",
    aliases: &["DL3024", "DuplicateStageName"],
    practice: None,
    level: Level::Info,
    by_policy: false,
    summary: say!("two stages of one name: only the last can be referred to", "两个构建阶段同名：只能引用最后一个"),
    explanation: say!(
        "Names do not tell upper case from lower. What refers to the name below the second stage means the second, \
         whatever was meant.",
        "阶段名不区分大小写。在第二个阶段之后引用这个名字，指的都是第二个，无论本意如何。"
    ),
    help: say!("give each stage a name of its own", "给每个构建阶段取不同的名字"),
    example: Example::new(
        "FROM golang:1.22 AS build\n\
         FROM node:20.11 AS build\n",
        "FROM golang:1.22 AS server\n\
         FROM node:20.11 AS pages\n",
    ),
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    let mut first: HashMap<&str, Span> = HashMap::new();
    for name in context.dockerfile.stages.iter().filter_map(|stage| stage.name.as_ref()) {
        if let Some(place) = first.get(name.value.as_str()) {
            let message = say!("there is a stage `{name}` already", "已经有名为 `{name}` 的构建阶段", name = name.value);
            let written = |span: Span| context.dockerfile.source.slice(span);
            let draft = sink.report(name.span, message).label(*place, say!("this one", "就是这个"));
            draft.beyond_hadolint(written(name.span) != written(*place));
        } else {
            first.insert(name.value.as_str(), name.span);
        }
    }
}
