//! Another parser of Dockerfiles reads the same: what both `parse-dockerfile` and we accept are the same instructions,
//! flags, arguments and here-documents at the same places. Where it does not, the reason is here.

#[path = "../../benches/lint/corpus.rs"]
mod corpus;

use std::ops::Range;
use std::sync::Arc;

use parse_dockerfile as other;
use proptest::prelude::*;
use swrctl::diag::{Source, Span};
use swrctl::dockerfile::{Arguments, Command, Dockerfile, Instruction, Keyword, Text, Word};

/// What a parser says of one instruction, by its places in the file.
#[derive(Debug, PartialEq, Eq)]
struct Read {
    keyword: Range<usize>,
    flags: Vec<(String, Option<String>)>,
    arguments: Vec<Range<usize>>,
    /// Their bodies.
    heredocs: Vec<String>,
}

fn ours(text: &str) -> Option<Vec<Read>> {
    let dockerfile = Dockerfile::parse(&Arc::new(Source::new("Dockerfile", text)));
    let read = |instruction: &Instruction| {
        let flags = instruction
            .flags
            .iter()
            .map(|flag| (flag.name.value.clone(), flag.value.as_ref().map(|word| word.raw.as_str().to_owned())));
        let bodies = instruction.heredocs.iter().map(|document| {
            let body = &text[document.body.range()];
            let strip = |line: &str| {
                if document.strip_tabs { line.trim_start_matches('\t').to_owned() } else { line.to_owned() }
            };
            body.split_inclusive('\n').map(strip).collect()
        });
        Read {
            keyword: instruction.keyword.span.range(),
            flags: flags.collect(),
            arguments: our_arguments(instruction).into_iter().map(Span::range).collect(),
            heredocs: bodies.collect(),
        }
    };
    dockerfile.errors.is_empty().then(|| dockerfile.instructions.iter().map(read).collect())
}

fn our_arguments(instruction: &Instruction) -> Vec<Span> {
    match &instruction.arguments {
        // Both read the command line; where here-documents are in it, the other one leaves it out.
        Arguments::Command(Command::Shell(text)) if instruction.heredocs.is_empty() => vec![text.whole()],
        Arguments::Command(Command::Shell(_)) | Arguments::None => Vec::new(),
        Arguments::Command(Command::Exec(words)) => words.iter().map(Text::whole).collect(),
        Arguments::Words(words) => {
            let heredoc = |span: &Span| instruction.heredocs.iter().any(|document| document.marker == *span);
            let spans = words
                .iter()
                .filter(|word| *instruction.keyword != Keyword::From || !word.raw.as_str().eq_ignore_ascii_case("as"));
            spans.map(Word::span).filter(|span| !heredoc(span)).collect()
        }
        // The other one leaves pairs in one piece.
        Arguments::Pairs(pairs) => {
            let first = pairs.first().map(|pair| pair.name.span());
            let last = pairs.last().map(|pair| pair.value.as_ref().map_or(pair.name.span(), Word::span));
            first.zip(last).map(|(first, last)| first.join(last)).into_iter().collect()
        }
    }
}

fn others(text: &str) -> Option<Vec<Read>> {
    let dockerfile = other::parse(text).ok()?;
    Some(dockerfile.instructions.iter().map(other_read).collect())
}

