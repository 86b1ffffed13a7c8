//! What ShellCheck gets, and that every place in it leads back to the byte it came from.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;
use proptest::prelude::*;

use super::super::policy::{Policy, Profile, ShellCheck};
use super::super::{BuildContext, ContextFile, lint};
use super::*;
use crate::dockerfile::Dockerfile;

fn scripts_of(text: &str) -> (Arc<Source>, Vec<ShellScript>) {
    let source = Arc::new(Source::new("Dockerfile", text));
    let scripts = shell_scripts(&Dockerfile::parse(&source), &Policy::default(), &BuildContext::default());
    (source, scripts)
}

fn texts(text: &str) -> Vec<String> {
    scripts_of(text).1.iter().map(|script| script.text().to_owned()).collect()
}

fn comment(start: (usize, usize), end: (usize, usize)) -> Comment {
    Comment { code: ScCode::new(2086).unwrap(), level: Level::Info, message: "x".into(), start, end }
}

/// Where `word` stands in the script, as ShellCheck counts.
fn place_of(script: &ShellScript, word: &str) -> ((usize, usize), (usize, usize)) {
    let at = script.text().find(word).unwrap_or_else(|| panic!("`{word}` in {}", script.text()));
    let text = Source::new("", script.text());
    let (start, end) = (text.position(at), text.position(at + word.len()));
    ((start.line, start.column), (end.line, end.column))
}

#[test]
fn a_script_is_what_the_shell_reads() {
    assert_eq!(texts("FROM a\nRUN a && \\\n  # c\n  b\n"), ["#!/bin/sh\na &&  b\n"]);
    assert_eq!(texts("FROM a\nRUN --mount=type=cache,target=/x a\nONBUILD RUN b\n").len(), 2);
    assert_eq!(texts("FROM a\nRUN <<EOF\na\nb\nEOF\n"), ["#!/bin/sh\na\nb\n\n"]);
    assert_eq!(texts("FROM a\nRUN <<EOF\n#!/usr/bin/env -S bash -e\nb\nEOF\n"), ["#!/bin/bash\nset -e; \nb\n\n"]);
    assert_eq!(
        texts("FROM a\nRUN cat <<A <<-B > /x\na\nA\n\tb\n\tB\nCMD c\n"),
        ["#!/bin/sh\ncat <<A <<-B > /x\na\nA\n\tb\nB\n", "#!/bin/sh\nc\n"]
    );
    assert_eq!(texts("FROM a\nHEALTHCHECK CMD a\nENTRYPOINT b\nCMD [\"c\"]\n").len(), 2);
    assert_eq!(texts("FROM a\nCMD [\"bash\", \"-ec\", \"a \\\"b\\\"\"]\n"), ["#!/bin/bash\nset -e; \na \"b\"\n"]);
}

