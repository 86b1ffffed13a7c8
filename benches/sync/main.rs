//! What a sync costs, beside the other tools: `cargo bench --bench sync -- [OPTIONS]`.
//!
//! Makes a corpus from a seed, pushes it to a real registry, and lets swrctl and every peer on `PATH` (skopeo, regsync,
//! crane, image-syncer) bring it to a registry of their own: once fresh, then again with nothing to do. `--round-trip`
//! puts both registries far away, behind a proxy that lets every byte wait. `--memory`
//! measures swrctl alone, against a source that generates its blobs and a target that drops them, so that neither disk
//! nor page cache bounds the size. docs/performance.md says what came of it.
//!
//! `cargo test --benches` runs it over a few small images, so that it stays alive.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a benchmark that cannot run says so by panicking")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "its output is what a benchmark is for")]
#![allow(unreachable_pub, reason = "`pub` marks what a module offers to the others")]

mod alone;
mod corpus;
mod generated;
mod interrupt;
mod measure;
mod registry;
#[path = "../../tests/it/support/mod.rs"]
#[expect(dead_code, reason = "the integration tests use the rest")]
mod support;
mod table;
mod tools;

use std::process::ExitCode;
use std::time::Duration;

use corpus::{Corpus, Shape};
use interrupt::Interrupted;
use measure::Measured;
use registry::Registry;
use table::Row;
use tools::Tool;

const USAGE: &str = "\
usage: cargo bench --bench sync -- [OPTIONS]
  --repositories N   repositories of the corpus (40)
  --tags N           tags of all repositories (1200)
  --mib N            unique MiB (2048)
  --seed N           of the corpus (1)
  --rounds N         each tool runs so often, the median counts (1)
  --round-trip MS    both registries are so far away (0)
  --only NAMES       these tools, with commas between
  SWRCTL=PATH        in the environment: another binary than this build's
  --memory           peak memory of swrctl: this corpus, one ten times as large, one layer of 10 GB";

struct Options {
    shape: Shape,
    rounds: usize,
    round_trip: Duration,
    only: Option<String>,
    memory: bool,
}

fn options() -> Options {
    let (shape, round_trip) = (Shape::default(), Duration::ZERO);
    let mut options = Options { shape, rounds: 1, round_trip, only: None, memory: false };
    if !std::env::args().any(|argument| argument == "--bench") {
        options.shape = Shape { repositories: 2, tags: 20, mib: 1, seed: 1 };
    }
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let mut value = || arguments.next().unwrap_or_else(|| panic!("{name} needs a value\n{USAGE}"));
        let number = |text: String| text.parse().unwrap_or_else(|_| panic!("{text} is no number\n{USAGE}"));
        match name.as_str() {
            "--bench" => {} // cargo's own
            "--repositories" => options.shape.repositories = number(value()),
            "--tags" => options.shape.tags = number(value()),
            "--mib" => options.shape.mib = number(value()),
            "--seed" => options.shape.seed = number(value()),
            "--rounds" => options.rounds = usize::try_from(number(value())).unwrap().max(1),
            "--round-trip" => options.round_trip = Duration::from_millis(number(value())),
            "--only" => options.only = Some(value()),
            "--memory" => options.memory = true,
            _ => panic!("{name} is no option\n{USAGE}"),
        }
    }
    options
}

fn main() -> ExitCode {
    interrupt::listen();
    match run(&options()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Interrupted) => {
            eprintln!("interrupted: nothing is left behind");
            ExitCode::from(130)
        }
    }
}

fn run(options: &Options) -> Result<(), Interrupted> {
    if options.memory {
        return generated::measure(&options.shape);
    }
    let tools: Vec<Tool> = Tool::ALL.into_iter().filter(|tool| wanted(*tool, options)).collect();
    for tool in &tools {
        println!("{:14} {}", tool.name(), tool.version());
    }
    let source = Registry::start(options.round_trip);
    let corpus = Corpus::push(&options.shape, &source)?;
    println!("\ncorpus: {corpus}\n");
    let rows: Result<Vec<Row>, _> = tools.iter().map(|tool| median_of(*tool, options, &corpus, &source)).collect();
    print!("\n{}", table::render(&rows?, corpus.manifests().count() * 2));
    Ok(())
}

fn wanted(tool: Tool, options: &Options) -> bool {
    let named = |names: &String| names.split(',').any(|name| name == tool.name());
    tool.is_installed() && options.only.as_ref().is_none_or(named)
}

/// The rounds of one tool; of each number the median counts.
fn median_of(tool: Tool, options: &Options, corpus: &Corpus, source: &Registry) -> Result<Row, Interrupted> {
    let (mut rounds, mut alone) = (Vec::<[Measured; 2]>::new(), f64::INFINITY);
    for _ in 0..options.rounds {
        let target = Registry::start(options.round_trip);
        let job = tools::Job::new(tool, corpus, source.address(), target.address());
        let fresh = measure::run(&job, source, &target)?;
        corpus.assert_whole(&target);
        let unchanged = measure::run(&job, source, &target)?;
        eprintln!("{:14} fresh {fresh}\n{:14} again {unchanged}", tool.name(), "");
        alone = alone.min(alone::ask(corpus, [source, &target]));
        rounds.push([fresh, unchanged]);
    }
    let [fresh, unchanged] = [0, 1].map(|phase| {
        let phase: Vec<&Measured> = rounds.iter().map(|round| &round[phase]).collect();
        Measured::median(&phase)
    });
    Ok(Row { tool: tool.name(), fresh, unchanged, alone })
}
