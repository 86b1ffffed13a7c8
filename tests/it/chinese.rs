//! What people read of a plan and its apply with `--lang zh` holds no English prose.

use std::sync::LazyLock;

use regex::Regex;

use crate::support::swrctl::Project;

/// Code, names and quotations, which stay as they are: what stands in back-quotes, in double quotes or in a drawn line
/// of a source, URLs and options.
static NO_PROSE: LazyLock<Regex> = LazyLock::new(|| {
    let code = r#"`[^`]*`|"[^"]*"|https?://\S*|--[a-z-]+(?:=\S*)?|# swrctl .*$|swrctl [a-z]+|deny, warn, info"#;
    Regex::new(&format!(r"{code}|\b[a-z]+(?:-[a-z]+)+\b")).unwrap()
});
/// Two words of English, one behind the other.
static PROSE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b[A-Za-z]?[a-z]+[,;:]? [a-z]{2,}\b").unwrap());
/// What a label under a line of a source says.
static LABEL: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[╰|`]─*[─-]+ (.*)$").unwrap());

/// What the readers of globs, regular expressions, version ranges and KDL say, each in words of its own.
const WORDS_OF_OTHERS: [&str; 6] = [
    "有误：unclosed ",
    "有误：error parsing glob",
    "模式：unclosed ",
    "while parsing",
    "× found `, expected",
    "unexpected token",
];

/// The lines of `text` that hold English.
fn english(text: &str) -> Vec<String> {
    text.lines().filter(|line| holds_english(line)).map(str::to_owned).collect()
}

fn holds_english(line: &str) -> bool {
    let trimmed = line.trim_start();
    let is_source = trimmed.contains('│') || trimmed.starts_with(['+', '-', '@', '·', '╭', '$', '*', '#']);
    let said = match LABEL.captures(line) {
        Some(label) => label[1].to_owned(),
        None if is_source => return false,
        None => line.to_owned(),
    };
    let said = NO_PROSE.replace_all(&said, "`");
    PROSE.is_match(&said) && !WORDS_OF_OTHERS.iter().any(|words| said.contains(words))
}

/// Fails with the lines that hold English, each with where it comes from.
#[track_caller]
fn assert_chinese(said: &[(String, String)]) {
    let bad: Vec<String> = said
        .iter()
        .flat_map(|(from, text)| english(text).into_iter().map(move |line| format!("{from}: {line}")))
        .collect();
    assert!(bad.is_empty(), "English in Chinese output:\n{}", bad.join("\n"));
}

fn said(project: &Project, command: &[&str]) -> String {
    let mut arguments = vec!["--lang", "zh"];
    arguments.extend(command);
    let output = project.run_all(&arguments);
    assert!(output.code.is_some_and(|code| code <= 2), "{command:?}: {}", output.stderr);
    output.stdout + "\n" + &output.stderr
}

#[test]
fn english_is_told_from_names_and_code() {
    for line in ["no organization", "  帮助：remove it, please", "  ·       ╰── an old word", "已修复：fixed it"]
    {
        assert!(holds_english(line), "{line}");
    }
    for line in [
        "`npm ci` 的层",
        "12 │ RUN apt-get update",
        "  帮助：改写为 `a b`",
        "警告[latest-tag]",
        "https://a/b c",
        "+ a b",
    ] {
        assert!(!holds_english(line), "{line}");
    }
}

#[test]
fn a_plan_and_its_apply_are_told_in_chinese() {
    let project = Project::copy_of("examples/quickstart");
    let mut answers = Vec::new();
    for command in [
        &["plan"][..],
        &["plan", "--out", "p.json"],
        &["apply", "--auto-approve", "--report", "r.md"],
        &["plan"],
        &["apply", "--auto-approve"],
        &["plan", "--target", "nothing"],
        &["apply", "gone.json"],
        &["explain", "nothing"],
        &["explain"],
    ] {
        answers.push((command.join(" "), said(&project, command)));
    }
    answers.push(("the report".to_owned(), std::fs::read_to_string(project.path("r.md")).unwrap()));
    assert_chinese(&answers);
}
