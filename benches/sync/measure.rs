//! One run of one tool: seconds, CPU seconds, memory, and the requests that both registries saw.

use std::fmt;
use std::process::{Command, Stdio};

use crate::registry::{Registry, Requests};
use crate::support::process::program;
use crate::tools::Job;

#[derive(Debug, Clone, Copy)]
pub struct Measured {
    pub wall: f64,
    /// User and system time of the tool and its children.
    pub cpu: f64,
    /// Peak resident memory of its largest process.
    pub mib: f64,
    pub source: Requests,
    pub target: Requests,
}

/// Runs a command and says what `wait4` tells of it; Rust's standard library has no safe way to ask.
const WATCH: &str = "
import os, sys, time
start = time.monotonic()
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(child, 0)
print('measured', time.monotonic() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
sys.exit(os.waitstatus_to_exitcode(status) != 0)
";

pub fn run(job: &Job, source: &Registry, target: &Registry) -> Measured {
    let before = [source.requests(), target.requests()];
    let [wall, cpu, mib] = watch(&job.command());
    Measured { wall, cpu, mib, source: source.requests() - before[0], target: target.requests() - before[1] }
}

/// Seconds, CPU seconds and MiB of a command that must succeed.
pub fn watch(command: &Command) -> [f64; 3] {
    let mut watched = Command::new(program("python3"));
    watched.args(["-c", WATCH]).arg(command.get_program()).args(command.get_args());
    watched.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(folder) = command.get_current_dir() {
        watched.current_dir(folder);
    }
    let output = watched.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{command:?}\n{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let line = said.lines().rev().find_map(|line| line.strip_prefix("measured ")).unwrap();
    let mut numbers = line.split(' ').map(|number| number.parse().unwrap());
    [0; 3].map(|_| numbers.next().unwrap())
}

impl Measured {
    pub fn median(rounds: &[&Self]) -> Self {
        let by = |number: fn(&Self) -> f64| {
            let mut numbers: Vec<f64> = rounds.iter().map(|round| number(round)).collect();
            numbers.sort_by(f64::total_cmp);
            numbers[numbers.len() / 2]
        };
        let last = rounds[rounds.len() - 1];
        Self { wall: by(|m| m.wall), cpu: by(|m| m.cpu), mib: by(|m| m.mib), ..*last }
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { wall, cpu, mib, source, target } = self;
        write!(f, "{wall:.2} s, {cpu:.2} s CPU, {mib:.0} MiB; source {source:?}, target {target:?}")
    }
}
