//! The laws of fixes, over every case of the rules, variants of them, and generated files.

use std::path::Path;
use std::sync::Arc;

use jiff::civil::Date;
use proptest::prelude::*;

use super::pipefail::is_honest;
use super::rounds::{has_new_finding, is_intact};
use super::*;
use crate::diag::{Source, Wording};
use crate::dockerfile::shell::{Invocation, ShellReader, ShellWord};
use crate::dockerfile::{Arguments, Command, Dockerfile, Instruction, Pair, Text, Word};
use crate::lint::cases::{Case, folder, read_cases, stems};
use crate::lint::context::{Context, lines};
use crate::lint::packages::package_command;
use crate::lint::paths::joined;
use crate::lint::policy::{Policy, Profile};
use crate::lint::pragma::Pragmas;
use crate::lint::stage_shell::PosixShell;
use crate::lint::{BuildContext, Report, lint};

fn parsed(text: &str) -> Arc<Dockerfile> {
    Arc::new(Dockerfile::parse(&Arc::new(Source::new("Dockerfile", text))))
}

fn report(dockerfile: &Dockerfile, created: Option<&NewFile>) -> Report {
    let policy = Policy { profile: Profile::All, ..Policy::default() };
    let ignore_file = created.map(|file| Arc::new(Source::new(file.name, file.text.as_str())));
    let context = BuildContext { ignore_file: ignore_file.into(), ..BuildContext::default() };
    lint(dockerfile, Path::new("Dockerfile"), &policy, &context, None, Date::constant(2027, 1, 31))
}

fn fixed(text: &str) -> Fixed {
    let dockerfile = parsed(text);
    fix(&dockerfile, &report(&dockerfile, None), &mut report)
}

fn fixed_text(text: &str) -> String {
    fixed(text).after.text().to_owned()
}

/// What instructions say, but for what fixes change.
fn meanings(text: &str) -> Vec<String> {
    let dockerfile = parsed(text);
    dockerfile.instructions.iter().flat_map(|line| meaning(&dockerfile.source, line)).collect()
}

