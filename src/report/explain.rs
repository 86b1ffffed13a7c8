//! What a rule or a network check is about, for people at a terminal.

use std::fmt::Write as _;

use super::diagnostic::Style;
use super::lint::word;
use crate::lint::policy::{Level, Profile};
use crate::lint::{Rule, ScCode, ScKind, rules};
use crate::network::{self, Check};

/// Columns of running text, however wide the terminal is.
const MAX_WIDTH: usize = 80;

/// What the 17 practices of SWR's documents ask for.
const PRACTICES: [&str; 17] = [
    "run one process in a container",
    "do not upgrade packages while building",
    "merge like RUNs, split unlike ones",
    "use an image with a specific tag",
    "delete what is not needed in the image",
    "start from a suitable base image",
    "set WORKDIR and CMD",
    "use ENTRYPOINT where it helps",
    "end the entrypoint's script with exec",
    "prefer COPY to ADD",
    "order COPY and RUN by how often they change",
    "set default variables, ports and volumes",
    "declare ports with EXPOSE",
    "keep data in a VOLUME",
    "describe the image with LABEL",
    "check the container with HEALTHCHECK",
    "write a .dockerignore file",
];

/// Everything there is to say about a rule.
#[must_use]
pub fn rule(rule: &Rule, style: &Style) -> String {
    let mut text = format!("{}: {}\n\n", bold(rule.name, style), rule.summary);
    text.push_str(&wrapped(rule.explanation, style));
    let _ = write!(text, "\n{}", wrapped(&format!("What to do: {}.", rule.help.trim_end_matches('.')), style));
    let _ = writeln!(text, "\nLevel:     {}", levels(rule));
    if let Some((number, practice)) = rule.practice.and_then(|n| Some((n, PRACTICES.get(usize::from(n) - 1)?))) {
        let _ = writeln!(text, "Practice:  {number} of SWR's documents, {practice}");
    }
    if rule.is_fixable() {
        text.push_str("Fixable:   by `swrctl lint --fix`, where that is safe\n");
    }
    for tool in ["hadolint", "BuildKit", "ShellCheck"] {
        let aliases: Vec<&str> = rule.aliases.iter().copied().filter(|alias| origin(alias) == tool).collect();
        if !aliases.is_empty() {
            let _ = writeln!(text, "{:11}{}", format!("{tool}:"), aliases.join(", "));
        }
    }
    let _ = writeln!(text, "\nIn swr.kdl:             deny, warn, info or allow \"{}\"", rule.name);
    let _ = writeln!(text, "Above an instruction:   # swrctl allow={} reason=…", rule.name);
    text
}

/// What a code of ShellCheck's is, and where it is explained.
#[must_use]
pub fn shellcheck(code: ScCode, style: &Style) -> String {
    let mut text =
        format!("{}: a finding of ShellCheck's, reported by the rule shellcheck\n\n", bold(code.name(), style));
    let kind = match code.kind() {
        ScKind::Syntax => "It is about the syntax of shell text.",
        ScKind::Meaning => "It is about what shell text does.",
        ScKind::Portability => "It is about what not every shell understands; SHELL says which one runs the text.",
    };
    text.push_str(&wrapped(kind, style));
    let _ = writeln!(text, "\nShellCheck's wiki:      {}", code.wiki());
    let _ = writeln!(text, "In swr.kdl:             deny, warn, info or allow \"{}\"", code.name());
    let _ = writeln!(text, "Above an instruction:   # swrctl allow={} reason=…", code.name());
    text
}

/// Everything there is to say about a network check.
#[must_use]
pub fn check(check: Check, style: &Style) -> String {
    let mut text = format!("{}: a check of the path to a registry\n\n", bold(check.name(), style));
    text.push_str(&wrapped(network::explain(check), style));
    let needs: Vec<&str> = check.needs().iter().map(|need| need.name()).collect();
    if !needs.is_empty() {
        let _ = write!(text, "\n{}", wrapped(&format!("Skipped when one of these fails: {}", needs.join(", ")), style));
    }
    let _ = writeln!(text, "\nIn a network section:   check \"{}\" level=\"error\", \"warn\" or \"off\"", check.name());
    text
}

