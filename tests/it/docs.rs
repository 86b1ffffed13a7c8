//! What documents claim: their project files parse, their links lead somewhere, and the reference says what the code
//! says.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use clap::CommandFactory;
use regex::Regex;
use swrctl::cli::Cli;
use swrctl::diag::{Diagnostic, Source};
use swrctl::lint::policy::Level;
use swrctl::lint::{Rule, rules};
use swrctl::network::{Check, explain};
use swrctl::project::Project;

use crate::support::expected::assert_file;
use crate::support::sources::{self, files};
use crate::support::swrctl as binary;

const GENERATED: &str = "<!-- Generated from the code by `SWRCTL_BLESS=1 cargo test --test it docs`. -->\n";

/// Documents that people read; those under `tests` are cases.
fn documents() -> Vec<sources::Source> {
    let documents = files("").into_iter().filter(|file| file.path.rsplit('.').next() == Some("md"));
    documents.filter(|file| !file.path.starts_with("tests/")).collect()
}

/// A block between fences, with the line on which it opens.
struct Block<'a> {
    line: usize,
    language: &'a str,
    text: String,
}

/// The fenced blocks of a document, and the document without them.
fn blocks(text: &str) -> (Vec<Block<'_>>, String) {
    let (mut blocks, mut prose, mut open): (Vec<Block<'_>>, String, bool) = (Vec::new(), String::new(), false);
    for (number, line) in (1..).zip(text.lines()) {
        match (line.trim_start().strip_prefix("```"), open) {
            (Some(language), false) => blocks.push(Block { line: number, language, text: String::new() }),
            (Some(_), true) => {}
            (None, false) => prose.push_str(line),
            (None, true) => blocks.last_mut().expect("a block is open").text.extend([line, "\n"]),
        }
        open ^= line.trim_start().starts_with("```");
        prose.push('\n');
    }
    (blocks, prose)
}

#[test]
fn every_project_file_in_the_documents_is_valid() {
    let mut found = BTreeSet::new();
    for document in documents() {
        for block in blocks(&document.text).0.into_iter().filter(|block| block.language == "kdl") {
            let name = format!("{}:{}", document.path, block.line);
            let parsed = Project::parse(Arc::new(Source::new(name.as_str(), block.text)), PathBuf::from("."));
            let messages = |found: &[Diagnostic]| {
                found.iter().map(|found| found.problem.message.clone()).collect::<Vec<_>>().join("\n")
            };
            match parsed {
                Ok((_, warnings)) => assert!(warnings.is_empty(), "{name}: {}", messages(&warnings)),
                Err(errors) => panic!("{name}: {}", messages(&errors)),
            }
            found.insert(document.path.clone());
        }
    }
    let expected = ["README.md", "docs/ci.md", "docs/lint.md", "docs/network.md", "docs/sync.md"].map(str::to_owned);
    assert!(found.is_superset(&expected.into()), "{found:?}");
}

/// What GitHub makes of a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase().replace(' ', "-");
    kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
}

fn has_anchor(text: &str, wanted: &str) -> bool {
    let prose = blocks(text).1;
    prose.lines().any(|line| line.starts_with('#') && anchor(line.trim_start_matches('#')) == wanted)
}

/// Links of `document` that lead nowhere.
fn broken_links(document: &sources::Source) -> Vec<String> {
    static LINK: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\]\(([^)\s]+)\)").expect("a valid pattern"));
    let prose = blocks(&document.text).1;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join(&document.path).parent().expect("a file stands in a folder").to_owned();
    let is_broken = |link: &str| {
        let (path, fragment) = link.split_once('#').unwrap_or((link, ""));
        let file = if path.is_empty() { root.join(&document.path) } else { folder.join(path) };
        let text = || std::fs::read_to_string(&file).unwrap_or_default();
        !file.exists() || (!fragment.is_empty() && !has_anchor(&text(), fragment))
    };
    let links = LINK.captures_iter(&prose).map(|found| found.get(1).expect("the pattern has a group").as_str());
    let local = links.filter(|link| !link.contains("://") && !link.starts_with("mailto:"));
    local.filter(|link| is_broken(link)).map(|link| format!("{}: {link}", document.path)).collect()
}