fn other_read(instruction: &other::Instruction) -> Read {
    let mut read = Read { keyword: 0..0, flags: Vec::new(), arguments: Vec::new(), heredocs: Vec::new() };
    let mut keyword = |keyword: &other::Keyword| read.keyword = keyword.span.clone();
    let command = |command: &other::Command, heredocs: bool| match command {
        other::Command::Exec(words) => words.value.iter().map(|word| word.span.clone()).collect(),
        other::Command::Shell(_) if heredocs => Vec::new(),
        other::Command::Shell(text) => vec![text.span.clone()],
        _ => Vec::new(),
    };
    let sources = |sources: &[other::Source], read: &mut Read| {
        for source in sources {
            match source {
                other::Source::Path(path) => read.arguments.push(path.span.clone()),
                other::Source::HereDoc(document) => read.heredocs.push(document.value.to_string()),
                _ => {}
            }
        }
    };
    match instruction {
        other::Instruction::Add(add) => {
            keyword(&add.add);
            read.flags = flags(&add.options);
            sources(&add.src, &mut read);
            read.arguments.push(add.dest.span.clone());
        }
        other::Instruction::Copy(copy) => {
            keyword(&copy.copy);
            read.flags = flags(&copy.options);
            sources(&copy.src, &mut read);
            read.arguments.push(copy.dest.span.clone());
        }
        other::Instruction::Arg(arg) => {
            keyword(&arg.arg);
            read.arguments.push(arg.arguments.span.clone());
        }
        other::Instruction::Env(env) => {
            keyword(&env.env);
            read.arguments.push(env.arguments.span.clone());
        }
        other::Instruction::Label(label) => {
            keyword(&label.label);
            read.arguments.push(label.arguments.span.clone());
        }
        other::Instruction::Cmd(cmd) => {
            keyword(&cmd.cmd);
            read.arguments = command(&cmd.arguments, false);
        }
        other::Instruction::Entrypoint(entrypoint) => {
            keyword(&entrypoint.entrypoint);
            read.arguments = command(&entrypoint.arguments, false);
        }
        other::Instruction::Run(run) => {
            keyword(&run.run);
            read.flags = flags(&run.options);
            read.heredocs = run.here_docs.iter().map(|document| document.value.to_string()).collect();
            read.arguments = command(&run.arguments, !run.here_docs.is_empty());
        }
        other::Instruction::Expose(expose) => {
            keyword(&expose.expose);
            read.arguments = expose.arguments.iter().map(|word| word.span.clone()).collect();
        }
        other::Instruction::From(from) => {
            keyword(&from.from);
            read.flags = flags(&from.options);
            let name = from.as_.as_ref().map(|(_, name)| name.span.clone());
            read.arguments = std::iter::once(from.image.span.clone()).chain(name).collect();
        }
        other::Instruction::Healthcheck(check) => {
            keyword(&check.healthcheck);
            read.flags = flags(&check.options);
            if let other::HealthcheckArguments::Cmd { arguments, .. } = &check.arguments {
                read.arguments = command(arguments, false);
            }
        }
        other::Instruction::Maintainer(maintainer) => {
            keyword(&maintainer.maintainer);
            read.arguments.push(maintainer.name.span.clone());
        }
        // What follows it counts: we take both as one.
        other::Instruction::Onbuild(onbuild) => return other_read(&onbuild.instruction),
        other::Instruction::Shell(shell) => {
            keyword(&shell.shell);
            read.arguments = shell.arguments.iter().map(|word| word.span.clone()).collect();
        }
        other::Instruction::Stopsignal(signal) => {
            keyword(&signal.stopsignal);
            read.arguments.push(signal.arguments.span.clone());
        }
        other::Instruction::User(user) => {
            keyword(&user.user);
            read.arguments.push(user.arguments.span.clone());
        }
        other::Instruction::Volume(volume) => {
            keyword(&volume.volume);
            let words = match &volume.arguments {
                other::JsonOrStringArray::Json(words) => &words.value,
                other::JsonOrStringArray::String(words) => words,
            };
            read.arguments = words.iter().map(|word| word.span.clone()).collect();
        }
        other::Instruction::Workdir(workdir) => {
            keyword(&workdir.workdir);
            read.arguments.push(workdir.arguments.span.clone());
        }
        _ => {}
    }
    read
}

fn flags(flags: &[other::Flag]) -> Vec<(String, Option<String>)> {
    let value = |flag: &other::Flag| flag.value.as_ref().map(|value| value.value.to_string());
    flags.iter().map(|flag| (flag.name.value.to_string(), value(flag))).collect()
}

/// Lines that both read alike, each a whole instruction.
const LINES: [&str; 87] = [
    "RUN a",
    "RUN a \\\n  b",
    "RUN a \\\n# c\n\n  b",
    "RUN <<E\nx\nE",
    "RUN <<-E\n\tx\n\tE",
    "RUN <<'E' cat\n$x\nE",
    "RUN <<\"E\"\nE",
    "RUN <<E && b\nE",
    "RUN <<E\nE\nRUN b",
    "RUN cat <<<a",
    "RUN echo '<<E'",
    "RUN --mount=type=cache,target=/x a",
    "RUN --network=none --security=insecure a",
    "RUN --mount=type=bind,source=a,target=b \\\n --mount=type=tmpfs,target=c d",
    "RUN --device=a b",
    "RUN [\"a\", \"b\"]",
    "RUN [ -f a ] && b",
    "RUN é \\\n ü",
    "RUN a \\ \n b",
    "RUN \\\n a",
    "RUN \"a\\\n b\"",
    "RUN a # b",
    "Run a",
    "  RUN a",
    "RUN a  ",
    "R\\\nUN a",
    "COPY a b",
    "COPY a \\\n b",
    "COPY --from=x --chown=a:b a b c/",
    "COPY \\\n --from=a b c",
    "COPY --link a b",
    "COPY --parents --exclude=*.x a b",
    "COPY --chmod=u=rwX,go=rX a b",
    "COPY [\"a b\", \"c\"]",
    "COPY [\"a\", \\\n \"c\"]",
    "COPY <<E /x\na\nE",
    "COPY <<A <<B /x/\na\nA\nb\nB",
    "COPY a <<E b\nx\nE",
    "ADD --chmod=755 a b",
    "ADD --keep-git-dir a b",
    "ADD --checksum=$A b c",
    "ADD --unpack=true b c",
    "ADD https://a/b c",
    "ENV a=b",
    "ENV a=b c=d",
    "ENV a=\"b c\" \\\n d='e'",
    "ENV a=b \\\n# c\n d=e",
    "ENV a b c",
    "ENV a=b\\ c",
    "ENV a= b=",
    "ENV a=b=c",
    "ENV \"a b\"=c",
    "LABEL a=b",
    "LABEL a.b=\"c d\" e=f",
    "LABEL \"a\"=\"b\" 'c'='d'",
    "LABEL a b",
    "ARG a",
    "ARG a=b",
    "ARG a b=c",
    "ARG a=b \\\n c=d",
    "EXPOSE 80 81/udp",
    "EXPOSE 80 \\\n 81",
    "EXPOSE $A",
    "VOLUME /a /b",
    "VOLUME [ \"/a\", \"/b\" ]",
    "USER a:b",
    "WORKDIR /a b",
    "WORKDIR \"/a b\"",
    "WORKDIR a \\\n b",
    "CMD a b",
    "CMD a \\\n  # b\n  c",
    "CMD [\"a\",\"b\" ] ",
    "CMD ['a']",
    "CMD [\"a\\n\\u00e9\\\"\", \"b\"]",
    "ENTRYPOINT [\"a\"]",
    "ENTRYPOINT a && b",
    "SHELL [\"a\", \"-c\"]",
    "HEALTHCHECK NONE",
    "HEALTHCHECK --interval=5s --retries=3 CMD [\"a\"]",
    "HEALTHCHECK --interval=5s \\\n  CMD a \\\n b",
    "ONBUILD RUN a",
    "ONBUILD RUN <<E\na\nE",
    "STOPSIGNAL SIGTERM",
    "MAINTAINER a <b@c>",
    "FROM --platform=linux/amd64 b as C",
    "FROM b:${v:-1} \\\n AS d",
    "# comment\n\n  # comment\n\t",
];

