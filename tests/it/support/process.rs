//! Programs under a time limit, and servers that end with the value that holds them.

use std::fs::File;
use std::io::Read;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long a server may take until it answers, on a machine that is busy with other tests.
const START_LIMIT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(5);

/// The path of an installed program; a missing one fails the test and says how to get it.
pub fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file())
        .unwrap_or_else(|| panic!("`{name}` is not installed; tests/run installs what the tests need"))
}

/// What a finished program said.
#[derive(Debug)]
pub struct Output {
    pub command: String,
    /// `None` when a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Output {
    /// The same output, or a failed test that shows it.
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    #[track_caller]
    pub fn expect_success(self) -> Self {
        self.expect_code(0)
    }

    /// Both streams, for tests that ask whether a text occurs anywhere.
    pub fn everything(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

impl std::fmt::Display for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { command, code, stdout, stderr } = self;
        write!(f, "{command}\nexit code {code:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}

/// A program that runs beside the test; killed when dropped.
#[derive(Debug)]
pub struct Running {
    command: String,
    child: Child,
    streams: Option<(JoinHandle<String>, JoinHandle<String>)>,
}

impl Running {
    pub fn spawn(command: Command) -> Self {
        Self::start(command, |child| collect(child.stdout.take().expect("stdout is piped")))
    }

    /// Nobody reads its standard output, nor closes it.
    pub fn unread(command: Command) -> Self {
        Self::start(command, |_| collect(std::io::empty()))
    }

    fn start(mut command: Command, stdout: impl FnOnce(&mut Child) -> JoinHandle<String>) -> Self {
        let shown = format!("{command:?}");
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.unwrap_or_else(|error| panic!("{shown}: {error}"));
        let stdout = stdout(&mut child);
        let stderr = collect(child.stderr.take().expect("stderr is piped"));
        Self { command: shown, child, streams: Some((stdout, stderr)) }
    }

    /// Asks it to stop as Ctrl-C does.
    pub fn interrupt(&self) {
        signal("INT", self.child.id());
    }

    /// Ends it at once, as a crash or the kernel would.
    pub fn kill(&mut self) {
        self.child.kill().expect("a child that was not waited for can be killed");
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a child can be waited for").is_none()
    }

    /// Waits for its end; one that takes longer than `limit` fails the test.
    #[track_caller]
    pub fn finish(mut self, limit: Duration) -> Output {
        let deadline = Instant::now() + limit;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                break Some(status);
            }
            if Instant::now() > deadline {
                self.kill();
                break None;
            }
            thread::sleep(POLL);
        };
        let (stdout, stderr) = self.streams.take().expect("streams are taken once");
        let output = Output {
            command: self.command.clone(),
            code: status.as_ref().and_then(ExitStatus::code),
            stdout: stdout.join().expect("the reader does not panic"),
            stderr: stderr.join().expect("the reader does not panic"),
        };
        assert!(status.is_some(), "still running after {limit:?}: {output}");
        output
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a program to its end.
#[track_caller]
pub fn run(command: Command, limit: Duration) -> Output {
    Running::spawn(command).finish(limit)
}

fn collect(mut stream: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn signal(name: &str, pid: u32) {
    let status = Command::new(program("kill")).arg(format!("-{name}")).arg(pid.to_string()).status();
    assert!(status.is_ok_and(|status| status.success()), "process {pid} takes no signal {name}");
}

/// A real server with a log; killed when dropped, and with the thread that started it, so that an interrupted test run
/// leaves none behind. Its log is printed when the test fails.
#[derive(Debug)]
pub struct Daemon {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// Starts the installed program `name`, writing its output to `log`.
    pub fn spawn(name: &'static str, log: &Path, arguments: &[&str]) -> Self {
        let file = File::create(log).unwrap();
        let child = Command::new(program("setpriv"))
            .args(["--pdeathsig", "KILL", "--"])
            .arg(program(name))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            // Ctrl-C is for whoever started it, who then ends it.
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        Self { name, child, log: log.to_owned() }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Polls until `ready` finds what it looks for in the log or elsewhere.
    #[track_caller]
    pub fn wait_until<T>(&mut self, ready: impl Fn(&str) -> Option<T>) -> T {
        let deadline = Instant::now() + START_LIMIT;
        loop {
            if let Some(found) = ready(&self.log()) {
                return found;
            }
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("{} ended at its start ({status}):\n{}", self.name, self.log());
            }
            assert!(Instant::now() < deadline, "{} does not answer:\n{}", self.name, self.log());
            thread::sleep(POLL);
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("--- log of {}\n{}", self.name, self.log());
        }
    }
}
