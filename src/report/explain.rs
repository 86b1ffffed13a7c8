//! What a rule or a network check is about, for people at a terminal.

use std::fmt::Write as _;

use super::diagnostic::Style;
use super::escape::padded;
use crate::diag::{Lang, Wording, say};
use crate::lint::policy::{Level, Profile};
use crate::lint::{Example, Notice, Rule, ScCode, ScKind, practice, rules};
use crate::network::{self, Check};

/// Columns of running text, however wide the terminal is.
const MAX_WIDTH: usize = 80;

const PROFILES: [(&str, Profile); 4] =
    [("swr", Profile::Swr), ("hadolint", Profile::Hadolint), ("buildkit", Profile::Buildkit), ("all", Profile::All)];

/// Everything there is to say about a rule.
#[must_use]
pub fn rule(rule: &Rule, style: &Style) -> String {
    let lang = style.lang;
    let mut text = format!("{}: {}\n\n", bold(rule.name, style), rule.summary.get(lang));
    text.push_str(&wrapped(rule.explanation.get(lang), style));
    text.push('\n');
    text.push_str(&wrapped(what_to_do(&rule.help).get(lang), style));
    text.push_str(&example(&rule.example, style));
    text.push('\n');
    for (word, value) in facts(rule) {
        text.push_str(&field(word.get(lang), value.get(lang), 11));
    }
    text.push('\n');
    text + &settings(rule.name, lang)
}

/// The sentence with the rule's help.
pub(super) fn what_to_do(help: &Wording) -> Wording {
    say!("What to do: {help}.", "怎么做：{help}。", help)
}

/// The two Dockerfiles, with what lies beside them.
fn example(example: &Example, style: &Style) -> String {
    let lang = style.lang;
    let mut text = String::new();
    if !example.policy.is_empty() {
        let heading = say!("With this in a `dockerfiles` section:", "`dockerfiles` 小节中写有：");
        let _ = write!(text, "\n{}\n\n{}", heading.get(lang), indented(example.policy));
    }
    for (heading, sample) in [(say!("Bad:", "反例："), &example.bad), (say!("Good:", "正例："), &example.good)] {
        let _ = write!(text, "\n{}\n\n{}", bold(heading.get(lang), style), indented(sample.dockerfile));
        for (name, content) in sample.files {
            let beside = say!("and {name}:", "以及 {name}：", name);
            let _ = write!(text, "\n  {}\n\n{}", beside.get(lang), indented(content));
        }
    }
    text
}

fn indented(text: &str) -> String {
    text.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("    {line}\n") }).collect()
}

/// What there is beside the texts, each with the word for it.
fn facts(rule: &Rule) -> Vec<(Wording, Wording)> {
    let mut facts = vec![(say!("Level:", "级别："), levels(rule))];
    if let Some((number, practice)) = rule.practice.and_then(|number| Some((number, practice(number)?))) {
        let text =
            say!("{number} of SWR's documents, {practice}", "SWR 文档第 {number} 条，{practice}", number, practice);
        facts.push((say!("Practice:", "实践："), text));
    }
    if rule.is_fixable() {
        let text = say!("by `swrctl lint --fix`, where that is safe", "在安全时由 `swrctl lint --fix` 修复");
        facts.push((say!("Fixable:", "可修复："), text));
    }
    for tool in ["hadolint", "BuildKit", "ShellCheck"] {
        let aliases: Vec<&str> = rule.aliases.iter().copied().filter(|alias| origin(alias) == tool).collect();
        if !aliases.is_empty() {
            let aliases = aliases.join(", ");
            facts.push((Wording::same(format!("{tool}:")), Wording::same(aliases)));
        }
    }
    facts
}

