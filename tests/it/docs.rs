//! What documents claim: their project files parse, their links lead somewhere, and the reference says what the code
//! says.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use clap::CommandFactory;
use regex::Regex;
use swrctl::cli::Cli;
use swrctl::diag::{Diagnostic, Lang, Source, Wording, say};
use swrctl::lint::policy::Level;
use swrctl::lint::{Example, Notice, Rule, practice, rules};
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
                found.iter().map(|found| found.problem.message.english()).collect::<Vec<_>>().join("\n")
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
    assert_file("docs/reference/checks.md", &reference_of_checks(Lang::En));
    assert_file("docs/reference/checks.zh.md", &reference_of_checks(Lang::Zh));
}

fn reference_of_checks(lang: Lang) -> String {
    let other = match lang {
        Lang::En => "[中文](checks.zh.md)",
        Lang::Zh => "[English](checks.md)",
    };
    let title = say!("The checks of a network path", "网络路径的检查");
    let intro = say!(
        "They run in this order for every registry in use. `check NAME level=\"warn\"` in a `network` section lets a \
         failure pass as a warning, `level=\"off\"` drops it.",
        "对每个用到的镜像仓库按以下顺序执行。在 `network` 小节中写 `check NAME level=\"warn\"`，失败只算警告；\
         写 `level=\"off\"` 则不检查。"
    );
    let mut text = format!("{GENERATED}\n# {}\n\n{other}\n\n{}\n", title.get(lang), wrapped(intro.get(lang)));
    for check in Check::ALL {
        let _ = write!(text, "\n## {check}\n\n{}\n", wrapped(explain(check).get(lang)));
        let needs: Vec<String> = check.needs().iter().map(|need| format!("[{need}](#{need})")).collect();
        if !needs.is_empty() {
            let needs = needs.join(", ");
            let skipped = say!("Skipped when one of these fails: {needs}.", "以下任一检查失败时跳过：{needs}。", needs);
            let _ = write!(text, "\n{}\n", skipped.get(lang));
        }
    }
    text
}

#[test]
fn the_reference_of_rules_says_what_the_code_says() {
    assert_file("docs/reference/rules.md", &reference_of_rules(Lang::En));
    assert_file("docs/reference/rules.zh.md", &reference_of_rules(Lang::Zh));
}

fn reference_of_rules(lang: Lang) -> String {
    let other = match lang {
        Lang::En => "[中文](rules.zh.md)",
        Lang::Zh => "[English](rules.md)",
    };
    let intro = say!(
        "The level is the one of the profile `swr`, and `all` turns on what is off there. A rule is called by its name or \
         by what another linter calls it. The practice is the one of the 17 of SWR's documents that it comes from. What is fixable \
         `swrctl lint --fix` corrects, where that is safe.",
        "级别是 `swr` 配置集中的级别；在那里关闭的规则由 `all` 打开。规则可以用自己的名字称呼，也可以用其他检查工具给它的名字。\
         \
         实践是 SWR 文档的 17 条实践中该规则所属的一条。可修复的问题在安全时由 `swrctl lint --fix` 改正。"
    );
    let head = say!(
        "| rule | level | practice | fixable | also called | what it finds |",
        "| 规则 | 级别 | 实践 | 可修复 | 别名 | 发现什么 |"
    );
    let title = say!("The rules", "规则");
    let mut text = format!("{GENERATED}\n# {}\n\n{}\n\n", title.get(lang), other);
    let _ = write!(text, "{}\n\n{}\n|---|---|---|---|---|---|\n", wrapped(intro.get(lang)), head.get(lang));
    for rule in rules() {
        let number = rule.practice.map_or_else(String::new, |number| number.to_string());
        let name = rule.name;
        let (aliases, summary) = (rule.aliases.join(", "), in_a_table(rule.summary.get(lang)));
        let fixable = if rule.is_fixable() { say!("yes", "是").into_string(lang) } else { String::new() };
        let level = level(rule).into_string(lang);
        let _ = writeln!(text, "| [{name}](#{name}) | {level} | {number} | {fixable} | {aliases} | {summary} |");
    }
    for rule in rules() {
        let _ = write!(text, "\n## {}\n\n{}\n", rule.name, wrapped(rule.explanation.get(lang)));
        let help = say!("What to do: {help}.", "怎么做：{help}。", help = rule.help);
        let _ = write!(text, "\n{}\n", wrapped(help.get(lang)));
        text.push_str(&example(&rule.example, lang));
        if let Some((number, practice)) = rule.practice.and_then(|number| Some((number, practice(number)?))) {
            let practice = say!("Practice {number}: {practice}.", "实践 {number}：{practice}。", number, practice);
            let _ = write!(text, "\n{}\n", practice.get(lang));
        }
    }
    let heading = say!("What lint tells beside rules", "规则之外的 lint 消息");
    let _ = write!(text, "\n## {}\n", heading.get(lang));
    for notice in Notice::ALL {
        let help = say!("What to do: {help}.", "怎么做：{help}。", help = notice.help());
        let _ = write!(text, "\n### {}\n\n{}\n", notice.name(), wrapped(notice.explanation().get(lang)));
        let _ = write!(text, "\n{}\n", wrapped(help.get(lang)));
    }
    text
}

