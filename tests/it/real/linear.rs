//! Linting takes work by the length of the file, however the file is made up: counted in instructions of the processor,
//! which no busy machine changes.

use std::fmt::Write as _;
use std::process::Command;

use crate::support::process::program;

/// Instructions that `swrctl lint` takes for a Dockerfile.
fn work(text: &str) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("Dockerfile");
    std::fs::write(&file, text).unwrap();
    let mut valgrind = Command::new(program("valgrind"));
    valgrind.args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]);
    valgrind.arg(env!("CARGO_BIN_EXE_swrctl")).args([
        "lint",
        "--profile",
        "all",
        "--format",
        "short",
        "--fail-on",
        "never",
    ]);
    let output = valgrind.arg(&file).env("RAYON_NUM_THREADS", "1").current_dir(folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    // Older versions write `I   refs:`.
    let count = |line: &str| {
        let (name, count) = line.split_once("refs:")?;
        name.trim_end().ends_with(" I").then(|| count.to_owned())
    };
    said.lines().find_map(count).unwrap_or_else(|| panic!("{said}")).trim().replace(',', "").parse().unwrap()
}

/// A file of about `size` bytes.
type Shape = (&'static str, fn(size: usize) -> String);

fn repeated(head: &str, piece: &str, size: usize) -> String {
    format!("FROM alpine:3.22\n{head}{}\nCMD [\"a\"]\n", piece.repeat(size / piece.len()))
}

/// Each stands on the one before.
fn stages(size: usize) -> String {
    let mut text = String::new();
    for stage in 0..size / 32 {
        writeln!(text, "FROM s{stage} AS s{}\nUSER $U", stage + 1).unwrap();
    }
    text
}

const SHAPES: [Shape; 20] = [
    ("one long line", |size| repeated("RUN ", "x", size)),
    ("pairs", |size| repeated("ENV ", "a=b ", size)),
    ("pairs that use others", |size| repeated("ENV ", "ab=$cd ", size)),
    ("words", |size| repeated("COPY ", "a ", size)),
    ("continuations", |size| repeated("RUN a", " \\\n b", size)),
    ("comments in a continuation", |size| repeated("RUN a \\\n", "# b\n", size)),
    ("blank continuations", |size| repeated("RUN a \\\n", "\n", size)),
    ("instructions", |size| repeated("", "RUN cd x\n", size)),
    ("other instructions", |size| repeated("", "USER a\nWORKDIR b\nVOLUME /c\n", size)),
    ("no instructions", |size| repeated("", "nope a\nUSER b\n", size)),
    ("stages", stages),
    ("here-documents", |size| repeated("", "RUN <<E\na\nE\n", size)),
    ("open here-documents", |size| repeated("", "RUN <<E\n", size)),
    ("here-documents of one instruction", |size| repeated("RUN ", "<<E ", size)),
    ("pragmas", |size| repeated("", "# hadolint ignore=DL3000,DL3001\n", size)),
    ("one long pragma", |size| repeated("# hadolint ignore=", "DL3000,", size)),
    ("wrong pragmas", |size| repeated("", "# swrctl allow=nope reason=x\n", size)),
    ("nested arrays", |size| repeated("CMD ", "[", size)),
    ("nested variables", |size| repeated("WORKDIR ", "${a:-", size)),
    ("nested commands", |size| repeated("RUN ", "$(a ", size)),
];

#[test]
fn four_times_the_length_is_four_times_the_work() {
    let idle = work("FROM alpine:3.22\nCMD [\"a\"]\n");
    for (what, of_size) in SHAPES {
        let [small, large] = [12 << 10, 48 << 10].map(|size| work(&of_size(size)) - idle);
        eprintln!("{what}: {small} {large}");
        // Where nearly nothing is done, what is done once weighs as much.
        let excess = large.saturating_sub(small * 5);
        assert!(excess < idle, "{what}: {small} instructions for 12 KiB, {large} for 48 KiB");
    }
}
