//! What linting hostile files costs as they grow: four times the length has to be four times the work, whatever the file
//! is made of. Processor time of the thread, the least of several runs.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use swrctl::diag::Source;
use swrctl::dockerfile::Dockerfile;
use swrctl::lint::BuildContext;
use swrctl::lint::policy::{Policy, Profile};

const TODAY: jiff::civil::Date = jiff::civil::Date::constant(2027, 1, 31);
/// Bytes; above it, limits end the reading of many a shape.
const SMALL: usize = 12 << 10;
const TIMES: usize = 4;
/// Times the work: between four, by the length, and sixteen, by its square.
const MOST: f64 = 8.0;

/// A file of about `size` bytes.
type Shape = (&'static str, fn(size: usize) -> String);

const SHAPES: [Shape; 21] = [
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
    ("closed nested commands", |size| {
        format!("FROM alpine:3.22\nRUN {}a{}\n", "$(".repeat(size / 3), ")".repeat(size / 3))
    }),
];

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

/// Prints a table of all shapes; the names of those whose cost grows faster than their length.
pub fn print() -> Vec<&'static str> {
    println!("\n| hostile file | {} KiB: CPU ms | {} KiB: CPU ms | times |", SMALL >> 10, (SMALL * TIMES) >> 10);
    println!("|---|---|---|---|");
    SHAPES.into_iter().filter(|(name, of_size)| !is_linear(name, *of_size)).map(|(name, _)| name).collect()
}

fn is_linear(name: &str, of_size: fn(usize) -> String) -> bool {
    let [small, large] = [SMALL, SMALL * TIMES].map(|size| cost(&of_size(size)).as_secs_f64() * 1000.0);
    let times = large / small;
    println!("| {name} | {small:.2} | {large:.2} | {times:.1} |");
    times <= MOST
}

fn cost(text: &str) -> Duration {
    let source = Arc::new(Source::new("Dockerfile", text));
    let policy = Policy { profile: Profile::All, ..Policy::default() };
    let lint = || {
        let start = thread_time();
        let (dockerfile, context) = (Dockerfile::parse(&source), BuildContext::default());
        std::hint::black_box(swrctl::lint::lint(&dockerfile, Path::new("Dockerfile"), &policy, &context, None, TODAY));
        thread_time().saturating_sub(start)
    };
    (0..5).map(|_| lint()).min().expect("five runs")
}

fn thread_time() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().expect("a clock that counts from zero")
}
