//! Tests of levels, overrides, pragmas and of the rules' descriptions.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use globset::{Glob, GlobSet, GlobSetBuilder};
use jiff::civil::Date;

use super::policy::{Level, Override, Policy, Profile};
use super::*;
use crate::diag::{Lang, Span, Spanned};

const TODAY: Date = Date::constant(2027, 1, 31);
const UPGRADE: &str = "FROM alpine:3.20\nRUN apk upgrade --no-cache\nHEALTHCHECK NONE\nCMD [\"a\"]\n";

fn run(text: &str, policy: &Policy) -> Report {
    let source = Arc::new(Source::new("Dockerfile", text));
    lint(&Dockerfile::parse(&source), Path::new("services/a/Dockerfile"), policy, &BuildContext::default(), None, TODAY)
}

fn rules_of(report: &Report) -> Vec<&'static str> {
    report.findings.iter().map(|finding| finding.rule).collect()
}

fn entry(rules: &[&str], level: Level) -> Override {
    let rules = rules.iter().map(|name| Spanned::new((*name).to_owned(), Span::new(3, 8))).collect();
    Override { rules, level, within: None, until: None, reason: None, source: None }
}

fn with(overrides: Vec<Override>) -> Policy {
    Policy { overrides, ..Policy::default() }
}

fn within(glob: &str) -> GlobSet {
    GlobSetBuilder::new().add(Glob::new(glob).unwrap()).build().unwrap()
}

fn until(day: Date) -> Spanned<Date> {
    Spanned::new(day, Span::new(20, 32))
}

