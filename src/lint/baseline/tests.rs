//! What is held, what is stale, what is written.

use jiff::civil::Date;

use super::*;
use crate::dockerfile::Dockerfile;
use crate::lint::policy::Policy;
use crate::lint::{BuildContext, lint};

const OLD: &str = "FROM node:latest\nADD a /b\nADD a /b\nHEALTHCHECK NONE\nCMD [\"a\"]\n";

fn report(text: &str) -> Report {
    let source = Arc::new(Source::new("Dockerfile", text));
    let today = Date::constant(2027, 1, 31);
    lint(
        &Dockerfile::parse(&source),
        Path::new("Dockerfile"),
        &Policy::default(),
        &BuildContext::default(),
        None,
        today,
    )
}

fn empty() -> Baseline {
    Baseline::new("b.json".into(), "/p".into(), NamedBy::CommandLine)
}

fn read(text: &str) -> Result<Baseline, Diagnostic> {
    empty().with(&Arc::new(Source::new("b.json", text)))
}

fn judged<'a>(name: &'a str, report: &'a Report) -> Judged<'a> {
    Judged { name, report }
}

/// A baseline of one file.
fn baseline(name: &str, text: &str) -> Baseline {
    read(&empty().renewed(&[judged(name, &report(text))], |_| true).text).unwrap()
}

fn held(baseline: &Baseline, text: &str) -> Report {
    let mut report = report(text);
    report.hold(baseline, "Dockerfile", Level::Warning);
    report
}

fn rules(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.rule).collect()
}

#[test]
fn a_baseline_holds_what_was_found_wherever_it_moves() {
    let baseline = baseline("Dockerfile", OLD);
    for text in [OLD.to_owned(), format!("# a\n\n{OLD}"), OLD.replace("ADD a /b", "ADD  a\t/b ")] {
        let report = held(&baseline, &text);
        assert_eq!((rules(&report.findings), report.failed), (vec![], false), "{text}");
        assert_eq!(report.held.len(), 4, "{text}");
    }
}

#[test]
fn what_is_new_is_told_and_fails() {
    let baseline = baseline("Dockerfile", OLD);
    let one_more = OLD.replace("HEALTHCHECK", "ADD a /b\nHEALTHCHECK");
    for (text, new) in [(one_more.as_str(), "add-local-file"), (&OLD.replace("latest", "current"), "large-base")] {
        let report = held(&baseline, text);
        assert_eq!((rules(&report.findings), report.failed), (vec![new], new == "add-local-file"), "{text}");
    }
    let mut elsewhere = report(OLD);
    elsewhere.hold(&baseline, "other/Dockerfile", Level::Warning);
    assert_eq!((elsewhere.findings.len(), elsewhere.held.len()), (4, 0));
}

#[test]
fn what_is_about_the_run_is_never_held() {
    let mut report = report(OLD);
    let mut unchecked = report.findings[0].clone();
    unchecked.diagnostic.problem.code = SHELLCHECK.into();
    let mut unreadable = report.findings[0].clone();
    (unreadable.rule, unreadable.diagnostic.problem.code) = ("unreadable-file", "unreadable-file".into());
    unreadable.level = Level::Error;
    report.findings.extend([unchecked, unreadable]);
    report.hold_all(Level::Warning);
    assert_eq!((report.findings.len(), report.held.len(), report.failed), (2, 4, true));
}

#[test]
fn what_is_gone_is_told_with_its_place_and_shrunk() {
    let baseline = baseline("Dockerfile", OLD);
    let mended = report(&OLD.replacen("ADD a /b\n", "", 1).replace("node:latest", "scratch"));
    let stale = baseline.stale(&[judged("Dockerfile", &mended)], |_| true).unwrap();
    assert_eq!(stale.problem.message.english(), "the baseline holds 3 findings that are not there any more");
    assert!(stale.problem.help.unwrap().english().contains("`swrctl lint --write-baseline=b.json`"));
    let shown = |label: &crate::diag::Label| (label.source.slice(label.span).to_owned(), label.text.clone().unwrap());
    let labels: Vec<_> = stale.labels.iter().map(shown).collect();
    assert!(labels[0].0.starts_with("{ \"file\": \"Dockerfile\", \"rule\": \"add-local-file\""), "{labels:?}");
    let words: Vec<_> = labels.iter().map(|(_, word)| word.english()).collect();
    assert_eq!(words, ["1 of 2 are left", "not found any more", "not found any more"]);
    let renewed = baseline.renewed(&[judged("Dockerfile", &mended)], |_| true);
    assert_eq!((renewed.findings, renewed.files, renewed.added, renewed.removed), (1, 1, 0, 3));
}

#[test]
fn files_that_were_not_linted_are_left_alone_unless_they_are_gone() {
    let baseline = baseline("a/Dockerfile", OLD);
    let (none, good) = (report("FROM scratch\nCOPY a /\nCMD [\"/a\"]\nHEALTHCHECK NONE\n"), ["b/Dockerfile"]);
    let judged = [judged(good[0], &none)];
    assert_eq!(baseline.stale(&judged, |_| true), None);
    assert_eq!(baseline.renewed(&judged, |_| true).text, baseline.text().unwrap());
    assert!(baseline.stale(&judged, |name| name != "a/Dockerfile").is_some());
    assert_eq!(baseline.renewed(&judged, |name| name != "a/Dockerfile").findings, 0);
}