/// What a code of ShellCheck's is, and where it is explained.
#[must_use]
pub fn shellcheck(code: ScCode, style: &Style) -> String {
    let lang = style.lang;
    let title = say!(
        "a finding of ShellCheck's, reported by the rule shellcheck",
        "ShellCheck 发现的问题，由规则 shellcheck 报告"
    );
    let kind = match code.kind() {
        ScKind::Syntax => say!("It is about the syntax of shell text.", "它与 shell 文本的语法有关。"),
        ScKind::Meaning => say!("It is about what shell text does.", "它与 shell 文本的行为有关。"),
        ScKind::Portability => say!(
            "It is about what not every shell understands; SHELL says which one runs the text.",
            "它与并非所有 shell 都支持的写法有关；SHELL 说明由哪个 shell 执行。"
        ),
    };
    let mut text = format!("{}: {}\n\n{}\n", bold(code.name(), style), title.get(lang), wrapped(kind.get(lang), style));
    text.push_str(&field(say!("ShellCheck's wiki:", "ShellCheck 的 wiki：").get(lang), &code.wiki(), 24));
    text + &settings(code.name(), lang)
}

/// How a rule's level is set, for all of the project or in one place.
fn settings(name: &str, lang: Lang) -> String {
    let setting = format!("deny, warn, info {} allow \"{name}\"", say!("or", "或").get(lang));
    let pragma = format!("# swrctl allow={name} reason=…");
    field(say!("In swr.kdl:", "在 swr.kdl 中：").get(lang), &setting, 24)
        + &field(say!("Above an instruction:", "在指令上方：").get(lang), &pragma, 24)
}

/// Everything there is to say about a network check.
#[must_use]
pub fn check(check: Check, style: &Style) -> String {
    let lang = style.lang;
    let name = bold(check.name(), style);
    let title = say!("a check of the path to a registry", "检查通往镜像仓库的路径");
    let mut text = format!("{name}: {}\n\n", title.get(lang));
    text.push_str(&wrapped(network::explain(check).get(lang), style));
    let needs: Vec<&str> = check.needs().iter().map(|need| need.name()).collect();
    if !needs.is_empty() {
        let needs = needs.join(", ");
        let skipped = say!("Skipped when one of these fails: {needs}", "以下任一检查失败时跳过：{needs}", needs);
        let _ = write!(text, "\n{}", wrapped(skipped.get(lang), style));
    }
    let or = say!("or", "或").into_string(lang);
    let setting = format!("check \"{}\" level=\"error\", \"warn\" {or} \"off\"", check.name());
    text.push('\n');
    text.push_str(&field(say!("In a network section:", "在 network 小节中：").get(lang), &setting, 22));
    text
}

/// Everything there is to say about what lint tells beside what rules find.
#[must_use]
pub fn notice(notice: Notice, style: &Style) -> String {
    let lang = style.lang;
    let title = bold(notice.name(), style);
    let mut text =
        format!("{title}: {}\n\n{}\n", notice.summary().get(lang), wrapped(notice.explanation().get(lang), style));
    text.push_str(&wrapped(what_to_do(&notice.help()).get(lang), style));
    text
}

/// Every rule, every check and every notice, a line each.
#[must_use]
pub fn list(style: &Style) -> String {
    let lang = style.lang;
    let checks = Check::ALL.map(Check::name);
    let notices = Notice::ALL.map(Notice::name);
    let names = rules().iter().map(|rule| rule.name).chain(checks).chain(notices);
    let width = names.map(str::len).max().unwrap_or_default();
    let mut text = format!("{}\n", bold(say!("Rules over Dockerfiles", "检查 Dockerfile 的规则").get(lang), style));
    for rule in rules() {
        let level = padded(word(rule.level).get(lang), 7);
        let _ = writeln!(text, "  {:width$}  {level}  {}", rule.name, rule.summary.get(lang));
    }
    let heading = say!("Checks of the path to a registry", "对通往镜像仓库的路径的检查");
    let _ = writeln!(text, "\n{}", bold(heading.get(lang), style));
    for check in checks {
        let _ = writeln!(text, "  {check}");
    }
    let heading = say!("What lint tells beside rules", "规则之外的 lint 消息");
    let _ = writeln!(text, "\n{}", bold(heading.get(lang), style));
    for notice in Notice::ALL {
        let _ = writeln!(text, "  {:width$}  {}", notice.name(), notice.summary().get(lang));
    }
    text
}