#[test]
fn every_rule_describes_itself() {
    let mut names = BTreeSet::new();
    for rule in rules() {
        assert!(names.insert(rule.name), "{}", rule.name);
        assert!(rule.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'));
        assert!(rule.practice.is_none_or(|practice| (1..=17).contains(&practice)), "{}", rule.name);
        for lang in Lang::ALL {
            let [summary, explanation, help] =
                [&rule.summary, &rule.explanation, &rule.help].map(|text| text.get(lang));
            for text in [summary, explanation, help] {
                assert!(!text.contains("  "), "{}: {text}", rule.name);
            }
            assert!(!summary.ends_with(['.', '。']) && !help.ends_with(['.', '。']), "{}", rule.name);
            assert!(explanation.ends_with(['.', '。']), "{}", rule.name);
        }
    }
    assert!(
        rule_names().any(|name| name == "DL3008")
            && rule("dl3008").is_some_and(|rule| rule.name == "unpinned-packages")
    );
}

#[test]
fn the_last_override_that_matches_decides() {
    assert_eq!(rules_of(&run(UPGRADE, &Policy::default())), ["upgrade-in-build"]);
    let allow = entry(&["upgrade-in-build"], Level::Off);
    let deny = entry(&["DL3017"], Level::Error);
    assert_eq!(rules_of(&run(UPGRADE, &with(vec![deny.clone(), allow.clone()]))), [] as [&str; 0]);
    let report = run(UPGRADE, &with(vec![allow, deny]));
    assert_eq!(rules_of(&report), ["upgrade-in-build"]);
    assert_eq!((report.findings[0].level, report.failed), (Level::Error, true));
    assert_eq!(report.findings[0].diagnostic.severity, Severity::Error);
}

#[test]
fn an_override_holds_for_its_paths_and_its_aliases() {
    let elsewhere = Override { within: Some(within("other/**")), ..entry(&["upgrade-in-build"], Level::Off) };
    assert_eq!(rules_of(&run(UPGRADE, &with(vec![elsewhere]))), ["upgrade-in-build"]);
    let here = Override { within: Some(within("services/**")), ..entry(&["upgrade-in-build"], Level::Off) };
    assert!(run(UPGRADE, &with(vec![here])).findings.is_empty());
    // DL3005 is apt-get's alias of the same rule.
    assert_eq!(rules_of(&run(UPGRADE, &with(vec![entry(&["DL3005"], Level::Off)]))), ["upgrade-in-build"]);
}

#[test]
fn an_override_ends_after_its_day() {
    let source = Arc::new(Source::new("swr.kdl", "x".repeat(40)));
    let allow = |day| Override { until: Some(until(day)), ..entry(&["upgrade-in-build"], Level::Off) };
    assert!(run(UPGRADE, &with(vec![allow(TODAY)])).findings.is_empty());
    let policy = with(vec![allow(TODAY.yesterday().unwrap())]);
    let dockerfile = Arc::new(Source::new("Dockerfile", UPGRADE));
    let context = BuildContext::default();
    let report =
        lint(&Dockerfile::parse(&dockerfile), Path::new("Dockerfile"), &policy, &context, Some(&source), TODAY);
    let labels = &report.findings[0].diagnostic.labels;
    assert_eq!((labels[1].source.name(), labels[1].span), ("swr.kdl", Span::new(20, 32)));
    let stale = stale_overrides(&policy, &report.allowed_by, &source, TODAY);
    assert_eq!(stale.iter().map(|finding| finding.problem.code.as_str()).collect::<Vec<_>>(), ["expired-override"]);
    assert_eq!(stale[0].labels[0].span, Span::new(20, 32));
}

#[test]
fn an_allow_that_allowed_nothing_is_found() {
    let source = Arc::new(Source::new("swr.kdl", "x".repeat(40)));
    let waiver =
        Override { within: Some(within("services/**")), ..entry(&["upgrade-in-build", "latest-tag"], Level::Off) };
    let policy = with(vec![waiver, entry(&["untagged-image"], Level::Off)]);
    let report = run(UPGRADE, &policy);
    let stale = stale_overrides(&policy, &report.allowed_by, &source, TODAY);
    let said: Vec<_> = stale.iter().map(|finding| (finding.severity, finding.problem.message.english())).collect();
    assert_eq!(
        said,
        [
            (Severity::Warning, "nothing needs `latest-tag` to be allowed here"),
            (Severity::Info, "nothing needs `untagged-image` to be allowed here"),
        ]
    );
}

fn all_rules() -> Policy {
    Policy { profile: Profile::All, ..Policy::default() }
}

#[test]
fn profiles_turn_rules_on_and_off() {
    let none = Policy { profile: Profile::None, ..Policy::default() };
    assert!(run("FROM alpine\nRUN apk upgrade\n", &none).findings.is_empty());
    let named = Policy { profile: Profile::None, ..with(vec![entry(&["upgrade-in-build"], Level::Warning)]) };
    assert_eq!(rules_of(&run("FROM alpine\nRUN apk upgrade\n", &named)), ["upgrade-in-build"]);
    let text = "FROM alpine as base\nMAINTAINER me\nRUN apk upgrade\nUSER app\n";
    let levels = |profile| {
        let report = run(text, &Policy { profile, ..Policy::default() });
        report.findings.iter().map(|finding| (finding.rule, finding.level)).collect::<Vec<_>>()
    };
    assert_eq!(
        levels(Profile::Hadolint),
        [("untagged-image", Level::Warning), ("maintainer-instruction", Level::Error), ("named-user", Level::Info),]
    );
    let buildkit = [("from-as-casing", Level::Warning), ("maintainer-instruction", Level::Warning)];
    assert_eq!(levels(Profile::Buildkit), buildkit);
}

#[test]
fn the_day_decides_what_is_at_its_end_of_life() {
    let policy = Policy { profile: Profile::None, ..with(vec![entry(&["end-of-life-base"], Level::Warning)]) };
    let source = Arc::new(Source::new("Dockerfile", "FROM debian:11-slim\n"));
    let on = |day| {
        rules_of(&lint(
            &Dockerfile::parse(&source),
            Path::new("Dockerfile"),
            &policy,
            &BuildContext::default(),
            None,
            day,
        ))
    };
    let last = Date::constant(2026, 8, 31);
    assert_eq!(on(last), [] as [&str; 0]);
    assert_eq!(on(last.tomorrow().unwrap()), ["end-of-life-base"]);
}

#[test]
fn findings_stand_in_the_order_of_the_file() {
    let report = run("FROM node\nRUN apt-get upgrade\nADD a /b\nMAINTAINER me\n", &Policy::default());
    let spans: Vec<_> = report.findings.iter().map(|finding| finding.diagnostic.labels[0].span).collect();
    assert!(spans.is_sorted() && spans.len() > 4);
}

#[test]
fn comments_allow_findings_of_the_instruction_below() {
    for comment in [
        "# hadolint ignore=DL3017",
        "# hadolint ignore = SC2046 , upgrade-in-build",
        "# check=skip=upgrade-in-build",
        "# check=skip=all",
        "# swrctl allow=DL3017 until=2027-01-31 reason=base is frozen",
        "# hadolint ignore=DL3017\n# another comment\n",
    ] {
        let text = UPGRADE.replace("RUN", &format!("{comment}\nRUN"));
        assert!(run(&text, &Policy::default()).findings.is_empty(), "{comment}");
    }
    for comment in ["# hadolint ignore=DL3005", "# hadolint ignore=DL4000 DL3017", "# check=skip=MaintainerDeprecated"]
    {
        let text = UPGRADE.replace("RUN", &format!("{comment}\nRUN"));
        assert_eq!(rules_of(&run(&text, &Policy::default())), ["unused-pragma", "upgrade-in-build"], "{comment}");
    }
    let below = UPGRADE.replace("HEALTH", "# hadolint ignore=DL3017\nHEALTH");
    assert_eq!(rules_of(&run(&below, &Policy::default())), ["upgrade-in-build", "unused-pragma"]);
}

#[test]
fn comments_allow_findings_of_the_file() {
    for comment in
        ["# check=skip=upgrade-in-build;error=true", "# check=error=true;skip=all", "# hadolint global ignore=DL3017"]
    {
        assert!(run(&format!("{comment}\n{UPGRADE}"), &Policy::default()).findings.is_empty(), "{comment}");
    }
}

/// SWR's documents improve this file step by step; every tip has its finding in it.
#[test]
fn the_documents_first_sample_gets_its_tips_and_the_last_none() {
    let first = "FROM ubuntu\nADD . /app\nRUN apt-get update\nRUN apt-get upgrade -y\n\
                 RUN apt-get install -y nodejs ssh mysql\nRUN cd /app && npm install\n\
                 # this should start three processes\nCMD mysql & sshd & npm start\n";
    let found = rules_of(&run(first, &Policy::default()));
    for rule in [
        "untagged-image",
        "add-local-file",
        "missing-dockerignore",
        "package-lists-left",
        "upgrade-in-build",
        "cd-in-run",
        "many-processes",
        "shell-form-command",
        "missing-healthcheck",
        "missing-expose",
        "several-servers",
        "split-update-install",
        "consecutive-runs",
        "runtime-by-packages",
        "source-before-dependencies",
    ] {
        assert!(found.contains(&rule), "{rule} is not in {found:?}");
    }
    let last = "FROM node:7-alpine\nENV PROJECT_DIR=/app\nWORKDIR $PROJECT_DIR\n\
                LABEL com.example.version=\"0.0.1-beta\" com.example.release-date=\"2015-02-12\"\n\
                COPY package.json $PROJECT_DIR\nRUN npm install\nCOPY . $PROJECT_DIR\n\
                ENV MEDIA_DIR=/media \\\n    NODE_ENV=production \\\n    APP_PORT=3000\nVOLUME $MEDIA_DIR\n\
                EXPOSE $APP_PORT\nHEALTHCHECK CMD curl --fail http://localhost:$APP_PORT || exit 1\n\
                ENTRYPOINT [\"./entrypoint.sh\"]\nCMD [\"start\"]\n";
    let source = Arc::new(Source::new("Dockerfile", last));
    let ignore_file = Some(Arc::new(Source::new(".dockerignore", ".git\nnode_modules\n")));
    let script = "#!/usr/bin/env sh\nCMD=$1\ncase \"$CMD\" in\n  \"dev\" )\n    npm install\n    \
                  export NODE_ENV=development\n    exec npm run dev\n    ;;\n  \"start\" )\n    \
                  echo \"db: $DATABASE_ADDRESS\" >> /app/config.yml\n    export NODE_ENV=production\n    \
                  exec npm start\n    ;;\n   * )\n    exec $CMD ${@:2}\n    ;;\nesac\n";
    let file = ContextFile { source: Arc::new(Source::new("entrypoint.sh", script)), executable: Some(true) };
    assert_eq!(
        Needs::of(&Dockerfile::parse(&source)).files(&Folder::default()),
        BTreeSet::from(["entrypoint.sh".to_owned()])
    );
    let context = BuildContext {
        ignore_file: ignore_file.into(),
        files: BTreeMap::from([("entrypoint.sh".to_owned(), file)]).into(),
        ..BuildContext::default()
    };
    let report = lint(&Dockerfile::parse(&source), Path::new("Dockerfile"), &Policy::default(), &context, None, TODAY);
    assert_eq!(rules_of(&report), [] as [&str; 0]);
}

/// The documents' second sample: fewer layers, but work of unlike frequency in one of them.
#[test]
fn the_documents_merged_sample_is_a_mixed_run() {
    let text = "FROM ubuntu\nADD . /app\nRUN apt-get update \\\n    && apt-get install -y nodejs \\\n    \
                && cd /app \\\n    && npm install\nCMD npm start\n";
    let found = rules_of(&run(text, &Policy::default()));
    assert!(found.contains(&"mixed-run") && found.contains(&"source-before-dependencies"), "{found:?}");
}

/// Each of these took time by the square of its length at some time; `tests/it/real/linear.rs` counts it.
#[test]
fn hostile_files_come_to_an_end() {
    let many = 20_000;
    let stages = (0..many).fold("FROM alpine AS s0\n".to_owned(), |text, at| {
        text + &format!("FROM s{at} AS s{}\nUSER $U\nCOPY --from=s{at} a b\n", at + 1)
    });
    let files = [
        stages,
        "FROM alpine\nENV ".to_owned() + &"abcdefg=$hijklmn ".repeat(many),
        "FROM alpine\n".to_owned() + &"RUN apt-get update && rm -rf /var/lib/apt/lists\n".repeat(many / 10),
        "FROM alpine\nRUN ".to_owned() + &"curl -o a.tgz x;tar xf b.tgz;apk add a;".repeat(1_500),
        "FROM alpine\nHEALTHCHECK CMD ".to_owned() + &"curl x;".repeat(9_000),
        "FROM alpine\n".to_owned() + &"# hadolint ignore=DL3000,DL3001\n".repeat(many) + "USER a\n",
        "FROM alpine\n".to_owned() + &"WORKDIR abcdefgh\nCOPY a.sh .\n".repeat(many) + "CMD [\"./a.sh\"]\n",
        "FROM alpine\nCOPY . .\n".to_owned() + &"RUN npm ci && pip install -r a\n".repeat(many / 4),
        "FROM alpine\n".to_owned() + &"VOLUME /a /b\nCOPY c /d\n".repeat(many) + "HEALTHCHECK CMD curl a\n",
        "FROM alpine\nEXPOSE ".to_owned() + &"x ".repeat(many),
        "FROM alpine\n".to_owned() + &"COPY a.tar /b\nRUN tar xf /b|c\n".repeat(many / 20),
        "FROM alpine\n".to_owned() + &"# hadolint stage ignore=DL3000,DL3001\n".repeat(many) + "USER a\n",
        "from alpine AS a\n".to_owned() + &"# b\nARG c\nRun \\\n\n d\n".repeat(many / 20),
    ];
    for text in files {
        let report = run(&text, &all_rules());
        assert!(!report.findings.is_empty(), "{}", &text[..60]);
    }
}

#[test]
fn what_was_not_looked_into_is_told_in_every_profile() {
    let long = "FROM alpine:3.20\n".to_owned() + &"USER a\n".repeat(60_000) + "HEALTHCHECK NONE\nCMD [\"a\"]\n";
    for profile in [Profile::Swr, Profile::Hadolint, Profile::Buildkit, Profile::All] {
        let report = run(&long, &Policy { profile, ..Policy::default() });
        assert!(rules_of(&report).contains(&"unchecked-command"), "{profile:?}");
    }
}

#[test]
fn pragmas_of_hadolint_hold_for_a_stage_and_name_a_shell() {
    let all = Policy { profile: Profile::Hadolint, ..Policy::default() };
    let stage = "# hadolint stage ignore=DL3003,DL3059\nFROM alpine:3\nRUN cd /a && b\nRUN cd /c && d\n";
    assert!(run(stage, &all).findings.is_empty());
    let next = run(&format!("{stage}FROM alpine:3\nRUN cd /e && f\n"), &all);
    assert_eq!(rules_of(&next), ["cd-in-run"]);
    let windows = "FROM corp.example/base:1\n# hadolint shell=powershell\nRUN cd /a | b\n";
    assert!(run(windows, &all).findings.is_empty());
}

#[test]
fn a_check_directive_makes_errors_of_what_buildkit_reports() {
    let report = run("# check=error=true\nFROM alpine:3 as a\nRUN cd /a && b\n", &all_rules());
    let levels: Vec<_> = report.findings.iter().map(|finding| (finding.rule, finding.level)).collect();
    assert!(levels.contains(&("from-as-casing", Level::Error)) && levels.contains(&("cd-in-run", Level::Warning)));
    assert!(report.failed);
}

#[test]
fn only_hadolints_profile_reports_every_cd() {
    let text = "FROM alpine:3\nRUN mkdir /a && cd /a && b\n";
    assert!(!rules_of(&run(text, &all_rules())).contains(&"cd-in-run"));
    let hadolint = Policy { profile: Profile::Hadolint, ..Policy::default() };
    assert_eq!(rules_of(&run(text, &hadolint)), ["cd-in-run"]);
}

#[test]
fn to_hadolint_every_lineage_of_stages_is_an_image() {
    let warned =
        Override { rules: vec![Spanned::new("DL3057".to_owned(), Span::new(3, 8))], ..entry(&[], Level::Info) };
    let policy = Policy { profile: Profile::Hadolint, ..with(vec![warned]) };
    let lines = |text: &str| -> Vec<usize> {
        let report = run(text, &policy);
        let source = Source::new("Dockerfile", text);
        let missing = report.findings.iter().filter(|finding| finding.rule == "missing-healthcheck");
        missing.map(|finding| source.position(finding.diagnostic.labels[0].span.start).line).collect()
    };
    assert_eq!(lines("FROM a:1 AS a\nHEALTHCHECK NONE\nFROM a AS b\nFROM b\n"), [] as [usize; 0]);
    assert_eq!(lines("FROM a:1 AS a\nFROM a AS b\nFROM b\nHEALTHCHECK NONE\n"), [] as [usize; 0]);
    assert_eq!(lines("FROM a:1 AS a\nFROM b:1\nHEALTHCHECK NONE\n"), [1]);
    assert_eq!(lines("FROM a:1 AS a\nHEALTHCHECK NONE\nFROM scratch\nCOPY --from=a /a /b\n"), [3]);
}

/// Rules that a profile turns off are not run, unless somebody asks for them.
#[test]
fn what_a_profile_turns_off_is_heard_when_it_is_named() {
    let named = |text: &str, policy: &Policy| {
        let source = Arc::new(Source::new("Dockerfile", text));
        let pragmas = Pragmas::read(&Dockerfile::parse(&source), policy.pragmas, TODAY);
        weigh::heard(policy, &pragmas).any(|rule| rule.name == "definition-description")
    };
    let buildkit = Policy { profile: Profile::Buildkit, ..Policy::default() };
    let text = "FROM alpine:3.20\n";
    assert!(!named(text, &buildkit));
    assert!(named(text, &Policy { profile: Profile::All, ..Policy::default() }));
    assert!(named(&format!("# check=experimental=all\n{text}"), &buildkit));
    assert!(named(&format!("# check=skip=InvalidDefinitionDescription\n{text}"), &buildkit));
    assert!(named(&format!("# swrctl allow=definition-description reason=x\n{text}"), &buildkit));
    assert!(named(text, &Policy { overrides: vec![entry(&["definition-description"], Level::Off)], ..buildkit }));
}

/// What hadolint 2.15.1 reports of these, and we know better.
#[test]
fn the_profile_hadolint_says_what_hadolint_says() {
    let policy = Policy { profile: Profile::Hadolint, ..Policy::default() };
    let codes = |text: &str| {
        let report = run(&format!("FROM debian:12\n{text}\n"), &policy);
        report.findings.iter().map(|finding| finding.aliases[0]).collect::<Vec<_>>().join(" ")
    };
    for (text, expected) in [
        ("RUN apk update && apk add a=1 && rm -rf /var/cache/apk/*", "DL3019"),
        ("RUN apk update && apk add --no-cache a=1", ""),
        ("RUN set -o pipefail && a | b", "DL4006"),
        ("SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\nRUN a | b", ""),
        ("COPY a.gz /a/\nRUN gunzip /a/a.gz", "DL3010"),
        ("COPY a.tar /a/\nFROM debian:12\nRUN tar -xf /b/a.tar", ""),
        ("RUN a\nRUN sh -c 'b && c'", "DL3059"),
        ("RUN a\nRUN b && c", ""),
        ("ARG T=latest\nFROM debian:$T", ""),
        ("FROM $IMAGE:latest", "DL3007"),
        ("WORKDIR \\\\a", "DL3000"),
        ("COPY a b \"$D/\"", ""),
    ] {
        assert_eq!(codes(text), expected, "{text}");
    }
}
