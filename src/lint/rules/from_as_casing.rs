//! FROM and AS in different cases.

use super::super::context::Context;
use super::super::example::Example;
use super::super::fix::Fix;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::instruction_casing::{is_lower, is_upper};
use crate::dockerfile::Keyword;
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "from-as-casing",
    aliases: &["FromAsCasing"],
    practice: None,
    level: Level::Off,
    by_policy: false,
    summary: say!("FROM and AS are written in one case", "FROM 和 AS 使用同样的大小写"),
    explanation: say!(
        "Keywords may be written in either case; both in one line are hard to read.",
        "关键字大小写均可；一行里两种混用不好读。"
    ),
    help: say!("write AS as FROM is written", "让 AS 与 FROM 的大小写一致"),
    example: Example::new(
        "FROM golang:1.22 as build\n",
        "FROM golang:1.22 AS build\n",
    ),
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for (_, from) in context.every(Keyword::From) {
        let [_, keyword, _] = from.words() else { continue };
        let (from, word) = (context.dockerfile.source.slice(from.keyword.span), keyword.raw.as_str());
        // A FROM that mixes both fits nothing; instruction-casing has it.
        let like = if is_upper(from) { is_upper } else { is_lower };
        if like(from) && !like(word) {
            let written = context.dockerfile.source.slice(keyword.span());
            let fixed = if is_upper(from) { written.to_ascii_uppercase() } else { written.to_ascii_lowercase() };
            let message = say!(
                "`{word}` and `{from}` are written in different cases",
                "`{word}` 与 `{from}` 的大小写不一致",
                word,
                from
            );
            sink.report(keyword.span(), message).fix(Fix::replace(keyword.span(), fixed));
        }
    }
}
