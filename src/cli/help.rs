//! The command line's help in the reader's language: the derive of clap writes the English one, which is translated
//! paragraph by paragraph.

use std::ffi::OsString;

use clap::builder::StyledStr;
use clap::{Arg, Command, CommandFactory, ValueEnum};

use super::args::{Cli, LangArg};
use super::help_texts::{TEXTS, WORDS};
use crate::diag::{Lang, say};

/// Columns of Chinese help, in which clap finds no blanks to break lines at: of paragraphs about commands, and of those
/// about arguments, which it indents.
const WIDTH: usize = 100;
const ARGUMENT_WIDTH: usize = 90;

/// The command line as `lang` tells it.
pub(super) fn command(lang: Lang) -> Command {
    let mut command = Cli::command();
    match lang {
        Lang::En => command,
        Lang::Zh => {
            // Clap's own options are there only then.
            command.build();
            translated(command)
        }
    }
}

/// What `--lang` says, before anything else of the command line is known to be right.
pub(super) fn asked(args: &[OsString]) -> Option<LangArg> {
    let mut args = args.iter().map_while(|arg| arg.to_str()).take_while(|arg| *arg != "--");
    let mut asked = None;
    while let Some(arg) = args.next() {
        let value = if arg == "--lang" { args.next() } else { arg.strip_prefix("--lang=") };
        asked = value.and_then(|value| LangArg::from_str(value, false).ok()).or(asked);
    }
    asked
}

/// Rendered help with the words that clap itself puts into it.
pub(super) fn with_words(help: &str, lang: Lang) -> String {
    let whole = help.to_owned();
    WORDS.iter().fold(whole, |help, word| help.replace(word.english(), word.get(lang)))
}

fn translated(command: Command) -> Command {
    let about = command.get_about().map(|about| zh(about).join("\n\n"));
    let long = command.get_long_about().map(|about| filled(&zh(about), WIDTH));
    let command = command.mut_args(argument).mut_subcommands(translated);
    let command = about.into_iter().fold(command, Command::about);
    long.into_iter().fold(command, Command::long_about)
}

/// Values have help of their own, which clap lets nobody translate: they are listed here.
fn argument(arg: Arg) -> Arg {
    let short = arg.get_help().map(zh).unwrap_or_default();
    let long = arg.get_long_help().map_or_else(|| short.clone(), zh);
    let values: Vec<_> = arg.get_possible_values().into_iter().filter(|value| !value.is_hide_set()).collect();
    let (mut short, mut long) = (short.join(""), filled(&long, ARGUMENT_WIDTH));
    if !values.is_empty() {
        let names: Vec<&str> = values.iter().map(clap::builder::PossibleValue::get_name).collect();
        let names = say!("[possible values: {names}]", "[可选值：{names}]", names = names.join("、"));
        let names = names.get(Lang::Zh);
        let gap = if short.is_empty() { "" } else { " " };
        short = format!("{short}{gap}{names}");
        let column = values.iter().map(|value| value.get_name().len()).max().unwrap_or_default() + 1;
        let lines = values.iter().map(|value| match value.get_help() {
            Some(help) => format!("\n- {:column$} {}", format!("{}:", value.get_name()), zh(help).join("")),
            None => format!("\n- {}", value.get_name()),
        });
        let list = if values.iter().any(|value| value.get_help().is_some()) {
            say!("Possible values:", "可选值：").get(Lang::Zh).to_owned() + &lines.collect::<String>()
        } else {
            textwrap::fill(names, ARGUMENT_WIDTH)
        };
        let gap = if long.is_empty() { "" } else { "\n\n" };
        long = format!("{long}{gap}{list}");
    }
    let arg = arg.hide_possible_values(true);
    if long.is_empty() { arg } else { arg.help(short).long_help(long) }
}

/// The paragraphs of `text` in Chinese.
fn zh(text: &StyledStr) -> Vec<&'static str> {
    text.to_string().split("\n\n").map(|paragraph| translation(paragraph).unwrap_or_default()).collect()
}

fn translation(paragraph: &str) -> Option<&'static str> {
    TEXTS.iter().find(|text| text.english() == paragraph).map(|text| text.get(Lang::Zh))
}

fn filled(paragraphs: &[&str], width: usize) -> String {
    let options = textwrap::Options::new(width).break_words(false);
    paragraphs.iter().map(|paragraph| textwrap::fill(paragraph, &options)).collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Every paragraph of every text of a command and those below it.
    fn paragraphs(command: &Command) -> BTreeSet<String> {
        let of_arg = |arg: &Arg| {
            let values = arg.get_possible_values().into_iter().filter_map(|value| value.get_help().cloned());
            let own = [arg.get_help(), arg.get_long_help()].into_iter().flatten().cloned();
            own.chain(values).collect::<Vec<_>>()
        };
        let about = [command.get_about(), command.get_long_about()].into_iter().flatten().cloned();
        let texts = about.chain(command.get_arguments().flat_map(of_arg)).map(|text| text.to_string());
        let own = texts.flat_map(|text| text.split("\n\n").map(str::to_owned).collect::<Vec<_>>());
        own.chain(command.get_subcommands().flat_map(paragraphs)).collect()
    }

    #[test]
    fn every_text_is_translated_and_no_other_is_kept() {
        let mut command = Cli::command();
        command.build();
        let said = paragraphs(&command);
        let missing: Vec<_> = said.iter().filter(|text| translation(text).is_none()).collect();
        assert!(missing.is_empty(), "not translated: {missing:#?}");
        let idle: Vec<_> =
            TEXTS.iter().map(crate::diag::Wording::english).filter(|text| !said.contains(*text)).collect();
        assert!(idle.is_empty(), "said by nothing: {idle:#?}");
    }

    #[test]
    fn the_language_is_known_before_the_rest() {
        let asked = |args: &[&str]| asked(&args.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(asked(&["swrctl", "--lang", "zh", "plan"]), Some(LangArg::Zh));
        assert_eq!(asked(&["swrctl", "nonsense", "--lang=en"]), Some(LangArg::En));
        for args in [&["swrctl", "--lang"][..], &["swrctl", "--lang=xx"], &["swrctl", "lint", "--", "--lang=zh"], &[]] {
            assert_eq!(asked(args), None, "{args:?}");
        }
    }

    #[test]
    fn the_translated_command_line_is_consistent() {
        command(Lang::Zh).debug_assert();
    }
}