#[test]
fn every_link_leads_to_a_file() {
    let broken: Vec<String> = documents().iter().flat_map(broken_links).collect();
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn links_that_lead_nowhere_are_found() {
    let text = "[a](ci.md) [b](missing.md) [c](ci.md#in-ci) [d](ci.md#gone) [e](#here) <https://x.example>\n\n\
                ```\n[f](missing.md)\n```\n\n## Here\n";
    let broken = broken_links(&sources::Source::new("docs/a.md", text));
    assert_eq!(broken, ["docs/a.md: missing.md", "docs/a.md: ci.md#gone", "docs/a.md: #here"]);
}

#[test]
fn the_reference_of_checks_says_what_the_code_says() {
    let mut text = format!("{GENERATED}\n# The checks of a network path\n\n");
    text.push_str(
        "They run in this order for every registry in use. `check NAME level=\"warn\"` in a `network` section lets a \
         failure pass\nas a warning, `level=\"off\"` drops it.\n",
    );
    for check in Check::ALL {
        let _ = write!(text, "\n## {check}\n\n{}\n", wrapped(explain(check)));
        let needs: Vec<String> = check.needs().iter().map(|need| format!("[{need}](#{need})")).collect();
        if !needs.is_empty() {
            let _ = write!(text, "\nSkipped when one of these fails: {}.\n", needs.join(", "));
        }
    }
    assert_file("docs/reference/checks.md", &text);
}

#[test]
fn the_reference_of_rules_says_what_the_code_says() {
    let mut text = format!("{GENERATED}\n# The rules\n\n");
    text.push_str(
        "The level is the one of the profile `swr`, and `all` turns on what is off there. A rule is called by its name or \
         by what\nanother linter calls it. The practice is the one of the 17 of SWR's documents that it comes from. What is fixable \
         `swrctl lint --fix`\ncorrects, where that is safe.\n\n\
         | rule | level | practice | fixable | also called | what it finds |\n|---|---|---|---|---|---|\n",
    );
    for rule in rules() {
        let practice = rule.practice.map_or_else(String::new, |number| number.to_string());
        let name = rule.name;
        let (aliases, summary) = (rule.aliases.join(", "), in_a_table(rule.summary));
        let fixable = if rule.is_fixable() { "yes" } else { "" };
        let _ =
            writeln!(text, "| [{name}](#{name}) | {} | {practice} | {fixable} | {aliases} | {summary} |", level(rule));
    }
    for rule in rules() {
        let help = wrapped(&format!("What to do: {}.", rule.help.trim_end_matches('.')));
        let _ = write!(text, "\n## {}\n\n{}\n\n{help}\n", rule.name, wrapped(rule.explanation));
    }
    assert_file("docs/reference/rules.md", &text);
}

/// The level by itself; a rule that waits for the policy to declare what it checks says so.
fn level(rule: &Rule) -> String {
    let level = match rule.level {
        Level::Off => "off",
        Level::Info => "info",
        Level::Warning => "warning",
        Level::Error => "error",
    };
    if rule.by_policy { format!("{level}, once the policy declares it") } else { level.to_owned() }
}

/// A bar would end the cell.
fn in_a_table(text: &str) -> String {
    text.replace('|', "\\|")
}

#[test]
fn the_reference_of_the_command_line_is_the_help_of_every_command() {
    let project = binary::Project::empty();
    let mut text = format!("{GENERATED}\n# The command line\n");
    let command = Cli::command();
    let names = command.get_subcommands().map(clap::Command::get_name);
    for name in std::iter::once("").chain(names) {
        let arguments: Vec<&str> = [name, "--help"].into_iter().filter(|word| !word.is_empty()).collect();
        let help = project.run_all(&arguments).expect_success();
        assert_eq!(help.stderr, "");
        assert!(help.stdout.lines().all(|line| line.trim_end() == line && line.len() <= 100), "{help}");
        assert!(help.stdout.contains("Exit code"), "the exit codes are not told: {help}");
        let _ = write!(text, "\n## swrctl {name}\n\n```text\n{}```\n", help.stdout);
    }
    assert_file("docs/reference/command-line.md", &text.replace("swrctl \n", "swrctl\n"));
}

/// Lines of at most 120 characters.
fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is a line");
        match line.len() + 1 + word.len() {
            _ if line.is_empty() => line.push_str(word),
            ..=120 => line.extend([" ", word]),
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}
