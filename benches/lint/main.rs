//! What linting costs, beside hadolint: `cargo bench --bench lint -- [OPTIONS]`.
//!
//! Makes Dockerfiles from a seed, each in a folder of its own, and lets `swrctl lint --profile hadolint` and the hadolint
//! on `PATH` (or in `HADOLINT`) look at all of them, in turns; the median of the rounds counts. hadolint has ShellCheck
//! built in and no switch for it. So that ShellCheck's time does not count, a second row has it look at the same files
//! with `# hadolint shell=pwsh` on top: then it leaves ShellCheck and some of its own rules out. swrctl does its whole
//! work. Needs GNU time. docs/performance.md says what came of it.
//!
//! At the end stands what hostile files cost as they grow; where that is more than by their length, the run fails.
//!
//! `cargo test --benches` runs it over a few files, so that it stays alive.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a benchmark that cannot run says so by panicking")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "its output is what a benchmark is for")]
#![allow(unreachable_pub, reason = "`pub` marks what a module offers to the others")]

mod corpus;
mod growth;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use corpus::Seed;

const SWRCTL: &str = env!("CARGO_BIN_EXE_swrctl");
const USAGE: &str = "\
usage: cargo bench --bench lint -- [OPTIONS]
  --files N    Dockerfiles (1000)
  --seed N     of the Dockerfiles (1)
  --rounds N   each tool runs so often, the median counts (3)";

struct Options {
    files: usize,
    seed: u64,
    rounds: usize,
}

fn is_bench() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}

fn options() -> Options {
    let mut options = if is_bench() {
        Options { files: 1000, seed: 1, rounds: 3 }
    } else {
        Options { files: 20, seed: 1, rounds: 1 }
    };
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    while let Some(name) = arguments.next() {
        let value = arguments.next().unwrap_or_else(|| panic!("{name} needs a value\n{USAGE}"));
        let number: u64 = value.parse().unwrap_or_else(|_| panic!("{value} is no number\n{USAGE}"));
        match name.as_str() {
            "--files" => options.files = usize::try_from(number).unwrap(),
            "--seed" => options.seed = number,
            "--rounds" => options.rounds = usize::try_from(number).unwrap().max(1),
            _ => panic!("{name} is no option\n{USAGE}"),
        }
    }
    options
}

/// One run: what GNU time tells of it.
#[derive(Debug, Clone, Copy)]
struct Measured {
    /// User and system seconds.
    cpu: f64,
    wall: f64,
    mib: f64,
}

/// Runs a command whose findings nobody reads.
fn measure(command: &[&OsStr], threads: Option<usize>) -> Measured {
    let mut timed = Command::new("/usr/bin/time");
    timed.args(["--quiet", "--format", "measured %U %S %e %M"]).args(command);
    timed.envs(threads.map(|threads| ("RAYON_NUM_THREADS", threads.to_string())));
    let output = timed.stdin(Stdio::null()).stdout(Stdio::null()).output().unwrap_or_else(|error| {
        panic!("GNU time could not be run: {error}; install the package `time`");
    });
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = said.lines().rev().find_map(|line| line.strip_prefix("measured ")).unwrap_or_else(|| panic!("{said}"));
    let numbers: Vec<f64> = line.split(' ').map(|number| number.parse().unwrap()).collect();
    let [user, system, wall, kib] = numbers[..] else { panic!("{said}") };
    Measured { cpu: user + system, wall, mib: kib / 1024.0 }
}

fn median(mut runs: Vec<Measured>) -> Measured {
    runs.sort_by(|a, b| a.cpu.total_cmp(&b.cpu));
    runs[runs.len() / 2]
}

/// The same Dockerfiles, as they are and with a first line that keeps hadolint from ShellCheck.
struct Files {
    folder: tempfile::TempDir,
    plain: Vec<PathBuf>,
    without_shell: Vec<PathBuf>,
}