fn example(example: &Example, lang: Lang) -> String {
    let mut text = String::new();
    if !example.policy.is_empty() {
        let heading = say!("With this in a `dockerfiles` section:", "`dockerfiles` 小节中写有：");
        let _ = write!(text, "\n{}\n\n```text\n{}\n```\n", heading.get(lang), example.policy);
    }
    for (heading, sample) in [(say!("Bad:", "反例："), &example.bad), (say!("Good:", "正例："), &example.good)] {
        let _ = write!(text, "\n{}\n\n```dockerfile\n{}```\n", heading.get(lang), sample.dockerfile);
        for (name, content) in sample.files {
            let heading = say!("and `{name}`:", "以及 `{name}`：", name);
            let _ = write!(text, "\n{}\n\n```text\n{content}```\n", heading.get(lang));
        }
    }
    text
}

/// The level by itself; a rule that waits for the policy to declare what it checks says so.
fn level(rule: &Rule) -> Wording {
    let level = match rule.level {
        Level::Off => say!("off", "关闭"),
        Level::Info => say!("info", "提示"),
        Level::Style => say!("style", "风格"),
        Level::Warning => say!("warning", "警告"),
        Level::Error => say!("error", "错误"),
    };
    if rule.by_policy {
        say!("{level}, once the policy declares it", "{level}，在策略声明之后生效", level)
    } else {
        level
    }
}

/// A bar would end the cell.
fn in_a_table(text: &str) -> String {
    text.replace('|', "\\|")
}

#[test]
fn the_reference_of_the_command_line_is_the_help_of_every_command() {
    let (title, exit_code) = (say!("The command line", "命令行"), say!("Exit code", "退出码"));
    for (lang, word, file) in [(Lang::En, "en", "command-line.md"), (Lang::Zh, "zh", "command-line.zh.md")] {
        let project = binary::Project::empty();
        let mut text = format!("{GENERATED}\n# {}\n", title.get(lang));
        let command = Cli::command();
        let names = command.get_subcommands().map(clap::Command::get_name);
        for name in std::iter::once("").chain(names) {
            let arguments: Vec<&str> =
                [name, "--help", "--lang", word].into_iter().filter(|word| !word.is_empty()).collect();
            let help = project.run_all(&arguments).expect_success();
            assert_eq!(help.stderr, "");
            let fits = |line: &str| line.trim_end() == line && textwrap::core::display_width(line) <= 100;
            assert!(help.stdout.lines().all(fits), "{help}");
            // Chinese lines end between any two characters.
            let unbroken = if lang == Lang::Zh { help.stdout.replace('\n', "") } else { help.stdout.clone() };
            assert!(unbroken.contains(exit_code.get(lang)), "the exit codes are not told: {help}");
            let _ = write!(text, "\n## swrctl {name}\n\n```text\n{}```\n", help.stdout);
        }
        assert_file(&format!("docs/reference/{file}"), &text.replace("swrctl \n", "swrctl\n"));
    }
}

/// Lines of at most 120 columns.
fn wrapped(text: &str) -> String {
    textwrap::fill(text, textwrap::Options::new(120).break_words(false))
}
