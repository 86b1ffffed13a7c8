//! How long a project file of 1,000 migrations takes to parse: `cargo bench --bench project`. The goal is 200 ms.

#![expect(clippy::print_stdout, reason = "its output is what a benchmark is for")]

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use swrctl::diag::Source;
use swrctl::project::Project;

const RUNS: usize = 9;

fn main() {
    for (what, images) in [("1 image each", 1), ("3 images each", 3)] {
        let text = file(1_000, images);
        let source = Arc::new(Source::new("swr.kdl", text));
        let mut times: Vec<Duration> = (0..RUNS).map(|_| parse(&source)).collect();
        times.sort();
        let (median, best) = (times[RUNS / 2].as_millis(), times[0].as_millis());
        println!("1,000 migrations, {what}, {} KiB: median {median} ms, best {best} ms", source.text().len() / 1024);
    }
}

fn parse(source: &Arc<Source>) -> Duration {
    let start = Instant::now();
    let (project, _) = Project::parse(Arc::clone(source), PathBuf::from(".")).expect("the file is valid");
    assert_eq!(project.migrations.len(), 1_000);
    start.elapsed()
}

fn file(migrations: usize, images: usize) -> String {
    let mut text =
        "project \"bench\" version=1\nregistry \"hub\" \"docker.io\"\nregistry \"out\" \"oci-layout:out\"\n".to_owned();
    for migration in 0..migrations {
        text.push_str("migrate \"hub\" to=\"out\" {\n");
        for image in 0..images {
            let _ = writeln!(text, "    image \"team-{migration}/app-{image}\" tags=\">=1.{image}, <9\"");
        }
        text.push_str("}\n");
    }
    text
}
