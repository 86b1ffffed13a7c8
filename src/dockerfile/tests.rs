//! Laws of the parser, and what it makes of whole files.

use std::fmt::Write as _;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Dockerfile {
    Dockerfile::parse(&Arc::new(Source::new("Dockerfile", text)))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 128, ..ProptestConfig::default() })]

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

/// Each of these took memory or time by the square of its length at some time, or would if it were read naively.
#[test]
fn hostile_files_come_to_an_end() {
    let files = [
        "FROM a\nRUN ".to_owned() + &"x".repeat(10 << 20),
        "FROM a\nENV ".to_owned() + &"a=b ".repeat(1 << 19),
        "FROM a\nENV A=".to_owned() + &"y".repeat(8 << 10) + "\nENV B=" + &"$A".repeat(1 << 14),
        "FROM a\nRUN x \\\n".to_owned() + &"y \\\n".repeat(1_000_000),
        "FROM a\nRUN x \\\n".to_owned() + &"# y\n".repeat(1_000_000),
        "FROM a\n".to_owned() + &"RUN <<X\n".repeat(100_000),
        "FROM a\nRUN ".to_owned() + &"<<X \\\n".repeat(100_000),
        "FROM a\nCMD ".to_owned() + &"[\\\n".repeat(1 << 20),
        "FROM a\nCMD [".to_owned() + &"\"x\",\\\n".repeat(1 << 18) + "\"x\"]",
        "FROM a\nWORKDIR ".to_owned() + &"${A:-\\\n".repeat(1 << 18),
        "FROM a\n".to_owned() + &"ONBUILD \\\n".repeat(1 << 18),
        (0..20_000).fold("FROM a AS s0\n".to_owned(), |text, index| {
            text + &format!("FROM s{index} AS s{}\nUSER $U\n", index + 1)
        }),
        "\\\n".repeat(1_000_000),
    ];
    for text in files {
        let dockerfile = parse(&text);
        assert!(dockerfile.instructions.len() + dockerfile.errors.len() > 0, "{}", &text[..40.min(text.len())]);
    }
}

#[test]
fn a_line_that_buildkit_does_not_read_is_an_error_and_reading_goes_on() {
    let longest = "x".repeat(65_535 - "RUN ".len());
    assert_eq!(parse(&format!("FROM a\nRUN {longest}\nUSER b\n")).errors, []);
    for text in [format!("RUN {longest}x"), format!("# {longest}xxx"), format!("RUN <<E\n{longest}xxxxx\nE")] {
        let dockerfile = parse(&format!("FROM a\n{text}\nUSER b\n"));
        let [error] = &dockerfile.errors[..] else { panic!("{:?}", dockerfile.errors) };
        assert_eq!((error.span.len(), &error.kind), (1, &SyntaxErrorKind::LineTooLong { most: 65_535 }));
        assert_eq!(keywords(&dockerfile).last(), Some(&"USER"));
    }
}

/// What is kept of a file is bounded, and where reading stopped is told.
#[test]
fn too_much_is_not_read() {
    let parts = |dockerfile: &Dockerfile| dockerfile.instructions.iter().map(Instruction::parts).sum::<usize>();
    for piece in [
        "USER b\n",
        "ENV a=b \\\n c=d\n",
        "COPY a b \\\n c\n",
        "# a\n",
        "RUN [\"a\", \\\n \"b\"]\n",
        "RUN a \\\n\n b\n",
    ] {
        let text = "FROM a\n".to_owned() + &piece.repeat(2 * MAX_PARTS);
        let dockerfile = parse(&text);
        assert!(parts(&dockerfile) + dockerfile.comments.len() <= MAX_PARTS + 1, "{piece}");
        assert!(dockerfile.unread.is_some_and(|rest| rest.end == text.len() && rest.len() > text.len() / 4), "{piece}");
    }
    for piece in ["a=b \\\n", "a=b "] {
        let text = "FROM a\nENV ".to_owned() + &piece.repeat(15_000);
        assert_eq!(parse(&text).unread, None, "{piece}");
    }
    let dockerfile = parse(&("FROM a\nENV ".to_owned() + &"a=b \\\n".repeat(2 * MAX_PARTS) + "c=d\nUSER b\n"));
    assert_eq!((keywords(&dockerfile).len(), dockerfile.instructions[1].pairs().len()), (2, MAX_PARTS - 2));
    assert!(dockerfile.unread.is_some());
}

