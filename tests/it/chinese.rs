//! What people read with `--lang zh` holds no English prose: the commands of the transcripts, every faulty project file,
//! every example of a rule, an apply and the network checks, each in Chinese.

use std::sync::LazyLock;

use clap::CommandFactory;
use regex::Regex;
use swrctl::cli::Cli;
use swrctl::lint::rules;

use crate::support::sources::files;
use crate::support::swrctl::Project;

/// Code, names and quotations, which stay as they are: what stands in back-quotes, in double quotes or in a drawn line
/// of a source, URLs and options.
static NO_PROSE: LazyLock<Regex> = LazyLock::new(|| {
    let code = r#"`[^`]*`|"[^"]*"|“[^”]*”|https?://\S*|--[a-z-]+(?:=\S*)?|# swrctl .*$|swrctl [a-z]+|deny, warn, info"#;
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

/// Without the lines of code that `explain` shows: they are indented, and nothing in them is Chinese.
fn without_examples(text: &str) -> String {
    let is_code = |line: &&str| line.starts_with("    ") && line.is_ascii() && !line.contains(": ");
    text.lines().filter(|line| !is_code(line)).collect::<Vec<_>>().join("\n")
}

/// Quotations may begin on one line of a paragraph and end on the next.
fn paragraphs(text: &str) -> String {
    text.split("\n\n").map(|paragraph| paragraph.replace('\n', " ")).collect::<Vec<_>>().join("\n")
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
fn the_commands_of_the_transcripts_answer_in_chinese() {
    let mut answers = Vec::new();
    for case in files("tests/cases/cli") {
        let mut project = Project::empty();
        let mut lines = case.text.lines();
        while let Some(line) = lines.next() {
            let Some(opened) = line.strip_prefix("```").filter(|rest| !rest.is_empty()) else { continue };
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            if let Some((_, name)) = opened.split_once(' ') {
                project = project.file(name, block.join("\n") + "\n");
            } else if opened == "console" {
                let command = block[0].strip_prefix("$ swrctl ").expect("a command");
                let words: Vec<&str> = command.split(' ').collect();
                let answer = said(&project, &words);
                // Documents are for programs.
                let is_document = ["--json", "--format"].iter().any(|option| command.contains(option));
                if !is_document {
                    answers.push((format!("{}: {command}", case.path), without_examples(&answer)));
                }
            }
        }
    }
    assert!(answers.len() >= 10, "{}", answers.len());
    assert_chinese(&answers);
}

#[test]
fn the_help_of_every_command_is_in_chinese() {
    let project = Project::empty();
    let mut answers = Vec::new();
    let command = Cli::command();
    for name in std::iter::once("").chain(command.get_subcommands().map(clap::Command::get_name)) {
        for help in ["-h", "--help"] {
            let command: Vec<&str> = [name, help].into_iter().filter(|word| !word.is_empty()).collect();
            let answer = said(&project, &command);
            assert!(answer.contains("用法：swrctl"), "{answer}");
            answers.push((command.join(" "), answer));
        }
    }
    assert_chinese(&answers);
}

#[test]
fn what_is_wrong_with_a_command_line_is_told_in_chinese() {
    let project = Project::empty();
    let mut answers = Vec::new();
    for line in [
        "--detailed",
        "plam",
        "plan extra",
        "--color alway plan",
        "generate",
        "apply --bandwidth fast",
        "lint --fix --diff",
        "lint --fix --fix",
        "lint --baseline",
        "network --only nonsense",
        "init --force=yes",
    ] {
        let answer = said(&project, &line.split(' ').collect::<Vec<_>>());
        assert!(answer.contains("错误：") && answer.contains("详细信息见 '--help'。"), "{line}: {answer}");
        answers.push((line.to_owned(), answer));
    }
    assert_chinese(&answers);
}

#[test]
fn a_baseline_that_cannot_be_used_is_told_in_chinese() {
    let entry = r#"{ "file": "Dockerfile", "rule": "latest-tag", "text": "FROM a", "count": COUNT }"#;
    let one = entry.replace("COUNT", "1");
    let mut answers = Vec::new();
    for (name, text) in [
        ("cut off", r#"{ "format_version": 1, "#.to_owned()),
        ("of another version", r#"{ "format_version": 9, "findings": [] }"#.to_owned()),
        ("of nothing", format!(r#"{{ "format_version": 1, "findings": [{}] }}"#, entry.replace("COUNT", "0"))),
        ("twice", format!(r#"{{ "format_version": 1, "findings": [{one}, {one}] }}"#)),
        ("in conflict", "<<<<<<< ours\n".to_owned()),
    ] {
        let project = Project::empty().file("Dockerfile", "FROM a\n").file("b.json", &text);
        answers.push((name.to_owned(), said(&project, &["lint", "--baseline", "b.json", "Dockerfile"])));
    }
    answers.push(("gone".to_owned(), said(&Project::empty(), &["lint", "--baseline", "gone.json"])));
    for (name, answer) in &mut answers {
        assert!(answer.contains("基线"), "{name}: {answer}");
        // The reader of JSON has words of its own.
        *answer = answer.lines().filter(|line| !line.contains("这不是基线：")).collect::<Vec<_>>().join("\n");
    }
    assert_chinese(&answers);
}

#[test]
fn every_fault_of_a_project_file_is_told_in_chinese() {
    let cases =
        files("tests/cases/project/invalid").into_iter().filter(|case| case.path.rsplit('.').next() == Some("kdl"));
    let answers: Vec<_> =
        cases.map(|case| (case.path.clone(), said(&Project::new(&case.text), &["validate"]))).collect();
    assert!(answers.len() >= 15, "{}", answers.len());
    assert_chinese(&answers);
}

#[test]
fn every_rule_speaks_chinese() {
    let mut answers = Vec::new();
    for rule in rules() {
        let project = Project::empty().file("Dockerfile", rule.example.bad.dockerfile);
        answers.push((rule.name.to_owned(), said(&project, &["lint", "--profile", "all", "Dockerfile"])));
        let explained = paragraphs(&without_examples(&said(&project, &["explain", rule.name])));
        answers.push((format!("{} explained", rule.name), explained));
    }
    assert_chinese(&answers);
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

#[test]
fn a_path_that_is_not_as_declared_is_told_in_chinese() {
    let project = Project::new(
        "project \"p\" version=1\n\
         registry \"here\" \"127.0.0.1:9\"\n\
         registry \"there\" \"127.0.0.2:9\" { tls plain-http=true; }\n\
         network \"here\" { mode \"public\"; interface \"tun*\"; }\n\
         network \"there\" { mode \"vpc-endpoint\"; endpoint \"127.0.0.3\"; check \"address-class\" level=\"warn\"; }\n\
         migrate \"here\" to=\"there\" { image \"a/b\" tags=\"1\"; }\n",
    );
    let answers: Vec<_> =
        [&["network"][..], &["plan"]].map(|command| (command.join(" "), said(&project, command))).into();
    assert!(answers[0].1.contains("失败"), "{}", answers[0].1);
    assert_chinese(&answers);
}
