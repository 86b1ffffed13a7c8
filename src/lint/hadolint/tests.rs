//! Settings as people write them, and as they get them wrong.

use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::diag::Wording;
use crate::lint::policy::{LabelFormat, PragmaPolicy};

fn read(text: &str, variables: &[(&'static str, &str)]) -> Result<(Settings, Vec<Diagnostic>), Vec<Diagnostic>> {
    let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Settings::read(Some(&Arc::new(Source::new(".hadolint.yaml", text))), &variables)
}

fn policy(text: &str, variables: &[(&'static str, &str)]) -> Policy {
    read(text, variables).unwrap().0.into_policy()
}

/// The code and the marked text of each diagnostic.
fn said(found: &[Diagnostic]) -> Vec<(&str, &str)> {
    let marked = |diagnostic: &'_ Diagnostic| diagnostic.labels[0].span;
    found
        .iter()
        .map(|one| (one.problem.code.as_str(), one.labels[0].source.text().get(marked(one).range()).unwrap()))
        .collect()
}

#[test]
fn a_whole_file_is_understood() {
    let text = "ignored: [DL3008, SC2046]\noverride:\n  error: [DL3015]\n  style:\n    - DL3006\n    - DL3015\n\
                trustedRegistries:\n  - docker.io\n  - '*.gcr.io'\nlabel-schema: {author: text, version: semver}\n\
                strict-labels: true\nfailure-threshold: warning\ndisable-ignore-pragma: true\nformat: json\nno-color: true\n";
    let (settings, found) = read(text, &[]).unwrap();
    assert_eq!(said(&found), []);
    assert_eq!(settings.format.as_deref(), Some("json"));
    let policy = settings.into_policy();
    let weights: Vec<_> = policy.overrides.iter().map(|entry| (entry.rules[0].as_str(), entry.level)).collect();
    let expected = [
        ("DL3006", Level::Style),
        ("DL3015", Level::Style),
        ("DL3015", Level::Error),
        ("DL3008", Level::Off),
        ("SC2046", Level::Off),
    ];
    assert_eq!(weights, expected, "what is ignored comes last, the strongest level before it");
    assert_eq!(
        (policy.profile, policy.fail_on, policy.pragmas),
        (Profile::Hadolint, Level::Warning, PragmaPolicy::Ignored)
    );
    assert_eq!(policy.base_images[1].glob(), "*.gcr.io/**");
    assert_eq!(policy.labels.required[1].format, LabelFormat::Semver);
    assert!(policy.labels.forbid_others);
}

#[test]
fn hadolint_fails_on_info_unless_it_is_told_otherwise() {
    assert_eq!(policy("", &[]).fail_on, Level::Info);
    assert_eq!(policy("failure-threshold: none", &[]).fail_on, Level::Style);
    assert_eq!(policy("no-fail: true", &[]).fail_on, Level::Off);
}

#[test]
fn variables_add_to_the_file() {
    let variables =
        [("HADOLINT_IGNORE", "DL3007, DL3009"), ("HADOLINT_NOFAIL", "yes"), ("HADOLINT_REQUIRE_LABELS", "a:url,b")];
    let policy = policy("ignored: [DL3008]", &variables);
    let ignored: Vec<_> = policy.overrides.iter().map(|entry| entry.rules[0].as_str()).collect();
    assert_eq!(ignored, ["DL3008", "DL3007", "DL3009"]);
    assert_eq!(policy.fail_on, Level::Off);
    assert_eq!(policy.labels.required.len(), 2);
    let found = read("", &[("HADOLINT_FAILURE_THRESHOLD", "loud")]).unwrap_err();
    assert_eq!(said(&found), [("unknown-level", "loud")]);
    assert_eq!(found[0].labels[0].source.name(), "HADOLINT_FAILURE_THRESHOLD");
}

#[test]
fn every_fault_has_its_place() {
    let text = "ingored: [DL3008]\nstrict-labels: yes\nfailure-threshold: [a]\noverride: {warnin: [DL3003]}\n\
                ignored: [3006]\nlabel-schema: {a: bogus}\nformat: xml\nno-fail: true\nno-fail: true\n";
    let found = read(text, &[]).unwrap_err();
    let expected = [
        ("unknown-setting", "ingored"),
        ("duplicate-setting", "no-fail"),
        ("wrong-type", "yes"),
        ("wrong-type", "[a]"),
        ("unknown-setting", "warnin"),
        ("wrong-type", "3006"),
        ("unknown-format", "bogus"),
        ("unknown-format", "xml"),
    ];
    assert_eq!(said(&found), expected);
    assert_eq!(found[0].problem.help.as_ref().map(Wording::english), Some("did you mean `ignored`?"));
}

#[test]
fn rules_that_do_not_exist_are_no_error() {
    let (settings, found) = read("ignored: [DL3998, DL3008]", &[]).unwrap();
    assert_eq!(said(&found), [("unknown-rule", "DL3998")]);
    assert_eq!(settings.into_policy().overrides.len(), 1);
}

#[test]
fn the_current_folder_comes_before_the_users_own() {
    let found = candidates(Path::new("a"), Some(Path::new("/c")), Some(Path::new("/h")));
    let found: Vec<_> = found.iter().map(|path| path.to_str().unwrap()).collect();
    assert_eq!(found[..4], ["a/.hadolint.yaml", "a/.hadolint.yml", "/c/hadolint.yaml", "/c/hadolint.yml"]);
    assert_eq!(found.last(), Some(&"/h/.hadolint.yml"));
}
