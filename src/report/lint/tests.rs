//! What every format owes whatever was found: each finding once, and a document that parses.

use std::sync::{Arc, LazyLock};

use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::diag::{Diagnostic, Problem, Severity};
use crate::lint::{Report, rules};
use crate::worktree::Origin;

const STYLE: Style = Style { color: false, unicode: true, width: 80, lang: Lang::En };

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let schema = serde_json::from_str(include_str!("../../../schema/lint.schema.json")).unwrap();
    jsonschema::validator_for(&schema).unwrap()
});

fn finding(at: usize, level: Level, source: &Arc<Source>, span: Span, message: &str) -> Finding {
    let rule = rules()[at % rules().len()];
    let severity = match level {
        Level::Error => Severity::Error,
        Level::Warning => Severity::Warning,
        Level::Info | Level::Style | Level::Off => Severity::Info,
    };
    let problem = Problem::new(rule.name, Wording::same(message)).with_help(Wording::same(rule.help.get(Lang::En)));
    let diagnostic = Diagnostic::from_problem(severity, problem).at(source, span, Wording::default());
    Finding { rule: rule.name, aliases: rule.aliases, practice: rule.practice, level, diagnostic, fix: None }
}

fn file(name: &str, findings: Vec<Finding>) -> LintedFile {
    let failed = findings.iter().any(|finding| finding.level == Level::Error);
    let report = Report { findings, failed, ..Report::default() };
    LintedFile {
        name: name.to_owned(),
        origin: Origin::Stdin(Vec::new()),
        fail_on: Level::Error,
        report,
        fixed: None,
        known: None,
    }
}

fn run_of(files: Vec<LintedFile>) -> LintRun {
    LintRun { files, ..LintRun::default() }
}

/// Two findings in one file and none in another.
fn sample() -> LintRun {
    let source = Arc::new(Source::new("a/Dockerfile", "FROM é\nRUN a \\\n  b\n"));
    let latest = rules().iter().position(|rule| rule.name == "latest-tag").unwrap();
    let first = finding(latest, Level::Error, &source, Span::new(5, 7), "50% <of> \"it\"");
    let second = finding(latest, Level::Warning, &source, Span::new(8, 19), "second");
    run_of(vec![file("a/Dockerfile", vec![first, second]), file("b/Dockerfile", Vec::new())])
}

