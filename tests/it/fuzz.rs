//! The laws of the fuzz targets over their seeds, over what the fuzzer once found, and over generated text: a fuzzer that
//! runs everywhere, for seconds.

#[path = "../../fuzz/laws.rs"]
mod laws;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use swrctl::diag::Source;
use swrctl::dockerfile::Dockerfile;
use swrctl::lint::policy::{Policy, Profile};
use swrctl::lint::{BuildContext, lint};

use crate::support::sources::paths;

/// Files that the fuzzer starts from, or that once broke a law.
fn samples(folder: &str) -> Vec<(String, Vec<u8>)> {
    let read = |(name, file): (String, _)| (name, std::fs::read(file).unwrap());
    paths(folder).into_iter().map(read).collect()
}

fn assert_lawful(bytes: &[u8]) {
    laws::parse(bytes);
    laws::shell(bytes);
    laws::lint(bytes);
}

#[test]
fn seeds_and_finds_keep_the_laws() {
    let seeds = samples("fuzz/seeds");
    assert!(seeds.len() > 5, "the seeds were not found");
    for (name, bytes) in seeds.iter().chain(&samples("fuzz/found")) {
        eprintln!("{name}");
        assert_lawful(bytes);
    }
}

/// Else the laws would be held by files that say nothing.
#[test]
fn seeds_reach_most_rules() {
    let policy = Policy { profile: Profile::All, ..Policy::default() };
    let mut reached = BTreeSet::new();
    for (name, bytes) in samples("fuzz/seeds") {
        let source = Arc::new(Source::new(name.as_str(), String::from_utf8_lossy(&bytes)));
        let today = jiff::civil::date(2027, 1, 31);
        let report =
            lint(&Dockerfile::parse(&source), Path::new(&name), &policy, &BuildContext::default(), None, today);
        reached.extend(report.findings.iter().map(|finding| finding.rule));
    }
    assert!(reached.len() > 50, "{} rules: {reached:?}", reached.len());
}

/// Pieces that Dockerfiles are made of, and that break them: the fuzzer's dictionary.
fn pieces() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/dockerfile.dict");
    let dictionary = std::fs::read_to_string(path).unwrap();
    let plain = [
        "\n", "\n", " ", "\t", "#", "'", "\"", "\\", "`", "$", "{", "}", "[", "]", "=", "--", ";", "/", ".", "é", "😀",
    ];
    let words = dictionary.lines().map(|line| unescaped(line.trim_matches('"'))).chain(plain.map(str::to_owned));
    words.collect()
}

/// `\"`, `\\` and `\xHH` as libFuzzer's dictionaries have them.
fn unescaped(word: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = word.bytes();
    while let Some(byte) = rest.next() {
        match if byte == b'\\' { rest.next() } else { None } {
            None => bytes.push(byte),
            Some(b'x') => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
            }
            Some(escaped) => bytes.push(escaped),
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => prop::sample::select(pieces()),
        1 => "[a-z]{1,6}",
        1 => any::<String>(),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_keep_the_laws(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        assert_lawful(&bytes);
    }

    #[test]
    fn what_looks_like_a_dockerfile_keeps_the_laws(text in text()) {
        assert_lawful(text.as_bytes());
    }

    #[test]
    fn mutated_seeds_keep_the_laws(
        (_, mut bytes) in prop::sample::select(samples("fuzz/seeds")),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..12, prop::sample::select(pieces())), 1..8),
    ) {
        for (index, len, piece) in cuts {
            let start = index.index(bytes.len().max(1)).min(bytes.len());
            let end = (start + len).min(bytes.len());
            bytes.splice(start..end, piece.into_bytes());
        }
        assert_lawful(&bytes);
    }
}