/// The level in every profile; the same in all of them is said once.
fn levels(rule: &Rule) -> Wording {
    if rule.by_policy {
        let level = word(rule.level);
        return say!("{level}, once the policy declares it", "{level}，在策略声明之后生效", level);
    }
    let listed = |lang| {
        let levels = PROFILES.map(|(name, profile)| format!("{name} {}", word(rule.level_in(profile)).get(lang)));
        levels.join(say!(", ", "、").get(lang))
    };
    Wording::composed(listed(Lang::En), listed(Lang::Zh))
}

/// A level by the word for it.
const fn word(level: Level) -> Wording {
    match level {
        Level::Off => say!("off", "关闭"),
        Level::Info => say!("info", "提示"),
        Level::Style => say!("style", "风格"),
        Level::Warning => say!("warning", "警告"),
        Level::Error => say!("error", "错误"),
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

/// A line with a word and, from a column on, its value.
fn field(word: &str, value: &str, column: usize) -> String {
    format!("{}{value}\n", padded(word, column))
}

/// Lines of at most [`MAX_WIDTH`] columns, each ended.
fn wrapped(text: &str, style: &Style) -> String {
    let options = textwrap::Options::new(style.width.min(MAX_WIDTH))
        .break_words(false)
        .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit);
    textwrap::fill(text, options) + "\n"
}

#[cfg(test)]
mod tests {
    use textwrap::core::display_width;

    use super::*;

    const STYLE: Style = Style { color: false, unicode: true, width: 100, lang: Lang::En };
    const CHINESE: Style = Style { lang: Lang::Zh, ..STYLE };

    #[test]
    fn every_rule_and_every_check_is_explained_in_short_lines() {
        for style in [STYLE, CHINESE] {
            let rules = rules().iter().map(|found| rule(found, &style));
            let notices = Notice::ALL.map(|found| notice(found, &style));
            for text in rules.chain(Check::ALL.map(|found| check(found, &style))).chain(notices) {
                let prose = text.lines().skip(1).filter(|line| !line.starts_with("    "));
                let long = prose.into_iter().find(|line| display_width(line) > MAX_WIDTH);
                assert_eq!(long, None, "{text}");
            }
        }
    }

    #[test]
    fn a_rule_is_explained_with_its_practice_and_its_levels() {
        let latest = crate::lint::rule("DL3007").unwrap();
        for (style, expected) in [
            (
                STYLE,
                "Level:     swr warning, hadolint warning, buildkit off, all warning\n\
                 Practice:  4 of SWR's documents, use an image with a specific tag\n\
                 hadolint:  DL3007\n",
            ),
            (
                CHINESE,
                "级别：     swr 警告、hadolint 警告、buildkit 关闭、all 警告\n\
                 实践：     SWR 文档第 4 条，使用带明确标签的镜像\n\
                 hadolint:  DL3007\n",
            ),
        ] {
            let text = rule(latest, &style);
            assert!(text.contains(expected), "{text}");
        }
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
        let names = names.chain(Notice::ALL.map(Notice::name));
        assert!(names.into_iter().all(|name| list.contains(&format!("  {name}"))), "{list}");
    }

    #[test]
    fn words_are_wrapped_between_them_and_chinese_between_characters() {
        let style = Style { width: 5, ..STYLE };
        assert_eq!(wrapped("ab cd ef toolong g", &style), "ab cd\nef\ntoolong\ng\n");
        assert_eq!(wrapped("镜像层，缓存", &Style { width: 6, ..STYLE }), "镜像\n层，缓\n存\n");
    }
}
