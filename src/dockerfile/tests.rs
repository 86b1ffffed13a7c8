//! Laws of the parser, and what it makes of whole files.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Dockerfile {
    Dockerfile::parse(&Arc::new(Source::new("Dockerfile", text)))
}

fn assert_inside(text: &str, span: Span) {
    assert!(span.start <= span.end && text.get(span.range()).is_some(), "{span:?} of {text:?}");
}

fn assert_word(text: &str, word: &Word) {
    assert_inside(text, word.span());
    word.undefined.iter().for_each(|name| assert_inside(text, name.span));
}

/// Every span lies in the text on character boundaries; instructions are in order and apart.
fn assert_lawful(text: &str) {
    let dockerfile = parse(text);
    let spans: Vec<_> = dockerfile.instructions.iter().map(|instruction| instruction.span).collect();
    assert!(spans.windows(2).all(|pair| pair[0].end <= pair[1].start), "{spans:?} of {text:?}");
    dockerfile.comments.iter().for_each(|span| assert_inside(text, *span));
    dockerfile.errors.iter().for_each(|error| assert_inside(text, error.span));
    for directive in &dockerfile.directives {
        assert_inside(text, directive.name.span);
        assert_inside(text, directive.value.span);
    }
    for instruction in &dockerfile.instructions {
        assert_inside(text, instruction.span);
        assert!(instruction.span.start <= instruction.keyword.span.start);
        assert_inside(text, instruction.keyword.span);
        for flag in &instruction.flags {
            assert_inside(text, flag.span);
            flag.value.iter().for_each(|word| assert_word(text, word));
        }
        for heredoc in &instruction.heredocs {
            assert_inside(text, heredoc.marker);
            assert_inside(text, heredoc.body);
            let beyond = text.get(instruction.span.end..heredoc.body.end).unwrap_or_default();
            assert!(beyond.trim().is_empty(), "{beyond:?} of {text:?}");
        }
        instruction.words().iter().for_each(|word| assert_word(text, word));
        for pair in instruction.pairs() {
            assert_word(text, &pair.name);
            pair.value.iter().for_each(|word| assert_word(text, word));
        }
        assert_command(text, instruction);
    }
}

fn assert_command(text: &str, instruction: &Instruction) {
    let mut reader = shell::ShellReader::default();
    let script = match instruction.command() {
        Some(Command::Shell(command)) => {
            assert_inside(text, command.whole());
            reader.read(command)
        }
        Some(Command::Exec(words)) => {
            for word in words {
                assert_inside(text, word.whole());
            }
            reader.read_exec(words)
        }
        None => return,
    };
    for invocation in script.invocations {
        assert_inside(text, invocation.span);
        invocation.words.iter().for_each(|word| assert_inside(text, word.span));
    }
    script.background.iter().for_each(|span| assert_inside(text, *span));
}

