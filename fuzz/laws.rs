//! What holds for any bytes, taken as a Dockerfile, as shell text and as a file to lint. The fuzz targets run it on what
//! the fuzzer makes up, the test suite on seeds, on what the fuzzer once found, and on generated text.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use jiff::civil::Date;
use swrctl::diag::{Source, Span, Spanned};
use swrctl::dockerfile::shell::{Script, ShellReader};
use swrctl::dockerfile::{Command, Dockerfile, Instruction, Text, Word};
use swrctl::lint::policy::{LabelFormat, LabelPolicy, Level, Policy, Profile, RequiredLabel};
use swrctl::lint::{BuildContext, ContextFile, Folder, Needs, Report};

const TODAY: Date = Date::constant(2027, 1, 31);

/// Every span lies in the text on character boundaries; instructions are in order and apart.
pub fn parse(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let dockerfile = Dockerfile::parse(&Arc::new(Source::new("Dockerfile", text.as_ref())));
    let inside = |span| assert_inside(&text, span);
    let spans: Vec<_> = dockerfile.instructions.iter().map(|instruction| instruction.span).collect();
    assert!(spans.windows(2).all(|pair| pair[0].end <= pair[1].start), "{spans:?} of {text:?}");
    assert!(dockerfile.errors.is_sorted_by_key(|error| error.span), "{:?} of {text:?}", dockerfile.errors);
    dockerfile.comments.iter().chain(&dockerfile.blank_continuations).copied().for_each(inside);
    dockerfile.errors.iter().map(|error| error.span).for_each(inside);
    for directive in &dockerfile.directives {
        [directive.name.span, directive.value.span].into_iter().for_each(inside);
    }
    for stage in &dockerfile.stages {
        assert!(stage.first() <= stage.instructions.end && stage.instructions.end <= dockerfile.instructions.len());
        stage.name.iter().for_each(|name| inside(name.span));
    }
    for instruction in &dockerfile.instructions {
        assert_instruction(&text, instruction);
    }
}

fn assert_instruction(text: &str, instruction: &Instruction) {
    assert_inside(text, instruction.span);
    assert_inside(text, instruction.keyword.span);
    assert!(instruction.span.start <= instruction.keyword.span.start);
    let written = &text[instruction.keyword.span.range()];
    assert!(
        written.contains('\\') || written.contains('`') || written.eq_ignore_ascii_case(instruction.keyword.name())
    );
    for flag in &instruction.flags {
        assert_inside(text, flag.span);
        assert_inside(text, flag.name.span);
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
    match instruction.command() {
        Some(Command::Shell(command)) => assert_inside(text, command.whole()),
        Some(Command::Exec(words)) => words.iter().for_each(|word| assert_inside(text, word.whole())),
        None => {}
    }
}

fn assert_word(text: &str, word: &Word) {
    assert_inside(text, word.span());
    word.undefined.iter().for_each(|name| assert_inside(text, name.name.span));
}

/// The commands of a shell text, and how it ends, stand in it.
pub fn shell(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut whole = Text::default();
    whole.push(&text, 0);
    let mut reader = ShellReader::default();
    assert_script(&text, &reader.read(&whole));
    for ending in reader.endings(&whole) {
        ending.words.iter().for_each(|word| assert_inside(&text, word.span));
    }
    let words: Vec<_> = text.lines().map(|line| whole.slice(range_of(&text, line))).collect();
    assert_script(&text, &reader.read_exec(&words));
}

fn range_of(text: &str, part: &str) -> std::ops::Range<usize> {
    let start = part.as_ptr().addr() - text.as_ptr().addr();
    start..start + part.len()
}

fn assert_script(text: &str, script: &Script) {
    for invocation in &script.invocations {
        assert_inside(text, invocation.span);
        invocation.words.iter().chain(&invocation.wrappers).for_each(|word| assert_inside(text, word.span));
    }
    script.background.iter().chain(&script.pipes).chain(&script.skipped).for_each(|span| assert_inside(text, *span));
}

/// Findings are in order, stand in their files, say what to do, and are the same when the file is linted again.
///
/// The bytes up to the first NUL are the Dockerfile, those up to the next its `.dockerignore`, the rest is the script
/// that a container starts with.
pub fn lint(bytes: &[u8]) {
    let mut parts = bytes.splitn(3, |byte| *byte == 0);
    let mut part = |name| parts.next().map(|bytes| Arc::new(Source::new(name, String::from_utf8_lossy(bytes))));
    let source = part("Dockerfile").unwrap_or_else(|| Arc::new(Source::new("Dockerfile", "")));
    let ignore_file = part(".dockerignore");
    let script = part("start.sh").map(|source| ContextFile { source, executable: Some(true) });
    let dockerfile = Dockerfile::parse(&source);
    let entries = [".git", ".env", "Dockerfile", "node_modules", "package.json"].map(str::to_owned).into();
    let folder = Arc::new(Folder::new(entries, |_| false));
    let wanted = Needs::of(&dockerfile).files(&folder);
    let files = script.iter().flat_map(|file| wanted.iter().map(|path| (path.clone(), file.clone())));
    let files = files.collect::<BTreeMap<_, _>>().into();
    let (ignore_file, folder) = (ignore_file.into(), folder.into());
    let context = BuildContext { ignore_file, folder, files, takes_files: true, ..BuildContext::default() };
    for policy in &*POLICIES {
        let lint = || swrctl::lint::lint(&dockerfile, Path::new("Dockerfile"), policy, &context, None, TODAY);
        let report = lint();
        assert_report(&source, &report);
        assert_eq!(report, lint(), "{:?}", source.text());
    }
}

static POLICIES: LazyLock<[Policy; 3]> = LazyLock::new(|| {
    let of = |profile| Policy { profile, fail_on: Level::Style, ..Policy::default() };
    let required = RequiredLabel { name: Spanned::new("a".into(), Span::default()), format: LabelFormat::Url };
    let mut strict = of(Profile::All);
    strict.labels = LabelPolicy { required: vec![required], forbidden: Vec::new(), forbid_others: true };
    [strict, of(Profile::Hadolint), of(Profile::Swr)]
});

fn assert_report(source: &Arc<Source>, report: &Report) {
    let places = report.findings.iter().map(|finding| finding.diagnostic.labels[0].span);
    assert!(places.is_sorted(), "{:?}", source.text());
    assert_eq!(report.failed, !report.findings.is_empty());
    for finding in &report.findings {
        let problem = &finding.diagnostic.problem;
        assert!(finding.level != Level::Off && swrctl::lint::rule(finding.rule).is_some());
        assert!(problem.help.as_ref().is_some_and(|help| !help.is_empty()));
        assert!(!problem.message.is_empty() && !problem.message.english().contains('\n'), "{finding:?}");
        assert!(problem.message.english().len() < 2_000, "{finding:?}");
        assert!(Arc::ptr_eq(&finding.diagnostic.labels[0].source, source), "{finding:?}");
        finding.diagnostic.labels.iter().for_each(|label| assert_inside(label.source.text(), label.span));
    }
}

fn assert_inside(text: &str, span: Span) {
    assert!(span.start <= span.end && text.get(span.range()).is_some(), "{span:?} of {text:?}");
}
