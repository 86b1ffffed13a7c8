//! CMD and ENTRYPOINT as an array, where no shell is needed.

use super::Fix;
use crate::dockerfile::{Instruction, Keyword, Text};
use crate::lint::context::Context;
use crate::lint::images::{Kind, kind};
use crate::lint::start_script::is_script_name;
use crate::lint::start_text::StartText;

/// Commands that only a shell has, or that a shell has in a way of its own.
#[rustfmt::skip] // as a block of words
const BUILTINS: [&str; 44] = [
    ".", ":", "[", "[[", "alias", "bg", "break", "case", "cd", "command", "continue", "do", "echo", "else", "eval",
    "exec", "exit", "export", "fg", "for", "getopts", "hash", "if", "jobs", "kill", "let", "local", "printf", "read",
    "readonly", "return", "set", "shift", "source", "test", "then", "time", "trap", "type", "ulimit", "umask", "unset",
    "wait", "while",
];

/// The same words as an array.
///
/// Without a shell nothing expands them: only words without anything to expand are taken. What is started without a
/// shell must name its own interpreter. An ENTRYPOINT gets CMD as arguments once it is an array, and a CMD reaches the
/// ENTRYPOINT in another form: where there are both, or the base may have an ENTRYPOINT, nothing is offered.
pub(in crate::lint) fn as_array(context: &Context, index: usize, text: &Text) -> Option<Fix> {
    let instruction = &context.dockerfile.instructions[index];
    let words = plain_words(context.dockerfile.source.slice(text.whole()))?;
    let program = words.first().filter(|word| !word.contains('=') && !BUILTINS.contains(&word.as_str()))?;
    if !starts_alone(context, index, instruction) || !runs_by_itself(context, program, text) {
        return None;
    }
    let words: Vec<String> = words.into_iter().map(|word| serde_json::Value::from(word).to_string()).collect();
    Some(Fix::replace(text.whole(), format!("[{}]", words.join(", "))))
}

fn starts_alone(context: &Context, index: usize, instruction: &Instruction) -> bool {
    let none = |keyword| context.every(keyword).next().is_none();
    if *instruction.keyword == Keyword::Entrypoint {
        return none(Keyword::Cmd);
    }
    let base = context.stage_of(index).and_then(|stage| context.root_base(stage));
    none(Keyword::Entrypoint) && matches!(kind(base), Kind::System | Kind::Language)
}

/// A program of the system does; of a script it has to be seen.
fn runs_by_itself(context: &Context, program: &str, text: &Text) -> bool {
    let own = program.contains('/') && !["/bin/", "/sbin/", "/usr/"].iter().any(|place| program.starts_with(place));
    let place = text.whole();
    let start = context.start().filter(|start| place.start <= start.span.start && start.span.end <= place.end);
    let known = start.and_then(|start| StartText::of(&start.origin(context.build), context.dockerfile));
    match known {
        Some(script) => script.interpreter().is_some(),
        None => !own && !is_script_name(program),
    }
}

/// The words of a command line in which nothing is left to a shell but to part them.
fn plain_words(line: &str) -> Option<Vec<String>> {
    let mut words: Vec<String> = Vec::new();
    let (mut open, mut quote) = (false, None);
    for c in line.chars() {
        match (quote, c) {
            (Some(end), _) if c == end => quote = None,
            (Some('"'), '$' | '`' | '\\' | '!') | (_, '\n' | '\r') => return None,
            (Some(_), _) => words.last_mut()?.push(c),
            (None, ' ' | '\t') => open = false,
            (None, _) => {
                if !std::mem::replace(&mut open, true) {
                    words.push(String::new());
                }
                match c {
                    '\'' | '"' => quote = Some(c),
                    _ if c.is_alphanumeric() || "_-./:=@%+,".contains(c) => words.last_mut()?.push(c),
                    _ => return None,
                }
            }
        }
    }
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_without_meaning_to_a_shell_are_taken() {
        assert_eq!(plain_words("a  b=1 'c $d' \"e f\" ''g").unwrap(), ["a", "b=1", "c $d", "e f", "g"]);
        for line in ["a $b", "a \"$b\"", "a;b", "a *", "~/a", "a \\b", "a 'b", "a > b", "a{b,c}", "a\nb", "a #b"] {
            assert_eq!(plain_words(line), None, "{line}");
        }
    }
}