fn rendered(format: Format) -> String {
    render(&sample(), format, &STYLE)
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn the_summary_counts_findings_and_files() {
    let none = run_of(vec![file("a", Vec::new())]);
    assert_eq!(summary(&sample(), 0, Lang::En), "1 error, 1 warning in 2 files");
    assert_eq!(summary(&none, 2, Lang::En), "2 findings fixed; no findings in 1 file");
    assert_eq!(summary(&sample(), 0, Lang::Zh), "2 个文件：1 个错误、1 个警告");
    assert_eq!(summary(&none, 2, Lang::Zh), "已修复 2 个问题；1 个文件：没有发现问题");
}

#[test]
fn json_says_where_in_lines_and_in_bytes() {
    let document = json_of(&rendered(Format::Json));
    let first = &document["findings"][0];
    assert_eq!(
        (first["start"].to_string(), first["end"].to_string()),
        (r#"{"line":1,"column":6}"#.to_owned(), r#"{"line":1,"column":7}"#.to_owned())
    );
    assert_eq!(first["bytes"].to_string(), r#"{"start":5,"end":7}"#);
    assert_eq!(
        (&first["aliases"][0], &first["practice"], &first["fails"]),
        (&"DL3007".into(), &4.into(), &true.into())
    );
    assert_eq!(document["findings"][1]["fails"], false);
    assert_eq!(document["files"][1].to_string(), r#"{"file":"b/Dockerfile","failed":false}"#);
}

#[test]
fn sarif_has_each_rule_once_and_results_that_point_at_it() {
    let document = json_of(&rendered(Format::Sarif));
    let run = &document["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), 1);
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
    }
    let region = &run["results"][0]["locations"][0]["physicalLocation"]["region"];
    assert_eq!(region.to_string(), r#"{"startLine":1,"startColumn":6,"endLine":1,"endColumn":7}"#);
}

#[test]
fn github_s_commands_have_columns_only_within_a_line() {
    let text = rendered(Format::Github);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with(
        "::error file=a/Dockerfile,line=1,endLine=1,col=6,endColumn=7,title=latest-tag (DL3007)::50%25 <of> \"it\"%0Ahelp: "
    ));
    assert!(lines[1].starts_with("::warning file=a/Dockerfile,line=2,endLine=3,title="), "{text}");
}

#[test]
fn a_finding_keeps_its_fingerprint_when_lines_come_above_it() {
    let text = "RUN a\nRUN b\nRUN a\n";
    let fingerprints = |before: &str| {
        let source = Arc::new(Source::new("f", format!("{before}{text}")));
        let spans = [0, 6, 12].map(|at| Span::new(before.len() + at, before.len() + at + 5));
        let findings = spans.map(|span| finding(0, Level::Error, &source, span, before));
        let report = json_of(&render(&run_of(vec![file("f", findings.into())]), Format::Gitlab, &STYLE));
        let found = report.as_array().unwrap().iter();
        found.map(|issue| issue["fingerprint"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (first, later) = (fingerprints(""), fingerprints("# a\n"));
    assert_eq!(first, later);
    assert!(first[0] != first[1] && first[0] != first[2], "{first:?}");
}

#[test]
fn junit_s_failures_are_what_fails_the_file() {
    let text = rendered(Format::Junit);
    assert!(text.contains("<testsuites name=\"swrctl lint\" tests=\"3\" failures=\"1\" errors=\"0\">"), "{text}");
    assert_eq!(text.matches("<failure ").count(), 1);
    assert_eq!(text.matches("<system-out>").count(), 1);
    assert!(text.contains("<testcase classname=\"b/Dockerfile\" name=\"no findings\"/>"), "{text}");
}

#[test]
fn nothing_found_is_a_whole_document_too() {
    let none = run_of(Vec::new());
    let said = |format| render(&none, format, &STYLE);
    assert_eq!(said(Format::Human) + &said(Format::Short) + &said(Format::Github), "");
    assert_eq!(said(Format::Gitlab), "[]\n");
    assert_eq!(json_of(&said(Format::Sarif))["runs"][0]["results"], Value::Array(Vec::new()));
    assert!(SCHEMA.is_valid(&json_of(&said(Format::Json))));
    for format in [Format::Checkstyle, Format::Junit] {
        assert_eq!(tags_of(&said(format)), 1);
    }
}

/// How many elements a document has; fails where it is not well-formed XML 1.0.
fn tags_of(document: &str) -> usize {
    let body = document.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").unwrap();
    let (mut open, mut count, mut rest) = (Vec::new(), 0, body);
    while let Some(at) = rest.find('<') {
        assert_characters(&rest[..at]);
        let end = rest.find('>').expect("a tag ends");
        let tag = &rest[at + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{document}");
            continue;
        }
        count += 1;
        let (tag, is_empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        assert_attributes(attributes);
        if !is_empty {
            open.push(name);
        }
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "{document}");
    count
}

fn assert_attributes(mut text: &str) {
    while !text.is_empty() {
        let (name, rest) = text.split_once("=\"").expect("a name and a value");
        assert!(name.trim_start().bytes().all(|byte| byte.is_ascii_lowercase()), "{name}");
        let (value, rest) = rest.split_once('"').expect("a value ends");
        assert!(!value.contains(['<', '\n', '\t']), "{value}");
        assert_characters(value);
        text = rest;
    }
}

fn assert_characters(text: &str) {
    const ENTITIES: [&str; 6] = ["amp;", "lt;", "gt;", "quot;", "apos;", "#10;"];
    assert!(text.split('&').skip(1).all(|rest| ENTITIES.iter().any(|entity| rest.starts_with(entity))), "{text}");
    assert!(
        !text.contains(|c: char| (c.is_control() && c != '\n') || matches!(c, '\u{fffe}' | '\u{ffff}')),
        "{text:?}"
    );
}

const TEXT: &str = "([a-c:,%&<>\"'\\]\r\n\t \x00\x1b\u{9b}é€\u{202e}\u{fffe}\u{ffff}👩]|::|]]>|%0A){0,20}";

fn any_run() -> impl Strategy<Value = LintRun> {
    let finding = (any::<usize>(), 0..3_usize, 0..60_usize, 0..60_usize, TEXT, TEXT);
    let files = prop::collection::vec((TEXT, TEXT, prop::collection::vec(finding, 0..4)), 0..4);
    files.prop_map(|files| {
        let files = files.into_iter().map(|(name, text, findings)| {
            let source = Arc::new(Source::new(name.as_str(), text));
            let findings = findings.into_iter().map(|(rule, level, start, end, message, related)| {
                let level = [Level::Info, Level::Warning, Level::Error][level];
                let message = format!("m{message}");
                let mut found = self::finding(rule, level, &source, Span::new(start, end), &message);
                found.diagnostic = found.diagnostic.at(&source, Span::new(end, start), Wording::same(related));
                found
            });
            file(&name, findings.collect())
        });
        run_of(files.collect())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_format_holds_every_finding(run in any_run()) {
        let total = findings(&run).count();
        let said = |format| render(&run, format, &STYLE);
        let json = json_of(&said(Format::Json));
        let faults: Vec<_> = SCHEMA.iter_errors(&json).map(|fault| fault.to_string()).collect();
        prop_assert!(faults.is_empty(), "{faults:?}");
        prop_assert_eq!(json["findings"].as_array().unwrap().len(), total);
        prop_assert_eq!(json_of(&said(Format::Sarif))["runs"][0]["results"].as_array().unwrap().len(), total);
        prop_assert_eq!(json_of(&said(Format::Gitlab)).as_array().unwrap().len(), total);
        let with_findings = run.files.iter().filter(|file| !file.report.findings.is_empty()).count();
        prop_assert_eq!(tags_of(&said(Format::Checkstyle)), 1 + with_findings + total);
        let cases: usize = run.files.iter().map(|file| 1 + file.report.findings.len().max(1)).sum();
        prop_assert_eq!(tags_of(&said(Format::Junit)), 1 + cases + total);
        prop_assert_eq!(said(Format::Short).lines().count(), total);
        let github = said(Format::Github);
        prop_assert_eq!(github.lines().count(), total);
        let commands = ["::error file=", "::warning file=", "::notice file="];
        prop_assert!(github.lines().all(|line| commands.iter().any(|command| line.starts_with(command))), "{}", github);
        prop_assert_eq!(said(Format::Human).matches("help: ").count(), total);
        for format in [Format::Human, Format::Short, Format::Github, Format::Checkstyle, Format::Junit] {
            let said = said(format);
            prop_assert!(!said.contains(['\x1b', '\u{9b}', '\r', '\0']), "{said:?}");
        }
    }
}