/// An instruction, or the commands of a RUN: where one RUN ends and the next begins is not told.
fn meaning(source: &Source, line: &Instruction) -> Vec<String> {
    let said = match &line.arguments {
        // They say where and how the commands run that are compared.
        _ if matches!(*line.keyword, Keyword::Shell | Keyword::Workdir) => return Vec::new(),
        Arguments::Command(command) if *line.keyword == Keyword::Run => return commands(source, line, command),
        Arguments::Command(Command::Exec(words)) => words.iter().map(Text::as_str).collect::<Vec<_>>().join(" "),
        Arguments::Command(Command::Shell(text)) => text.as_str().replace(['"', '\''], ""),
        Arguments::None => String::new(),
        Arguments::Words(words) => said_by(words, *line.keyword),
        Arguments::Pairs(pairs) => {
            // Quotes around what only the build knows are no part of it.
            let value = |word: &Word| word.text().trim_matches('"').to_ascii_lowercase();
            let pair =
                |pair: &Pair| format!("{}={}", pair.name.text(), pair.value.as_ref().map(value).unwrap_or_default());
            format!("[{}]", pairs.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
    };
    let keyword = match *line.keyword {
        Keyword::Add => Keyword::Copy,
        Keyword::Maintainer => Keyword::Label,
        other => other,
    };
    let flags: Vec<_> = line.flags.iter().map(|flag| (&flag.name.value, flag.value.as_ref().map(Word::text))).collect();
    vec![format!("{keyword:?} {} {flags:?} {said}", line.on_build)]
}

fn said_by(words: &[Word], keyword: Keyword) -> String {
    let words: Vec<_> = words.iter().map(|word| word.text().to_ascii_lowercase()).collect();
    if keyword == Keyword::Maintainer {
        format!("[org.opencontainers.image.authors={}]", words.join(" ").trim_matches('"'))
    } else {
        format!("{words:?}")
    }
}

/// The commands of a RUN without what fixes add and take out.
fn commands(source: &Source, run: &Instruction, command: &Command) -> Vec<String> {
    let mut reader = ShellReader::default();
    let script = match (command, &run.heredocs[..]) {
        (Command::Exec(words), _) => reader.read_exec(words),
        (Command::Shell(text), []) => reader.read(text),
        (Command::Shell(_), documents) => reader.read(&lines(source.text(), documents[0].body)),
    };
    script.invocations.iter().filter_map(said).collect()
}

/// What a command does, but for what fixes change in it; none for what they take out or put in.
fn said(invocation: &Invocation) -> Option<String> {
    const ADDED: [&str; 6] =
        ["-y", "--no-install-recommends", "--no-cache-dir", "--no-log-init", "--no-cache", "--progress=dot:giga"];
    let words: Vec<_> = invocation.words.iter().map(ShellWord::text).collect();
    let packages = package_command(invocation).is_some_and(|command| {
        matches!(command.verb.text(), "update" | "upgrade" | "dist-upgrade" | "clean" | "dup" | "up")
    });
    let fixed = packages
        || invocation.program() == "cd"
        || words == ["set", "-o", "pipefail"]
        || words == ["yarn", "cache", "clean"]
        || words.starts_with(&["rm", "-rf"]);
    let words = invocation.wrappers.iter().chain(&invocation.words).map(ShellWord::text);
    let words = words.flat_map(str::split_whitespace).map(|word| if word == "apt" { "apt-get" } else { word });
    (!fixed).then(|| words.filter(|word| !ADDED.contains(word)).collect::<Vec<_>>().join(" "))
}

/// Every command of a RUN with the directory that it works in, where COPY puts things, and every pipe in which a failure is not minded: what
/// fixes may not change, one by one or together.
fn surroundings(text: &str) -> Vec<String> {
    let dockerfile = parsed(text);
    let (policy, build) = (Policy { profile: Profile::All, ..Policy::default() }, BuildContext::default());
    let (pragmas, today) = (Pragmas::default(), Date::constant(2027, 1, 31));
    let context = Context::new(&dockerfile, &policy, &build, &pragmas, today);
    let mut left: Vec<String> = Vec::new();
    let mut found = Vec::new();
    for stage in &dockerfile.stages {
        let parent = if let crate::dockerfile::Base::Stage(parent) = stage.base { left.get(parent) } else { None };
        let mut directory = parent.map_or("/base", String::as_str).to_owned();
        let enter = |from: &str, path: &str| joined(Some(from), path).unwrap_or_else(|| path.to_owned());
        for at in stage.instructions.clone() {
            let line = &dockerfile.instructions[at];
            match line.words() {
                [path] if line.is(Keyword::Workdir) => directory = enter(&directory, path.text()),
                [sources @ .., to] if matches!(*line.keyword, Keyword::Copy | Keyword::Add) => {
                    let sources: Vec<_> = sources.iter().map(Word::text).collect();
                    found.push(format!("copy {} to {}", sources.join(" "), enter(&directory, to.text())));
                }
                _ if *line.keyword == Keyword::Run => {
                    let mut here = directory.clone();
                    for command in &context.script(at).invocations {
                        if command.program() == "cd" {
                            here = command.words.get(1).map_or("?".to_owned(), |path| enter(&here, path.text()));
                        }
                        found.extend(said(command).map(|said| format!("{said} in {here}")));
                    }
                    found.extend(unminded(&context, at));
                }
                _ => {}
            }
        }
        left.push(directory);
    }
    found.sort();
    found
}

/// Pipes whose first program may fail, by the command in front of each.
fn unminded(context: &Context, at: usize) -> Vec<String> {
    let script = context.script(at);
    let always = context.shell(at).posix().is_some_and(PosixShell::sets_pipefail);
    let set = |command: &&Invocation| command.arguments().iter().any(|word| word.text() == "pipefail");
    let from = script.invocations.iter().find(set).map_or(usize::MAX, |command| command.span.start);
    let pipes = script.pipes.iter().filter(|pipe| !always && pipe.start < from && !is_honest(context, script, **pipe));
    let writer = |pipe: &Span| script.invocations.iter().rfind(|command| command.span.end <= pipe.start);
    pipes.map(|pipe| format!("unminded: {:?}", writer(pipe).and_then(said))).collect()
}

fn assert_lawful(text: &str) {
    let first = fixed(text);
    let after = first.after.text();
    assert_eq!(fixed_text(after), after, "fixing twice is fixing once: {text}");
    let before = report(&parsed(text), None);
    let left = report(&parsed(after), first.creates.as_ref());
    assert!(!has_new_finding(&before.findings, &left.findings), "no new finding: {text}\n{after}");
    // What changes the order is compared without it.
    let sorted = |mut lines: Vec<String>| {
        if first.gone.contains_key("source-before-dependencies") {
            lines.sort();
        }
        lines
    };
    assert_eq!(sorted(meanings(after)), sorted(meanings(text)), "every instruction means the same: {text}");
    assert_eq!(sorted(comments(after)), sorted(comments(text)), "no comment is lost: {text}");
    assert_eq!(surroundings(after), surroundings(text), "every command runs where it did: {text}\n{after}");
}

fn comments(text: &str) -> Vec<String> {
    let parsed = parsed(text);
    parsed.comments.iter().map(|span| parsed.source.slice(*span).to_owned()).collect()
}

/// The same in a build context, where instructions may move: none is lost, and only copies come in.
fn assert_lawful_in_context(case: &Case) {
    let first = case.fixed(None);
    let (text, after) = (first.before.text(), first.after.text());
    let again = case.fixed_again(&first);
    assert_eq!(again.after.text(), after, "fixing twice is fixing once: {text}");
    let before = case.lint(&parsed(text), None);
    let left = case.lint(&parsed(after), first.creates.as_ref());
    assert!(!has_new_finding(&before.findings, &left.findings), "no new finding: {text}\n{after}");
    let (mut meant, mut means) = (meanings(text), meanings(after));
    meant.sort();
    means.retain(|line| !line.starts_with("Copy ") || meant.contains(line));
    means.sort();
    assert_eq!(means, meant, "every instruction is still there: {text}\n{after}");
    let (held, mut holds) = (surroundings(text), surroundings(after));
    holds.retain(|line| !line.starts_with("copy ") || held.contains(line));
    assert_eq!(holds, held, "every command runs where it did: {text}\n{after}");
    let (mut said, mut says) = (comments(text), comments(after));
    said.sort();
    says.sort();
    assert_eq!(says, said, "no comment is lost: {text}\n{after}");
}

fn every_case() -> Vec<(String, Case)> {
    let named = |place: &'static str| stems(place, "md").into_iter().map(move |name| (place, name));
    let files = named("tests/cases/rules").chain(named("tests/cases/differences"));
    files
        .flat_map(|(place, name)| {
            let text = std::fs::read_to_string(folder(&format!("{place}/{name}.md"))).unwrap();
            read_cases(&text).into_iter().map(move |case| (name.clone(), case))
        })
        .filter(|(_, case)| case.blocks.contains_key("dockerfile"))
        .collect()
}

#[test]
fn every_case_keeps_the_laws() {
    let cases = every_case();
    assert!(cases.len() > 250, "{}", cases.len());
    for (_, case) in cases {
        assert_lawful(case.source().text());
        // What ShellCheck says stands in the case for the file as it is.
        if !case.blocks.contains_key("shellcheck") {
            assert_lawful_in_context(&case);
        }
    }
}

/// What stands around a fix stays as it is: with other line ends the same is fixed, and they stay.
#[test]
fn line_ends_and_a_byte_order_mark_survive() {
    let crlf = |text: &str| text.replace('\n', "\r\n");
    for (name, case) in every_case() {
        let text = case.source().text().to_owned();
        if text.contains(['\r', '\u{feff}']) {
            continue;
        }
        assert_eq!(fixed_text(&crlf(&text)), crlf(&fixed_text(&text)), "{name}");
        assert_eq!(fixed_text(&format!("\u{feff}{text}")), format!("\u{feff}{}", fixed_text(&text)), "{name}");
        let open = fixed_text(text.trim_end_matches('\n'));
        assert_eq!(open.trim_end_matches('\n'), fixed_text(&text).trim_end_matches('\n'), "{name}");
    }
}

#[test]
fn what_is_not_read_as_it_was_meant_is_left_alone() {
    let endless = format!("FROM a\nMAINTAINER me\n{}", "# b\n".repeat(crate::dockerfile::MAX_PARTS));
    for text in ["FROM a\nFRM b\nMAINTAINER me\n", "FROM a\nMAINTAINER \u{fffd}\n", &endless] {
        assert!(fixed(text).changes_nothing());
        let report = report(&parsed(text), None);
        assert!(
            report.findings.iter().any(|finding| finding.rule == "maintainer-instruction" && finding.fix.is_none())
        );
    }
}

/// An engine on rules of its own: every `a` may become `b`, every `b` in front of a `!` is worse than an `a`.
fn toy(dockerfile: &Dockerfile, fix_of: impl Fn(usize) -> Fix) -> Report {
    let rule = crate::lint::rule("sudo").unwrap();
    let other = crate::lint::rule("latest-tag").unwrap();
    let source = &dockerfile.source;
    let text = source.text();
    let finding = |rule: &'static crate::lint::Rule, at: usize, fix| crate::lint::Finding {
        rule: rule.name,
        aliases: rule.aliases,
        practice: None,
        level: crate::lint::policy::Level::Warning,
        diagnostic: crate::diag::Diagnostic::warning("x", Wording::same("y")).at(
            source,
            Span::new(at, at + 1),
            Wording::default(),
        ),
        fix,
    };
    let good = text.match_indices(" a").map(|(at, _)| finding(rule, at + 1, Some(fix_of(at + 1))));
    let bad = text.match_indices("b!").map(|(at, _)| finding(other, at, None));
    Report { findings: good.chain(bad).collect(), ..Report::default() }
}

#[test]
fn a_fix_that_brings_a_finding_is_dropped_alone() {
    let dockerfile = parsed("FROM x\nRUN a a a! a a! a\n");
    let mut lint =
        |dockerfile: &Dockerfile, _: Option<&NewFile>| toy(dockerfile, |at| Fix::replace(Span::new(at, at + 1), "b"));
    let report = lint(&dockerfile, None);
    let done = fix(&dockerfile, &report, &mut lint);
    assert_eq!(done.after.text(), "FROM x\nRUN b b a! b a! b\n");
    assert_eq!(done.gone.into_iter().collect::<Vec<_>>(), [("sudo", 4)]);
    assert_eq!(done.report.findings.len(), 2);
    assert!(done.report.findings.iter().all(|finding| finding.fix.is_none()));
}

#[test]
fn of_two_fixes_of_one_place_the_second_waits_for_its_turn() {
    let dockerfile = parsed("FROM x\nRUN a a!\n");
    let mut lint =
        |dockerfile: &Dockerfile, _: Option<&NewFile>| toy(dockerfile, |at| Fix::replace(Span::new(at, at + 2), "c "));
    let report = lint(&dockerfile, None);
    assert_eq!(fix(&dockerfile, &report, &mut lint).after.text(), "FROM x\nRUN c c \n");
}

#[test]
fn a_fix_that_breaks_an_instruction_is_dropped() {
    for broken in ["b\\", "b\nFRM", "<<E"] {
        let dockerfile = parsed("FROM x\nRUN a\nUSER y\n");
        let mut lint = |dockerfile: &Dockerfile, _: Option<&NewFile>| {
            toy(dockerfile, |at| Fix::replace(Span::new(at, at + 1), broken))
        };
        let report = lint(&dockerfile, None);
        assert!(fix(&dockerfile, &report, &mut lint).changes_nothing(), "{broken}");
    }
}

#[test]
fn what_cannot_be_settled_is_told_and_left_to_the_next_time() {
    let dockerfile = parsed(&format!("FROM x\nRUN{}{}\n", " a".repeat(8), " a!".repeat(600)));
    let mut calls = 0;
    let mut lint = |dockerfile: &Dockerfile, _: Option<&NewFile>| {
        calls += 1;
        toy(dockerfile, |at| Fix::replace(Span::new(at, at + 1), "b"))
    };
    let report = lint(&dockerfile, None);
    let done = fix(&dockerfile, &report, &mut lint);
    assert!(done.cut_short && done.gone["sudo"] == 8, "{:?}", done.gone);
    assert!(calls < 600, "{calls}");
}

/// Fixes that are apart are tried together: each try reads and lints the whole file.
#[test]
fn a_file_is_linted_as_often_however_many_fixes_it_takes() {
    let linted = |times: usize| {
        let text = "FROM debian:12\n".to_owned() + &"ADD a b\nRUN apt-get install x\n".repeat(times);
        let dockerfile = parsed(&text);
        let mut calls = 0;
        let mut lint = |dockerfile: &Dockerfile, created: Option<&NewFile>| {
            calls += 1;
            report(dockerfile, created)
        };
        let done = fix(&dockerfile, &report(&dockerfile, None), &mut lint);
        assert_eq!(done.gone["add-local-file"], times, "{:?}", done.gone);
        calls
    };
    assert_eq!((linted(2), linted(200)), (linted(20), linted(20)));
}

#[test]
fn long_rows_of_runs_become_a_few() {
    let text = "FROM debian:12\n".to_owned() + &"RUN useradd -l -u 1234567 name\n".repeat(700);
    let dockerfile = parsed(&text);
    let mut calls = 0;
    let mut lint = |dockerfile: &Dockerfile, created: Option<&NewFile>| {
        calls += 1;
        report(dockerfile, created)
    };
    let done = fix(&dockerfile, &report(&dockerfile, None), &mut lint);
    let lengths: Vec<_> = parsed(done.after.text()).instructions[1..].iter().map(|run| run.span.len()).collect();
    assert!((3..6).contains(&lengths.len()) && lengths.iter().all(|length| *length < 12 * 1024), "{lengths:?}");
    assert!(calls < 6 && !done.cut_short, "{calls}");
}

#[test]
fn an_instruction_that_no_edit_touches_stays_in_its_place() {
    let edit = Edit { span: Span::new(7, 10), text: "COPY".into() };
    let before = parsed("FROM x\nADD a b\nUSER y\n");
    assert!(is_intact(&before, &[&edit], &parsed("FROM x\nCOPY a b\nUSER y\n")));
    assert!(!is_intact(&before, &[&edit], &parsed("FROM x\nCOPY a b \\\nUSER y\n")));
}

/// Lines of Dockerfiles; some are fixed, some stand in the way.
const LINES: &[&str] = &[
    "FROM debian:12 as Build",
    "from debian:12 AS next",
    "FROM Build",
    "FROM alpine:3.20",
    "# a comment",
    "",
    "  ",
    "ADD src /app/",
    "add --chown=1:1 a \\\n  # inside\n  b /c/",
    "ADD rootfs.tar /",
    "ADD ubuntu-rootfs /",
    "ADD * /x/",
    "MAINTAINER A \"quoted\" $name \\ back",
    "maintainer \"me\"",
    "MAINTAINER a \\\n  b",
    "ENV a b c",
    "ENV a \\\n  b",
    "ENV a \"b c\" d",
    "ENV a 'b c'",
    "ENV a b\\ c",
    "ENV a $b ${c:-d e}",
    "LABEL a b=c",
    "label a \\\n # inside\n b",
    "Expose 80/TCP 53/Udp",
    "EXPOSE $P/TCP",
    "RUN apt-get install x",
    "RUN sudo apt install 'x'; yum install y",
    "RUN sh -c \"apt-get install x\"",
    "RUN [\"apt-get\", \"install\", \"x\"]",
    "RUN <<EOF\napt-get install x\nEOF",
    "RUN a \\\n\n  && pip install b \\\n\n  c",
    "RUN useradd -u 1234567 x",
    "ONBUILD add a b",
    "User x",
    "HEALTHCHECK cmd a",
    "CMD [\"a\"]",
    "# hadolint ignore=DL3020",
    "COPY <<a <<b /c/\nx\na\ny\nb",
    "RUN zypper in x",
    "RUN apt-get \\\n   install \\\n   x",
    "WORKDIR /a",
    "SHELL [\"/bin/bash\", \"-c\"]",
];

/// Lines of Dockerfiles with a project of npm beside them.
const PROJECT: &[&str] = &[
    "FROM node:20 AS build",
    "FROM node:20",
    "FROM build",
    "WORKDIR /app",
    "WORKDIR /out",
    "WORKDIR src",
    "COPY . .",
    "COPY . ./src",
    "COPY . /app",
    "COPY --from=build /app /app",
    "ADD a.js b/",
    "ENV A=/app/x",
    "ENV NODE_ENV=production",
    "RUN npm ci",
    "RUN cd /app && npm ci",
    "RUN cd /app/src && npm ci",
    "RUN cd /out && make a",
    "RUN npm run build",
    "RUN make b",
    "RUN apt-get update && apt-get install -y git && rm -rf /var/lib/apt/lists/*",
    "RUN apt-get update && apt-get install -y make && make c",
    "RUN curl https://example.com/d | sh",
    "CMD node a.js",
];

/// Lines whose fixes change what holds for others: the directory, the options of the shell, who shares one.
const SHELLS: &[&str] = &[
    "FROM alpine:3.20",
    "FROM alpine:3.20 AS a",
    "FROM a",
    "FROM debian:12",
    "RUN wget -qO- https://e.com/a.tgz | tar xz",
    "RUN curl https://e.com/b | sh",
    "RUN ls /opt | grep nothing | wc -l > /count",
    "RUN cat /etc/passwd | head -1",
    "RUN set -o pipefail && a | b",
    "RUN cd /a && make b",
    "RUN cd /b && make c",
    "RUN cd /b && cd c && make d",
    "RUN cd e && make f",
    "RUN make g",
    "RUN echo h",
    "RUN command cd /x && make i",
    "RUN apk update && apk add j",
    "RUN apk add k",
    "RUN apk upgrade",
    "RUN apt-get update && apt-get upgrade",
    "RUN apt-get install -y l",
    "WORKDIR /a",
    "WORKDIR /b",
    "WORKDIR c",
    "COPY --from=a /x ./y",
    "COPY z ./y",
    "ENV A=b",
    "# a comment",
    "CMD nginx",
];

fn file(lines: &'static [&'static str]) -> impl Strategy<Value = String> {
    let lines = prop::collection::vec(prop::sample::select(lines), 1..12);
    (lines, any::<bool>()).prop_map(|(lines, last)| {
        let text = format!("FROM debian:12\n{}", lines.join("\n"));
        if last { text + "\n" } else { text }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn what_holds_for_others_is_changed_by_one_kind_of_fix_at_a_time(text in file(SHELLS)) {
        assert_lawful(&text);
    }

    #[test]
    fn generated_files_of_a_project_keep_the_laws(text in file(PROJECT), ignores in any::<bool>()) {
        let package = r#"{ "dependencies": { "express": "^4.18.2" } }"#;
        let files = [("dockerfile", text.as_str()), ("entries", "package-lock.json"), ("file package.json", package)];
        let ignored = ignores.then_some(("dockerignore", "node_modules\n"));
        let blocks = files.into_iter().chain(ignored).map(|(kind, body)| (kind.to_owned(), body.to_owned()));
        assert_lawful_in_context(&Case { blocks: blocks.collect(), ..Case::default() });
    }

    #[test]
    fn generated_files_keep_the_laws(text in file(LINES)) {
        assert_lawful(&text);
        let crlf = |text: &str| text.replace('\n', "\r\n");
        prop_assert_eq!(fixed_text(&crlf(&text)), crlf(&fixed_text(&text)));
    }
}