/// What BuildKit accepts and the other one refuses, and why.
const REFUSED: [(&str, &str); 6] = [
    ("RUN <<A cat <<B\na\nA\nb\nB", "it knows one here-document of a RUN"),
    ("RUN cat <<E > /x\na\nE", "it knows here-documents of a RUN at the start of the line only"),
    ("RUN cat << E\na\nE", "the same"),
    ("RUN 3<<E\na\nE", "the same"),
    ("FROM a AS b\nFROM a AS b", "of stages with one name the last counts in BuildKit"),
    ("ENTRYPOINT", "BuildKit takes it to mean that what the base starts is started no more"),
];

/// What both accept and read differently, and why we are right.
const DIFFERENT: [(&str, &str); 2] = [
    ("CMD", "it sees an empty command, we see none"),
    ("RUN a\\\\", "of two backslashes at the end of a line, none continues it in BuildKit"),
];

/// What the other one accepts and BuildKit refuses.
const ACCEPTED: [&str; 2] = ["ENV a=b # c", "LABEL a=b c"];

/// The same file with the other escape character, and with the other line ends.
fn variants(text: &str) -> [String; 4] {
    let backtick = format!("# escape=`\n{}", text.replace('\\', "`"));
    let windows = |text: &str| text.replace('\n', "\r\n");
    [text.to_owned(), windows(text), windows(&backtick), backtick]
}

fn framed(line: &str) -> String {
    format!("FROM a\n{line}\nUSER z\n")
}

#[track_caller]
fn assert_agreed(text: &str) {
    let [ours, others] = [ours(text), others(text)];
    assert!(ours.is_some(), "refused: {text}");
    assert_eq!(ours, others, "{text}");
}

#[test]
fn every_form_is_read_alike() {
    for text in LINES.iter().flat_map(|line| variants(&framed(line))) {
        // In JSON a backslash is one whatever the escape character is, and a backtick is none.
        if !text.contains("[\"a`n") {
            assert_agreed(&text);
        }
    }
}

#[test]
fn generated_dockerfiles_are_read_alike() {
    let mut seed = corpus::Seed::new(7);
    for _ in 0..500 {
        assert_agreed(&corpus::dockerfile(&mut seed));
    }
}

/// A new version of the other parser that learns one of these makes this fail; then it moves to [`LINES`].
#[test]
fn differences_are_those_that_are_listed() {
    for (line, reason) in REFUSED {
        assert!(ours(&framed(line)).is_some() && others(&framed(line)).is_none(), "{line}: {reason}");
    }
    for (line, reason) in DIFFERENT {
        let [ours, others] = [ours(&framed(line)), others(&framed(line))];
        assert!(ours.is_some() && others.is_some() && ours != others, "{line}: {reason}");
    }
    for line in ACCEPTED {
        assert!(ours(&framed(line)).is_none() && others(&framed(line)).is_some(), "{line}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn any_mix_of_forms_is_read_alike(lines in prop::sample::subsequence(LINES.to_vec(), 0..12).prop_shuffle()) {
        assert_agreed(&framed(&lines.join("\n")));
    }
}