/// Every part of the instructions as it is written in the source: what spans lead to.
fn written(text: &str) -> Vec<String> {
    let dockerfile = parse(text);
    assert!(dockerfile.errors.is_empty(), "{:?}", dockerfile.errors);
    let slice = |span: Span| dockerfile.source.slice(span).to_owned();
    let parts = |instruction: &Instruction| {
        let mut parts = vec![slice(instruction.keyword.span)];
        parts.extend(instruction.flags.iter().map(|flag| slice(flag.span)));
        match &instruction.arguments {
            Arguments::None => {}
            Arguments::Words(words) => parts.extend(words.iter().map(|word| slice(word.span()))),
            Arguments::Pairs(pairs) => {
                let words = pairs.iter().flat_map(|pair| std::iter::once(&pair.name).chain(&pair.value));
                parts.extend(words.map(|word| slice(word.span())));
            }
            Arguments::Command(Command::Exec(words)) => parts.extend(words.iter().map(|word| slice(word.whole()))),
            Arguments::Command(Command::Shell(text)) => parts.push(format!("${}", slice(text.whole()))),
        }
        parts.extend(instruction.heredocs.iter().map(|document| format!("<{}", slice(document.body))));
        parts.join("|")
    };
    dockerfile.instructions.iter().skip(1).map(parts).collect()
}

