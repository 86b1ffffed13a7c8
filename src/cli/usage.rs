//! What is wrong with a command line, in the reader's language. In English it is clap that says so, word by word: a test
//! holds the sentences here to it.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::diag::{Lang, Wording, say};
use crate::image::NameError;
use crate::project::BadByteRate;
use crate::report::diagnostic::Style;

use super::help::with_words;

/// The error in Chinese; None where clap has no such sentence, but help or a version to show.
pub(super) fn chinese(error: &clap::Error, style: &Style) -> Option<String> {
    Some(render(error, &sentence(error)?, Lang::Zh, style))
}

fn render(error: &clap::Error, sentence: &Wording, lang: Lang, style: &Style) -> String {
    let mut text = format!("{} {}", style.paint(31, say!("error:", "错误：").get(lang)), sentence.get(lang));
    let tips = tips(error);
    if !tips.is_empty() {
        text.push('\n');
    }
    for tip in tips {
        text = text + "\n  " + say!("tip:", "提示：").get(lang) + " " + tip.get(lang);
    }
    if let Some(usage) = error.get(ContextKind::Usage) {
        text = text + "\n\n" + &with_words(&usage.to_string(), lang);
    }
    let more = say!("For more information, try '--help'.", "详细信息见 '--help'。");
    text + "\n\n" + more.get(lang) + "\n"
}

fn sentence(error: &clap::Error) -> Option<Wording> {
    let text = |kind| error.get(kind).map(ToString::to_string);
    let arg = text(ContextKind::InvalidArg).unwrap_or_default();
    Some(match error.kind() {
        ErrorKind::UnknownArgument => say!("unexpected argument '{arg}' found", "多余的参数 '{arg}'", arg),
        ErrorKind::InvalidSubcommand => {
            let name = text(ContextKind::InvalidSubcommand)?;
            say!("unrecognized subcommand '{name}'", "没有子命令 '{name}'", name)
        }
        ErrorKind::InvalidValue => invalid_value(error, &arg)?,
        ErrorKind::ValueValidation => {
            let value = text(ContextKind::InvalidValue)?;
            let reason = reason(error);
            say!(
                "invalid value '{value}' for '{arg}': {reason}",
                "'{arg}' 的值 '{value}' 无效：{reason}",
                value,
                arg,
                reason
            )
        }
        ErrorKind::NoEquals => {
            say!("equal sign is needed when assigning values to '{arg}'", "给 '{arg}' 赋值时必须用等号", arg)
        }
        ErrorKind::TooManyValues => {
            let value = text(ContextKind::InvalidValue)?;
            say!(
                "unexpected value '{value}' for '{arg}' found; no more were expected",
                "'{arg}' 有多余的值 '{value}'",
                value,
                arg
            )
        }
        ErrorKind::ArgumentConflict => conflict(error, &arg)?,
        ErrorKind::MissingRequiredArgument => {
            let ContextValue::Strings(missing) = error.get(ContextKind::InvalidArg)? else { return None };
            let missing = below(missing);
            say!(
                "the following required arguments were not provided:{missing}",
                "缺少以下必需的参数：{missing}",
                missing
            )
        }
        ErrorKind::InvalidUtf8 => {
            say!("invalid UTF-8 was detected in one or more arguments", "有参数不是有效的 UTF-8")
        }
        _ => return None,
    })
}

fn invalid_value(error: &clap::Error, arg: &str) -> Option<Wording> {
    let value = error.get(ContextKind::InvalidValue)?.to_string();
    let message = if value.is_empty() {
        say!("a value is required for '{arg}' but none was supplied", "'{arg}' 需要一个值", arg)
    } else {
        say!("invalid value '{value}' for '{arg}'", "'{arg}' 的值 '{value}' 无效", value, arg)
    };
    let Some(ContextValue::Strings(values)) = error.get(ContextKind::ValidValue) else {
        return Some(message);
    };
    if values.is_empty() {
        return Some(message);
    }
    let values = Wording::joined(values, &say!(", ", "、"));
    Some(say!("{message}\n  [possible values: {values}]", "{message}\n  [可选值：{values}]", message, values))
}

fn conflict(error: &clap::Error, arg: &str) -> Option<Wording> {
    Some(match error.get(ContextKind::PriorArg)? {
        ContextValue::String(prior) if prior == arg => {
            say!("the argument '{arg}' cannot be used multiple times", "参数 '{arg}' 不能写多次", arg)
        }
        ContextValue::String(prior) => {
            say!(
                "the argument '{arg}' cannot be used with '{prior}'",
                "参数 '{arg}' 不能与 '{prior}' 同时使用",
                arg,
                prior
            )
        }
        ContextValue::Strings(others) => {
            let others = below(others);
            say!(
                "the argument '{arg}' cannot be used with:{others}",
                "参数 '{arg}' 不能与以下参数同时使用：{others}",
                arg,
                others
            )
        }
        _ => return None,
    })
}

