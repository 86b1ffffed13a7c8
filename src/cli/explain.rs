//! `swrctl explain`

use std::process::ExitCode;

use crate::diag::{Problem, did_you_mean, say};
use crate::lint::{self, Notice, ScCode};
use crate::network::Check;
use crate::report::diagnostic::Style;
use crate::report::explain;

use super::output::{Failure, Output};

pub(super) fn run(name: Option<&str>, output: &Output) -> Result<ExitCode, Failure> {
    let text = match name {
        None => explain::list(&output.stdout),
        Some(name) => explained(name, &output.stdout).ok_or_else(|| unknown(name))?,
    };
    Output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn explained(name: &str, style: &Style) -> Option<String> {
    if let Some(code) = ScCode::parse(name) {
        return Some(explain::shellcheck(code, style));
    }
    let rule = lint::rule(name).map(|rule| explain::rule(rule, style));
    let check = || Check::by_name(name).map(|check| explain::check(check, style));
    let notice = || Notice::by_name(name).map(|notice| explain::notice(notice, style));
    rule.or_else(check).or_else(notice)
}

fn unknown(name: &str) -> Problem {
    let shown: String = name.chars().take(60).collect();
    let known = lint::rule_names().chain(Check::ALL.map(Check::name)).chain(Notice::ALL.map(Notice::name));
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