/// The forms that Docker's reference describes.
#[test]
fn every_form_of_the_reference_is_read() {
    for (text, expected) in [
        ("RUN <<EOF\na\nEOF\n", &["RUN|$<<EOF|<a\n"][..]),
        ("RUN <<-EOF\n\ta\n\tEOF\nUSER b", &["RUN|$<<-EOF|<\ta\n", "USER|b"]),
        ("RUN <<'E F'\n$a\nE F\nUSER b", &["RUN|$<<'E F'|<$a\n", "USER|b"]),
        ("RUN <<\"E\" cat > /x && b\n$a\nE\nUSER b", &["RUN|$<<\"E\" cat > /x && b|<$a\n", "USER|b"]),
        ("RUN <<A cat && <<B cat\na\nA\nb\nB\nUSER b", &["RUN|$<<A cat && <<B cat|<a\n|<b\n", "USER|b"]),
        ("RUN 3<<A cat /dev/fd/3\na\nA", &["RUN|$3<<A cat /dev/fd/3|<a\n"]),
        ("RUN cat <<A \\\n  > /x\na\nA\nUSER b", &["RUN|$cat <<A \\\n  > /x|<a\n", "USER|b"]),
        ("RUN <<A\nA\nRUN <<A\nA\n", &["RUN|$<<A|<", "RUN|$<<A|<"]),
        ("RUN <<A\r\na\r\nA\r\nUSER b\r\n", &["RUN|$<<A|<a\r\n", "USER|b"]),
        ("COPY <<A <<B /c/\na\nA\nb\nB\nUSER b", &["COPY|<<A|<<B|/c/|<a\n|<b\n", "USER|b"]),
        ("ADD --chmod=755 <<A /c\na\nA", &["ADD|--chmod=755|<<A|/c|<a\n"]),
        ("ONBUILD RUN <<A\na\nA\nONBUILD COPY a b", &["RUN|$<<A|<a\n", "COPY|a|b"]),
        ("RUN cat <<<A\nUSER b", &["RUN|$cat <<<A", "USER|b"]),
        ("RUN echo '<<A'\nUSER b", &["RUN|$echo '<<A'", "USER|b"]),
        ("CMD cat <<A\nUSER b", &["CMD|$cat <<A", "USER|b"]),
        (
            "RUN --mount=type=cache,target=/x --mount=type=secret,id=a,env=B --network=none --security=insecure a --b",
            &[
                "RUN|--mount=type=cache,target=/x|--mount=type=secret,id=a,env=B|--network=none|--security=insecure|$a --b",
            ],
        ),
        ("RUN --device=vendor/class=name,required a", &["RUN|--device=vendor/class=name,required|$a"]),
        (
            "COPY --from=a --chown=b:c --chmod=u+x --link --parents --exclude=*.md d e",
            &["COPY|--from=a|--chown=b:c|--chmod=u+x|--link|--parents|--exclude=*.md|d|e"],
        ),
        (
            "ADD --checksum=$SUM --keep-git-dir=true --unpack=false --link=false b c",
            &["ADD|--checksum=$SUM|--keep-git-dir=true|--unpack=false|--link=false|b|c"],
        ),
        ("COPY [\"a b\", \"c\\\\d\", \"e\"]", &["COPY|a b|c\\\\d|e"]),
        ("CMD [\"a\", 'b']\nENTRYPOINT [ \"a\" , \"b\" ] ", &["CMD|$[\"a\", 'b']", "ENTRYPOINT|a|b"]),
        ("RUN [ -f a ] || b\nRUN [\"a\"] && b", &["RUN|$[ -f a ] || b", "RUN|$[\"a\"] && b"]),
        (
            "HEALTHCHECK --interval=5s --start-interval=1s CMD [\"a\"]\nHEALTHCHECK NONE",
            &["HEALTHCHECK|--interval=5s|--start-interval=1s|a", "HEALTHCHECK"],
        ),
        ("RUN a \\\n# b\n  # c\n\n  d \\\n\ne\nUSER f", &["RUN|$a \\\n# b\n  # c\n\n  d \\\n\ne", "USER|f"]),
        ("RUN a \\ \t\n b\nUSER c", &["RUN|$a \\ \t\n b", "USER|c"]),
        ("RUN a \\", &["RUN|$a"]),
        ("env a=\"b c\" d='e f' g=h\\ i\nENV j k l", &["env|a|\"b c\"|d|'e f'|g|h\\ i", "ENV|j|k l"]),
        ("ARG a b=c d\nLABEL \"a b\"=c", &["ARG|a|b|c|d", "LABEL|\"a b\"|c"]),
        (
            "EXPOSE 80 81/udp $A-90\nVOLUME /a /b\nSTOPSIGNAL 9",
            &["EXPOSE|80|81/udp|$A-90", "VOLUME|/a|/b", "STOPSIGNAL|9"],
        ),
        ("\tUSER  a  \n  # b\n\n WORKDIR  /a b ", &["USER|a", "WORKDIR|/a b"]),
        ("SHELL [\"cmd\", \"/S\", \"/C\"]\nMAINTAINER a <b@c>", &["SHELL|cmd|/S|/C", "MAINTAINER|a <b@c>"]),
        ("RUN é 漢字 \\\n 😀\nUSER ü", &["RUN|$é 漢字 \\\n 😀", "USER|ü"]),
    ] {
        assert_eq!(written(&format!("FROM a\n{text}")), expected, "{text}");
        let windows = text.replace("\r\n", "\n").replace('\n', "\r\n");
        let expected: Vec<_> = expected.iter().map(|part| part.replace("\r\n", "\n").replace('\n', "\r\n")).collect();
        assert_eq!(written(&format!("\u{feff}FROM a\r\n{windows}")), expected, "{windows}");
    }
}

#[test]
fn the_escape_directive_holds_for_continuations_and_paths() {
    let text = "# escape=`\nFROM a\nCOPY a `\n  # b\n  C:\\c\\\nRUN dir C:\\ `\n  & d\nENV A=`\"b\nCMD [\"C:\\\\a\"]";
    assert_eq!(written(text), ["COPY|a|C:\\c\\", "RUN|$dir C:\\ `\n  & d", "ENV|A|`\"b", "CMD|C:\\\\a"]);
}

#[test]
fn after_each_error_the_next_line_is_read() {
    for bad in [
        "NOPE a",
        "COPY a",
        "EXPOSE",
        "ENV",
        "ENV a=b c",
        "LABEL =b",
        "CMD [\"a\", 1]",
        "SHELL a",
        "ONBUILD FROM a",
        "HEALTHCHECK a",
        "RUN --nope a",
        "FROM",
        "FROM a b",
        "USER \"a",
        "WORKDIR ${a",
        "ADD --chown=a",
        "ONBUILD",
    ] {
        let dockerfile = parse(&format!("FROM a\n{bad}\nSTOPSIGNAL 9\n"));
        assert!(!dockerfile.errors.is_empty(), "{bad}");
        assert_eq!(keywords(&dockerfile).last(), Some(&"STOPSIGNAL"), "{bad}");
    }
}
