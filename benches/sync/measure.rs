//! One run of one tool: seconds, CPU seconds, memory, and the requests that both registries saw.

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::interrupt::{self, Interrupted};
use crate::registry::{Registry, Requests};
use crate::support::process::program;
use crate::tools::Job;

/// How often the end of a command and an interrupt are looked for; the command itself is timed exactly.
const POLL: Duration = Duration::from_millis(20);

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

pub fn run(job: &Job, source: &Registry, target: &Registry) -> Result<Measured, Interrupted> {
    let before = [source.requests(), target.requests()];
    let [wall, cpu, mib] = watch(&job.command())?;
    Ok(Measured { wall, cpu, mib, source: source.requests() - before[0], target: target.requests() - before[1] })
}

/// Seconds, CPU seconds and MiB of a command that must succeed.
pub fn watch(command: &Command) -> Result<[f64; 3], Interrupted> {
    let mut watched = Command::new(program("python3"));
    watched.args(["-c", WATCH]).arg(command.get_program()).args(command.get_args());
    watched.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(folder) = command.get_current_dir() {
        watched.current_dir(folder);
    }
    let (mut said, mut told) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
    watched.stdin(Stdio::null()).stdout(said.try_clone().unwrap()).stderr(told.try_clone().unwrap());
    // In a group of its own: Ctrl-C is passed on from here, and to all of it.
    let mut child = watched.process_group(0).spawn().unwrap();
    let success = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status.success();
        }
        if let Err(interrupted) = interrupt::check() {
            let _ = Command::new(program("kill")).args(["-KILL", "--", &format!("-{}", child.id())]).status();
            let _ = child.wait();
            return Err(interrupted);
        }
        std::thread::sleep(POLL);
    };
    let (said, told) = (text(&mut said), text(&mut told));
    assert!(success, "{command:?}\n{said}\n{told}");
    let line = said.lines().rev().find_map(|line| line.strip_prefix("measured ")).unwrap();
    let mut numbers = line.split(' ').map(|number| number.parse().unwrap());
    Ok([0; 3].map(|_| numbers.next().unwrap()))
}

fn text(file: &mut File) -> String {
    let mut bytes = Vec::new();
    file.rewind().and_then(|()| file.read_to_end(&mut bytes)).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
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