/// What the parser of a value says.
fn reason(error: &clap::Error) -> Wording {
    match std::error::Error::source(error) {
        Some(source) => match (source.downcast_ref::<BadByteRate>(), source.downcast_ref::<NameError>()) {
            (Some(bad), _) => Wording::from(*bad),
            (None, Some(bad)) => bad.message(),
            (None, None) => Wording::foreign(source.to_string()),
        },
        None => Wording::default(),
    }
}

fn below(lines: &[String]) -> String {
    lines.iter().fold(String::new(), |all, line| all + "\n  " + line)
}

fn tips(error: &clap::Error) -> Vec<Wording> {
    let similar = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue];
    let mut tips: Vec<Wording> = similar.into_iter().filter_map(|kind| tip(kind, error.get(kind)?)).collect();
    if let Some(ContextValue::StyledStrs(others)) = error.get(ContextKind::Suggested) {
        tips.extend(others.iter().map(|other| other_tip(&other.to_string())));
    }
    tips
}

/// Clap makes these whole, as `to pass 'A' as a value, use '-- A'` and `'plan --json' exists`.
fn other_tip(tip: &str) -> Wording {
    let passed = tip.strip_prefix("to pass '").and_then(|rest| rest.strip_suffix('\''));
    if let Some((arg, written)) = passed.and_then(|rest| rest.split_once("' as a value, use '")) {
        say!("to pass '{arg}' as a value, use '{written}'", "要把 '{arg}' 作为值传入，写 '{written}'", arg, written)
    } else if let Some(there) = tip.strip_suffix(" exists") {
        say!("{there} exists", "有 {there}", there)
    } else {
        Wording::foreign(tip)
    }
}

fn tip(kind: ContextKind, meant: &ContextValue) -> Option<Wording> {
    let meant = match meant {
        ContextValue::String(meant) => vec![format!("'{meant}'")],
        ContextValue::Strings(meant) => meant.iter().map(|meant| format!("'{meant}'")).collect(),
        _ => return None,
    };
    let is_one = meant.len() == 1;
    let meant = Wording::joined(meant, &say!(", ", "、"));
    Some(match kind {
        ContextKind::SuggestedSubcommand if !is_one => {
            say!("some similar subcommands exist: {meant}", "有相近的子命令：{meant}", meant)
        }
        ContextKind::SuggestedArg if !is_one => {
            say!("some similar arguments exist: {meant}", "有相近的参数：{meant}", meant)
        }
        ContextKind::SuggestedSubcommand => {
            say!("a similar subcommand exists: {meant}", "有相近的子命令：{meant}", meant)
        }
        ContextKind::SuggestedArg => say!("a similar argument exists: {meant}", "有相近的参数：{meant}", meant),
        _ => say!("a similar value exists: {meant}", "有相近的值：{meant}", meant),
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    const PLAIN: Style = Style { color: false, unicode: true, width: 100, lang: Lang::En };

    #[test]
    fn the_english_sentences_are_those_of_clap() {
        for line in [
            "swrctl --detailed",
            "swrctl plan --jso",
            "swrctl plam",
            "swrctl plan extra",
            "swrctl lint --x",
            "swrctl --lang",
            "swrctl --lang xx plan",
            "swrctl --color=alway plan",
            "swrctl generate",
            "swrctl generate endpoint-polcy",
            "swrctl apply --bandwidth fast",
            "swrctl lint --fix --diff",
            "swrctl lint --platform arm64",
            "swrctl lint --fix --fix",
            "swrctl apply a --target b --exclude c",
            "swrctl lint --baseline",
            "swrctl network --only nonsense",
            "swrctl init --force=yes",
        ] {
            let error = Cli::command().try_get_matches_from(line.split(' ')).expect_err(line);
            let sentence = sentence(&error).unwrap_or_else(|| panic!("{line}: {:?}", error.kind()));
            assert_eq!(render(&error, &sentence, Lang::En, &PLAIN), error.render().to_string(), "{line}");
        }
    }

    #[test]
    fn help_is_no_error() {
        for line in ["swrctl", "swrctl --help", "swrctl plan -h", "swrctl --version"] {
            let error = Cli::command().try_get_matches_from(line.split(' ')).expect_err(line);
            assert_eq!(chinese(&error, &PLAIN), None, "{line}");
        }
    }
}