#[test]
fn codes_of_shellcheck_stay_where_it_did_not_look() {
    let text = empty().renewed(&[judged("Dockerfile", &report(OLD))], |_| true).text;
    let text = text.replacen("\"latest-tag\"", "\"SC2086\"", 1);
    let baseline = read(&text).unwrap();
    let good = report("FROM scratch\n");
    let renewed = |unjudged| {
        let report = Report { unjudged, ..good.clone() };
        baseline.renewed(&[judged("Dockerfile", &report)], |_| true).text.contains("SC2086")
    };
    assert!(renewed([SHELLCHECK].into()) && !renewed(BTreeSet::new()));
}

#[test]
fn what_a_rule_could_not_judge_stays_as_often_as_it_was() {
    let rule = "add-local-file";
    let baseline = baseline("Dockerfile", OLD);
    let one_less = Report { unjudged: [rule].into(), ..report(&OLD.replacen("ADD a /b\n", "", 1)) };
    assert_eq!(baseline.stale(&[judged("Dockerfile", &one_less)], |_| true), None);
    let one_more = Report { unjudged: [rule].into(), ..report(&OLD.replacen("ADD a /b\n", "ADD a /b\nADD a /b\n", 1)) };
    assert_eq!(baseline.renewed(&[judged("Dockerfile", &one_more)], |_| true).added, 1);
}

#[test]
fn names_are_paths_from_the_folder_of_the_baseline() {
    let name = |file: &str| empty().name_of(Path::new(file));
    assert_eq!(name("/p/Dockerfile"), "Dockerfile");
    assert_eq!(name("/p/a b/Dockerfile"), "a b/Dockerfile");
    assert_eq!(name("/q/r/Dockerfile"), "../q/r/Dockerfile");
    assert_eq!(name("/pp/Dockerfile"), "../pp/Dockerfile");
}

#[test]
fn a_document_is_written_as_it_is_read_one_finding_a_line() {
    let baseline = baseline("a \"b\"/Döckerfile", OLD);
    let text = baseline.text().unwrap();
    assert_eq!(text.lines().filter(|line| line.contains("\"rule\"")).count(), 3);
    assert_eq!(document::write(&baseline.files), text);
    let reformatted = text.replace("{ \"", "{\n\"").replace(", ", ",\n");
    let again = read(&reformatted).unwrap();
    assert_eq!(again.files, baseline.files);
    for ((_, mark), place) in &again.places {
        assert!(reformatted[place.range()].contains(&mark.rule), "{mark:?}");
    }
    assert_eq!(empty().renewed(&[], |_| true).text, "{\n  \"format_version\": 1,\n  \"findings\": []\n}\n");
}

#[test]
fn long_lines_are_cut() {
    assert_eq!(normal("  RUN  a \t b\u{a0}c "), "RUN a b c");
    let long = format!("RUN {}", "ä".repeat(10_000_000));
    assert_eq!(normal(&long).chars().count(), 160);
    assert_eq!(normal(&format!("{}a", " ".repeat(5_000_000))), "");
}

#[test]
fn what_is_no_baseline_is_told_with_its_place() {
    let entry = "{ \"file\": \"a\", \"rule\": \"b\", \"text\": \"c\", \"count\": 1 }";
    let document = |entries: &str| format!("{{ \"format_version\": 1, \"findings\": [{entries}] }}");
    for (text, message, place) in [
        (String::new(), "EOF while parsing a value", ""),
        ("FROM a\n".to_owned(), "expected value", "F"),
        (
            document(entry).replace("1,", "2,"),
            "format version 2, and this swrctl reads version 1",
            "\"format_version\"",
        ),
        (document(&entry.replace("file", "path")), "unknown field `path`", "\""),
        (document(&entry.replace(": 1", ": 0")), "its count is 0", "{ \"file\""),
        (document(&format!("{entry}, {entry}")), "holds a finding twice", "{ \"file\""),
        ("{}".to_owned(), "missing field `format_version`", "}"),
        (document("\n<<<<<<< HEAD\n"), "expected value", "<"),
    ] {
        let found = read(&text).unwrap_err();
        assert!(found.problem.message.english().contains(message), "{:?}", found.problem.message);
        let marked = &text[found.labels[0].span.range()];
        assert!(marked.starts_with(place), "{message}: {marked}");
        let conflict = found.problem.help.as_ref().unwrap().english().contains("merge conflict");
        assert_eq!(conflict, text.contains("<<<<"), "{message}");
    }
}

#[test]
fn another_version_of_the_base_is_nothing_new() {
    let old = "FROM debian:12 AS a\nUSER 1\nRUN a\n";
    let baseline = baseline("Dockerfile", old);
    for new in ["FROM debian:12.1 AS a", "FROM debian:13@sha256:0123 AS a"] {
        let held = held(&baseline, &old.replace("FROM debian:12 AS a", new));
        assert!(!held.held.is_empty(), "{new}");
        assert!(!rules(&held.findings).iter().any(|rule| rule.starts_with("missing-")), "{new}: {:?}", held.findings);
    }
    let other = held(&baseline, &old.replace("debian:12", "alpine:3.20"));
    assert!(rules(&other.findings).contains(&"missing-healthcheck"));
    assert_eq!(
        without_version("FROM --platform=linux/amd64 h:5000/a/b:1@sha256:0 AS c"),
        "FROM --platform=linux/amd64 h:5000/a/b AS c"
    );
    assert_eq!(without_version("FROM ${IMAGE} AS c"), "FROM ${IMAGE} AS c");
    assert_eq!(without_version("RUN a:b"), "RUN a:b");
}