impl Files {
    fn new(options: &Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut seed = Seed::new(options.seed);
        let mut files = Self { folder, plain: Vec::new(), without_shell: Vec::new() };
        for number in 0..options.files {
            let text = corpus::dockerfile(&mut seed);
            let plain = files.write("plain", number, &text);
            let without_shell = files.write("without-shell", number, &format!("# hadolint shell=pwsh\n{text}"));
            files.plain.push(plain);
            files.without_shell.push(without_shell);
        }
        files
    }

    fn write(&self, kind: &str, number: usize, text: &str) -> PathBuf {
        let folder = self.folder.path().join(kind).join(format!("service-{number:04}"));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("Dockerfile");
        std::fs::write(&file, text).unwrap();
        file
    }
}

fn hadolint() -> Option<PathBuf> {
    let named = std::env::var_os("HADOLINT").map(PathBuf::from);
    let found =
        || std::env::split_paths(&std::env::var_os("PATH")?).map(|path| path.join("hadolint")).find(|p| p.is_file());
    named.or_else(found)
}

fn arguments<'a>(program: &'a Path, options: &'a [&'a str], files: &'a [PathBuf]) -> Vec<&'a OsStr> {
    let options = options.iter().map(OsStr::new);
    std::iter::once(program.as_os_str()).chain(options).chain(files.iter().map(|file| file.as_os_str())).collect()
}

fn main() {
    let options = options();
    let files = Files::new(&options);
    let bytes: u64 = files.plain.iter().map(|file| file.metadata().unwrap().len()).sum();
    println!(
        "{} Dockerfiles, {} KiB, seed {}; {} rounds\n",
        files.plain.len(),
        bytes / 1024,
        options.seed,
        options.rounds
    );

    let report = ["--no-fail", "--format", "gnu"];
    let lint = ["lint", "--profile", "hadolint", "--shellcheck", "off", "--format", "short", "--fail-on", "never"];
    let swrctl = Path::new(SWRCTL);
    let hadolint = hadolint();
    let mut commands = vec![
        ("swrctl", arguments(swrctl, &lint, &files.plain), None),
        ("swrctl, one thread", arguments(swrctl, &lint, &files.plain), Some(1)),
    ];
    if let Some(hadolint) = &hadolint {
        commands.push(("hadolint, without ShellCheck", arguments(hadolint, &report, &files.without_shell), None));
        commands.push(("hadolint", arguments(hadolint, &report, &files.plain), None));
    } else {
        eprintln!("hadolint is not on PATH: swrctl alone is measured");
    }
    let mut runs = vec![Vec::new(); commands.len()];
    for _ in 0..options.rounds {
        for ((_, command, threads), runs) in commands.iter().zip(&mut runs) {
            runs.push(measure(command, *threads));
        }
    }
    println!("| | CPU s | times swrctl's | wall s | peak MiB |\n|---|---|---|---|---|");
    let rows: Vec<_> = commands.iter().zip(runs).map(|((name, ..), runs)| (name, median(runs))).collect();
    let own = rows[0].1.cpu.max(0.01);
    for (name, Measured { cpu, wall, mib }) in rows {
        println!("| {name} | {cpu:.2} | {:.1} | {wall:.2} | {mib:.1} |", cpu / own);
    }
    let (cpu, wall) = one_file(&files);
    println!("\none file, start of the program included: {cpu:.1} ms of CPU, {wall:.1} ms wall");
    let steep = growth::print();
    // A test holds nothing by time.
    assert!(steep.is_empty() || !is_bench(), "these cost more than by their length: {}", steep.join(", "));
}

/// Milliseconds of CPU and wall time of linting a single file, the mean of many runs.
fn one_file(files: &Files) -> (f64, f64) {
    const RUNS: u32 = 100;
    let script =
        format!("for i in $(seq {RUNS}); do \"$0\" lint --shellcheck off --fail-on never \"$1\" >/dev/null 2>&1; done");
    let command = ["sh", "-c", &script, SWRCTL].map(OsStr::new);
    let command: Vec<_> = command.into_iter().chain([files.plain[0].as_os_str()]).collect();
    let Measured { cpu, wall, .. } = measure(&command, None);
    (cpu * 1000.0 / f64::from(RUNS), wall * 1000.0 / f64::from(RUNS))
}