#[test]
fn the_shell_of_the_stage_reads_it() {
    let shell = |shell: &str| texts(&format!("FROM a\nSHELL {shell}\nRUN b\n")).pop();
    assert_eq!(
        shell(r#"["/bin/bash", "-o", "pipefail", "-ec"]"#).as_deref(),
        Some("#!/bin/bash\nset -e; set -o pipefail; \nb\n")
    );
    assert_eq!(shell(r#"["/bin/ash", "-c"]"#).as_deref(), Some("#!/bin/busybox sh\nb\n"));
    assert_eq!(shell(r#"["mksh", "-c"]"#).as_deref(), Some("#!/bin/ksh\nb\n"));
    for other in [r#"["pwsh", "-Command"]"#, r#"["cmd", "/S", "/C"]"#, r#"["zsh", "-c"]"#, r#"["fish", "-c"]"#] {
        assert_eq!(shell(other), None, "{other}");
    }
    assert_eq!(texts("# escape=`\nFROM a\nRUN b\n"), [] as [&str; 0]);
    assert_eq!(texts("FROM a\nRUN <<E\n#!/usr/bin/python3\nprint()\nE\n"), [] as [&str; 0]);
    assert_eq!(texts("FROM a\n# hadolint shell=dash\nRUN b\n"), ["#!/bin/dash\nb\n"]);
}

#[test]
fn variables_of_the_stage_are_set() {
    let text =
        "FROM a AS b\nENV x=1\nFROM b\nARG y\nRUN $x $y $z $http_proxy\nARG z\nCMD $x $y\nENV late=1\nCMD $late\n";
    let expected = [
        "#!/bin/sh\nexport http_proxy=1 x=1 y=1\n$x $y $z $http_proxy\n",
        "#!/bin/sh\nexport x=1\n$x $y\n",
        "#!/bin/sh\nexport late=1\n$late\n",
    ];
    assert_eq!(texts(text), expected);
}

#[test]
fn directives_stand_in_front() {
    let text = "FROM a\nENV x=1\n# shellcheck disable=SC1\n# other\nRUN $x \\\n # shellcheck shell=bash\n b\n";
    let (source, scripts) = scripts_of(text);
    let expected = "#!/bin/sh\n# shellcheck disable=SC1\n# shellcheck shell=bash\nexport x=1\n$x  b\n";
    assert_eq!(scripts[0].text(), expected);
    let (start, end) = place_of(&scripts[0], "shell=bash");
    assert_eq!(source.slice(scripts[0].finding(comment(start, end)).unwrap().span), "shell=bash");
    assert_eq!(scripts[0].finding(comment((1, 1), (1, 3))), None);
    assert_eq!(scripts[0].finding(comment((4, 1), (4, 3))), None);
}

#[test]
fn places_past_an_end_are_there() {
    let (source, scripts) = scripts_of("FROM a\nRUN if é\n");
    for (start, end) in [((2, 5), (2, 99)), ((9, 9), (9, 9)), ((2, 0), (0, 0)), ((2, 2), (2, 1))] {
        let span = scripts[0].finding(comment(start, end)).unwrap().span;
        assert!(source.text().get(span.range()).is_some() && span.end <= source.text().len(), "{span:?}");
    }
    assert_eq!(source.slice(scripts[0].finding(comment((2, 4), (2, 4))).unwrap().span), "é");
}

#[test]
fn the_entrypoint_script_is_read_with_the_images_variables() {
    let text = "FROM a\nENV x=1\nCOPY --chmod=755 run.sh /\nENTRYPOINT [\"/run.sh\"]\n";
    let source = Arc::new(Source::new("Dockerfile", text));
    let script = Arc::new(Source::new("run.sh", "#!/bin/bash\n# shellcheck disable=SC1\n\nexec $x\n"));
    let file = ContextFile { source: Arc::clone(&script), executable: Some(true) };
    let build = BuildContext { files: BTreeMap::from([("run.sh".to_owned(), file)]).into(), ..BuildContext::default() };
    let all = Policy { profile: Profile::All, ..Policy::default() };
    let scripts = shell_scripts(&Dockerfile::parse(&source), &all, &build);
    assert_eq!(scripts[0].text(), "#!/bin/bash\n# shellcheck disable=SC1\n\nexport x=1\nexec $x\n\n");
    let found = scripts[0].finding(comment((5, 6), (5, 8))).unwrap();
    assert_eq!(source.slice(found.span), "/run.sh");
    let (place, span) = found.elsewhere.unwrap();
    assert_eq!((place.name(), place.slice(span)), ("run.sh", "$x"));
    assert!(shell_scripts(&Dockerfile::parse(&source), &Policy::default(), &build).is_empty());
}

#[test]
fn nothing_is_asked_that_would_not_count() {
    let source = Arc::new(Source::new("Dockerfile", "FROM a\nRUN b\nCMD c\n"));
    let count = |policy| shell_scripts(&Dockerfile::parse(&source), &policy, &BuildContext::default()).len();
    let policy = |profile, shellcheck| Policy { profile, shellcheck, ..Policy::default() };
    assert_eq!(count(policy(Profile::Swr, ShellCheck::Auto)), 2);
    assert_eq!(count(policy(Profile::Hadolint, ShellCheck::Require)), 1);
    assert_eq!(count(policy(Profile::All, ShellCheck::Off)), 0);
    assert_eq!(count(policy(Profile::Buildkit, ShellCheck::Auto)), 0);
}

#[test]
fn a_finding_has_the_level_that_shellcheck_gives_it_in_every_profile_that_has_it() {
    let source = Arc::new(Source::new("Dockerfile", "FROM a:1\nRUN b $c\n"));
    let levels = |profile| {
        let policy = Policy { profile, ..Policy::default() };
        let scripts = shell_scripts(&Dockerfile::parse(&source), &Policy::default(), &BuildContext::default());
        let shell = vec![scripts[0].finding(comment((2, 3), (2, 5))).unwrap()];
        let build = BuildContext { shell, ..BuildContext::default() };
        let report = lint(
            &Dockerfile::parse(&source),
            Path::new("Dockerfile"),
            &policy,
            &build,
            None,
            Date::constant(2027, 1, 31),
        );
        let found = report.findings.into_iter().filter(|finding| finding.rule == "shellcheck");
        found.map(|finding| (finding.level, finding.diagnostic.problem.code.as_str().to_owned())).collect::<Vec<_>>()
    };
    for profile in [Profile::Swr, Profile::Hadolint, Profile::All] {
        assert_eq!(levels(profile), [(Level::Info, "SC2086".to_owned())], "{profile:?}");
    }
    for profile in [Profile::Buildkit, Profile::None] {
        assert_eq!(levels(profile), [], "{profile:?}");
    }
}

/// What may stand between two words of a RUN.
fn gap() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just(" "),
        Just("\t é "),
        Just(" \\\n"),
        Just(" \\\r\n\t"),
        Just(" \\ \t\n  # a comment\n"),
        Just(" \\\n\n \\\n"),
        Just(" \\\n# shellcheck disable=SC2034\n"),
    ]
}

proptest! {
    #[test]
    fn every_word_leads_back_to_its_bytes(
        gaps in prop::collection::vec(gap(), 1..12),
        with_variable in any::<bool>(),
        body in any::<bool>(),
        crlf in any::<bool>(),
    ) {
        let mut text = format!("FROM a\n{}RUN w0x", if with_variable { "ENV w1x=1\n" } else { "" });
        for (at, gap) in gaps.iter().enumerate() {
            text = format!("{text}{gap}w{}x", at + 1);
        }
        if body {
            text += " <<E\né b0x $w1x\n\tb1x\nE";
        }
        let text = if crlf { text.replace("\r\n", "\n").replace('\n', "\r\n") } else { text };
        let (source, scripts) = scripts_of(&text);
        let words = (0..=gaps.len()).map(|at| format!("w{at}x"));
        for word in words.chain(body.then(|| ["b0x", "b1x", "$w1x"].map(str::to_owned)).into_iter().flatten()) {
            // A line of ours in front may name a variable too: the last place is the one that is written.
            let script = &scripts[0];
            let at = script.text().rfind(&word).unwrap();
            let lines = Source::new("", script.text());
            let (start, end) = (lines.position(at), lines.position(at + word.len()));
            let found = script.finding(comment((start.line, start.column), (end.line, end.column))).unwrap();
            prop_assert_eq!(found.span.start, text.rfind(&word).unwrap());
            prop_assert_eq!(source.slice(found.span), word);
        }
    }

    #[test]
    fn no_place_is_out_of_bounds(text in "(FROM a\n)?(RUN|CMD|ENV|#) [ -~é\\\\\n]{0,80}", line in 0..9_usize, column in 0..99_usize) {
        let (source, scripts) = scripts_of(&text);
        for script in scripts {
            if let Some(found) = script.finding(comment((line, column), (line, column + 1))) {
                prop_assert!(source.text().get(found.span.range()).is_some(), "{:?}", found.span);
            }
        }
    }
}