/// Pieces that Dockerfiles are made of, and that break them.
fn piece() -> impl Strategy<Value = String> {
    const PIECES: [&str; 62] = [
        "FROM ",
        "RUN ",
        "COPY ",
        "ADD ",
        "ENV ",
        "ARG ",
        "LABEL ",
        "CMD ",
        "ENTRYPOINT ",
        "HEALTHCHECK ",
        "ONBUILD ",
        "SHELL ",
        "EXPOSE ",
        "USER ",
        "WORKDIR ",
        "VOLUME ",
        "MAINTAINER ",
        "STOPSIGNAL ",
        "# escape=`\n",
        "# check=skip=all\n",
        "# hadolint ignore=DL3008\n",
        "#",
        "\n",
        "\r\n",
        "\\\n",
        "\\ \t\r\n",
        "`\n",
        "\n\n",
        " ",
        "\t",
        "<<EOF",
        "<<-'EOF'",
        "\nEOF\n",
        "EOF",
        "[\"a\", \"b\\u00e9\\n\"]",
        "[\"sh\", \"-c\", \"x && y\"]",
        "[",
        "]",
        "\"",
        "'",
        "$A",
        "${A:-",
        "}",
        "a=b",
        "=",
        "--from=a",
        "--mount=type=cache,target=/x",
        "--",
        " AS a",
        "alpine:3.20",
        "apt-get upgrade",
        "sh -c \"",
        "&& ",
        "| ",
        "& ",
        "$(",
        "\u{feff}",
        "é",
        "😀",
        "\\",
        "/",
        ".",
    ];
    prop_oneof![
        8 => prop::sample::select(&PIECES[..]).prop_map(str::to_owned),
        1 => "[a-z]{1,6}",
        1 => any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn any_text_keeps_the_laws(text in any::<String>()) {
        assert_lawful(&text);
    }

    #[test]
    fn any_bytes_keep_the_laws(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        assert_lawful(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn what_looks_like_a_dockerfile_keeps_the_laws(pieces in prop::collection::vec(piece(), 0..40)) {
        assert_lawful(&pieces.concat());
    }

    #[test]
    fn every_line_of_plain_instructions_is_read(names in prop::collection::vec("[a-z]{1,8}", 1..20)) {
        let mut text = "FROM alpine:3.20\n".to_owned();
        for name in &names {
            writeln!(text, "RUN {name} \\\n  # comment\n\n  --x").unwrap();
        }
        let dockerfile = parse(&text);
        prop_assert!(dockerfile.errors.is_empty());
        prop_assert_eq!(dockerfile.instructions.len(), names.len() + 1);
    }
}

fn keywords(dockerfile: &Dockerfile) -> Vec<&'static str> {
    dockerfile.instructions.iter().map(|instruction| instruction.keyword.name()).collect()
}

fn shown(dockerfile: &Dockerfile, instruction: usize) -> &str {
    dockerfile.source.slice(dockerfile.instructions[instruction].span)
}

#[test]
fn heredocs_end_where_they_end() {
    let dockerfile = parse("FROM a\nRUN <<A cat <<-B\nx\nA\ny\n\tB\nRUN z <<'C'\nFROM no\nC\nCOPY <<D /d\nD\nUSER u\n");
    assert_eq!(keywords(&dockerfile), ["FROM", "RUN", "RUN", "COPY", "USER"]);
    assert!(dockerfile.errors.is_empty());
    assert_eq!(shown(&dockerfile, 1), "RUN <<A cat <<-B\nx\nA\ny\n\tB");
    let bodies: Vec<_> =
        dockerfile.instructions[1].heredocs.iter().map(|doc| dockerfile.source.slice(doc.body)).collect();
    assert_eq!(bodies, ["x\n", "y\n"]);
    assert!(!dockerfile.instructions[2].heredocs[0].expands);
    assert_eq!(dockerfile.source.slice(dockerfile.instructions[3].heredocs[0].body), "");
}

#[test]
fn the_escape_directive_frees_the_backslash() {
    let text = "\u{feff}# escape=`\r\n\
                FROM mcr.microsoft.com/windows/nanoserver:x\r\nWORKDIR C:\\\r\nCOPY a `\r\n  C:\\b\\\r\n";
    let dockerfile = parse(text);
    assert!(dockerfile.errors.is_empty(), "{:?}", dockerfile.errors);
    assert_eq!(keywords(&dockerfile), ["FROM", "WORKDIR", "COPY"]);
    assert_eq!(dockerfile.instructions[2].words()[1].value.as_deref(), Some("C:\\b\\"));
}

#[test]
fn stages_and_variables_are_resolved() {
    let text = "ARG V=20\nFROM node:${V} AS Base\nARG V\nENV D=/app\nFROM base\nWORKDIR $D/$V/${X:-x}\nFROM $NONE\n";
    let dockerfile = parse(text);
    let bases: Vec<_> = dockerfile.stages.iter().map(|stage| stage.base.clone()).collect();
    assert_eq!(bases, [Base::Image("node:20".into()), Base::Stage(0), Base::Open]);
    assert_eq!(dockerfile.instructions[5].words()[0].value.as_deref(), Some("/app/20/x"));
    assert_eq!(dockerfile.ancestry(1).collect::<Vec<_>>(), [1, 0]);
}

#[test]
fn onbuild_and_json_keep_their_places() {
    let dockerfile = parse("FROM a\nONBUILD RUN [\"x\", \\\n \"y\"]\n");
    let run = &dockerfile.instructions[1];
    assert!(run.on_build && *run.keyword == Keyword::Run);
    let Some(Command::Exec(words)) = run.command() else { panic!("{run:?}") };
    let places: Vec<_> = words.iter().map(|word| dockerfile.source.slice(word.whole())).collect();
    assert_eq!(places, ["x", "y"]);
}

#[test]
fn hostile_files_take_time_by_their_length() {
    let files = [
        "FROM a\nRUN ".to_owned() + &"x".repeat(10 << 20),
        "FROM a\nENV ".to_owned() + &"a=b ".repeat(1 << 19),
        "FROM a\nENV A=".to_owned() + &"y".repeat(8 << 10) + "\nENV B=" + &"$A".repeat(1 << 20),
        "FROM a\nRUN x \\\n".to_owned() + &"y \\\n".repeat(1_000_000),
        "FROM a\nRUN x \\\n".to_owned() + &"# y\n".repeat(1_000_000),
        "FROM a\n".to_owned() + &"RUN <<X\n".repeat(100_000),
        "FROM a\nRUN ".to_owned() + &"<<X ".repeat(100_000),
        "FROM a\nCMD ".to_owned() + &"[".repeat(5 << 20),
        "FROM a\nCMD [".to_owned() + &"\"x\",".repeat(1 << 18) + "\"x\"]",
        "FROM a\nWORKDIR ".to_owned() + &"${A:-".repeat(1 << 20),
        "FROM a\n".to_owned() + &"ONBUILD ".repeat(1 << 20),
        (0..20_000).fold("FROM a AS s0\n".to_owned(), |text, index| {
            text + &format!("FROM s{index} AS s{}\nUSER $U\n", index + 1)
        }),
        "\\\n".repeat(1_000_000),
    ];
    for text in files {
        let started = Instant::now();
        let dockerfile = parse(&text);
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "{:?}: {}",
            started.elapsed(),
            &text[..40.min(text.len())]
        );
        assert!(dockerfile.instructions.len() + dockerfile.errors.len() > 0);
    }
}