/// Every rule and every check, a line each.
#[must_use]
pub fn list(style: &Style) -> String {
    let checks = Check::ALL.map(Check::name);
    let names = rules().iter().map(|rule| rule.name).chain(checks);
    let width = names.map(str::len).max().unwrap_or_default();
    let mut text = format!("{}\n", bold("Rules over Dockerfiles", style));
    for rule in rules() {
        let _ = writeln!(text, "  {:width$}  {:7}  {}", rule.name, word(rule.level), rule.summary);
    }
    let _ = writeln!(text, "\n{}", bold("Checks of the path to a registry", style));
    for check in checks {
        let _ = writeln!(text, "  {check}");
    }
    text
}

fn levels(rule: &Rule) -> String {
    let levels = (rule.level_in(Profile::Swr), rule.level_in(Profile::All));
    match levels {
        (swr, _) if rule.by_policy => format!("{}, once the policy declares it", word(swr)),
        (Level::Off, all) => format!("off; {} in the profile all", word(all)),
        (swr, _) => word(swr).to_owned(),
    }
}

/// hadolint numbers its rules, ShellCheck too, BuildKit names them.
fn origin(alias: &str) -> &'static str {
    let is_numbered = |prefix| {
        let number: Option<&str> = alias.strip_prefix(prefix);
        number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    match () {
        () if is_numbered("DL") => "hadolint",
        () if is_numbered("SC") => "ShellCheck",
        () => "BuildKit",
    }
}

fn bold(text: &str, style: &Style) -> String {
    if style.color { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_owned() }
}

/// Lines of at most [`MAX_WIDTH`] columns, each ended.
fn wrapped(text: &str, style: &Style) -> String {
    let width = style.width.min(MAX_WIDTH);
    let mut wrapped = String::new();
    let mut column = 0;
    for word in text.split_whitespace() {
        let chars = word.chars().count();
        if column > 0 && column + 1 + chars > width {
            wrapped.push('\n');
            column = 0;
        }
        if column > 0 {
            wrapped.push(' ');
            column += 1;
        }
        wrapped.push_str(word);
        column += chars;
    }
    wrapped.push('\n');
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLE: Style = Style { color: false, unicode: true, width: 100 };

    #[test]
    fn every_rule_and_every_check_is_explained_in_short_lines() {
        for text in rules().iter().map(|found| rule(found, &STYLE)).chain(Check::ALL.map(|found| check(found, &STYLE)))
        {
            let long = text.lines().skip(1).find(|line| line.chars().count() > MAX_WIDTH);
            assert_eq!(long, None, "{text}");
        }
        let latest = rule(crate::lint::rule("DL3007").unwrap(), &STYLE);
        assert!(
            latest.contains("Practice:  4 of SWR's documents, use an image with a specific tag\nhadolint:  DL3007\n"),
            "{latest}"
        );
    }

    #[test]
    fn every_practice_of_a_rule_has_its_name() {
        for rule in rules().iter().filter(|rule| rule.practice.is_some()) {
            assert!(super::rule(rule, &STYLE).contains(" of SWR's documents, "), "{}", rule.name);
        }
    }

    #[test]
    fn the_list_names_everything() {
        let list = list(&STYLE);
        let names = rules().iter().map(|rule| rule.name).chain(Check::ALL.map(Check::name));
        assert!(names.into_iter().all(|name| list.contains(&format!("  {name}"))), "{list}");
    }

    #[test]
    fn words_are_wrapped_between_them() {
        let style = Style { width: 5, ..STYLE };
        assert_eq!(wrapped("ab cd ef toolong g", &style), "ab cd\nef\ntoolong\ng\n");
    }
}
