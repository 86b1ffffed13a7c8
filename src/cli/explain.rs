//! `swrctl explain`

use std::process::ExitCode;

use crate::diag::{Problem, did_you_mean, say};
use crate::lint::{self, ScCode};
use crate::network::Check;
use crate::report::explain;

use super::output::{Failure, Output};

pub(super) fn run(name: Option<&str>, output: &Output) -> Result<ExitCode, Failure> {
    let text = match name {
        None => explain::list(&output.stdout),
        Some(name) => match (lint::rule(name), Check::by_name(name)) {
            (Some(_), _) if let Some(code) = ScCode::parse(name) => explain::shellcheck(code, &output.stdout),
            (Some(rule), _) => explain::rule(rule, &output.stdout),
            (None, Some(check)) => explain::check(check, &output.stdout),
            (None, None) => return Err(unknown(name).into()),
        },
    };
    Output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn unknown(name: &str) -> Problem {
    let shown: String = name.chars().take(60).collect();
    let known = lint::rule_names().chain(Check::ALL.map(Check::name));
    let meant = did_you_mean(name, known).or_else(|| did_you_mean(&name.to_ascii_uppercase(), lint::rule_names()));
    let help = meant.map_or_else(
        || say!("see all of them with `swrctl explain`", "用 `swrctl explain` 查看全部"),
        |meant| {
            say!(
                "did you mean `{meant}`? `swrctl explain` lists all",
                "是不是想写 `{meant}`？`swrctl explain` 列出全部",
                meant
            )
        },
    );
    Problem::new(
        "unknown-rule",
        say!("no rule and no check is called `{shown}`", "没有叫 `{shown}` 的规则或检查", shown),
    )
    .with_help(help)
}
