//! The program `shellcheck`: finds it, gives it files, reads its JSON.

use std::io::{ErrorKind, Read};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::diag::{Wording, say};
use crate::lint::policy::Level;
use crate::lint::{Comment, EXCLUDED, ScCode};

/// The first version with `--format=json1`, whose columns count characters.
const OLDEST: (u32, u32) = (0, 7);

/// Most bytes of an answer that are read.
const MAX_ANSWER: u64 = 64 * 1024 * 1024;

/// Time for starting the program, and for each script; a script takes a few milliseconds.
const START_TIME: Duration = Duration::from_secs(10);
const SCRIPT_TIME: Duration = Duration::from_secs(1);

/// A ShellCheck that can be asked.
#[derive(Debug)]
pub(super) struct ShellCheckProgram {
    path: PathBuf,
    /// How long it may take for other things than scripts.
    start_time: Duration,
}

impl ShellCheckProgram {
    /// The one on `PATH`; `None` when there is none. The error says what is wrong with what is there.
    pub(super) fn find() -> Result<Option<Self>, Wording> {
        Self { path: "shellcheck".into(), start_time: START_TIME }.proved()
    }

    fn proved(self) -> Result<Option<Self>, Wording> {
        match output(self.command().arg("--version"), self.start_time) {
            Err(Failure::Start(error)) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(failure) => Err(say!(
                "`shellcheck --version` fails: {reason}",
                "`shellcheck --version` 失败：{reason}",
                reason = failure.wording()
            )),
            Ok(answer) => match version(&answer.stdout) {
                Some(version) if version >= OLDEST => Ok(Some(self)),
                Some((major, minor)) => {
                    Err(say!("ShellCheck {major}.{minor} is too old", "ShellCheck {major}.{minor} 太旧", major, minor))
                }
                None => Err(say!(
                    "the program `shellcheck` does not say its version: it is another program",
                    "程序 `shellcheck` 没有给出版本：它是别的程序"
                )),
            },
        }
    }

    /// Options of the user's are about scripts of theirs; ours come from the policy.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.env_remove("SHELLCHECK_OPTS").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// What it says about each of the scripts. The error says why nothing is known about any of them.
    pub(super) fn check(&self, scripts: &[&str]) -> Result<Vec<Vec<Comment>>, Wording> {
        let unwritable = |error: std::io::Error| {
            let reason = Wording::of_system(&error);
            say!("a temporary file for it cannot be written: {reason}", "无法为它写临时文件：{reason}", reason)
        };
        let folder = tempfile::tempdir().map_err(unwritable)?;
        for (name, script) in scripts.iter().enumerate() {
            std::fs::write(folder.path().join(name.to_string()), script).map_err(unwritable)?;
        }
        let excluded = EXCLUDED.map(|code| code.to_string()).join(",");
        let mut command = self.command();
        command.current_dir(folder.path()).args(["--norc", "--format=json1", "--exclude", &excluded]);
        command.args((0..scripts.len()).map(|name| name.to_string()));
        let limit = self.start_time + SCRIPT_TIME * u32::try_from(scripts.len()).unwrap_or(u32::MAX);
        let answer = output(&mut command, limit).map_err(|failure| failure.wording())?;
        // 1 says that there are comments.
        if !matches!(answer.status.code(), Some(0 | 1)) {
            let said = String::from_utf8_lossy(&answer.stderr);
            let said = said.lines().next().unwrap_or_default();
            let said: String = said.chars().filter(|c| !c.is_control()).take(200).collect();
            let status = answer.status;
            return Err(if said.is_empty() {
                say!("it ended with {status}", "它以 {status} 结束", status)
            } else {
                say!("it ended with {status}: {said}", "它以 {status} 结束：{said}", status, said)
            });
        }
        read(&answer.stdout, scripts.len()).ok_or_else(|| say!("its answer cannot be read", "无法读懂它的应答"))
    }
}

/// `version: 0.9.0` among other lines.
fn version(answer: &[u8]) -> Option<(u32, u32)> {
    let text = String::from_utf8_lossy(answer);
    let mut numbers = text.lines().find_map(|line| line.strip_prefix("version: "))?.trim().split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[derive(Deserialize)]
struct Answer {
    comments: Vec<Said>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Said {
    file: String,
    line: usize,
    end_line: usize,
    column: usize,
    end_column: usize,
    level: Severity,
    code: u16,
    message: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Severity {
    Error,
    Warning,
    Info,
    Style,
}

/// `None` for what is not the JSON of ShellCheck about `scripts` files.
fn read(answer: &[u8], scripts: usize) -> Option<Vec<Vec<Comment>>> {
    let mut comments = vec![Vec::new(); scripts];
    for said in serde_json::from_slice::<Answer>(answer).ok()?.comments {
        let comment = Comment {
            code: ScCode::new(said.code)?,
            level: match said.level {
                Severity::Error => Level::Error,
                Severity::Warning => Level::Warning,
                Severity::Info => Level::Info,
                Severity::Style => Level::Style,
            },
            message: said.message.trim_end_matches('.').to_owned(),
            start: (said.line, said.column),
            end: (said.end_line, said.end_column),
        };
        comments.get_mut(said.file.parse::<usize>().ok()?)?.push(comment);
    }
    Some(comments)
}

#[derive(Debug)]
enum Failure {
    Start(std::io::Error),
    Slow(Duration),
    Long,
}

impl Failure {
    fn wording(&self) -> Wording {
        match self {
            Self::Start(error) => {
                say!("it cannot be started: {reason}", "无法启动它：{reason}", reason = Wording::of_system(error))
            }
            Self::Slow(limit) => say!(
                "it does not end within {seconds} seconds",
                "它在 {seconds} 秒内没有结束",
                seconds = limit.as_secs_f32()
            ),
            Self::Long => say!("it says more than can be read", "它的输出太长"),
        }
    }
}

#[derive(Debug)]
struct Output {
    status: ExitStatus,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

/// Runs the program to its end, or ends it when its time is over or it says too much.
fn output(command: &mut Command, limit: Duration) -> Result<Output, Failure> {
    let deadline = Instant::now() + limit;
    let mut child = command.spawn().map_err(Failure::Start)?;
    let (stdout, stderr) = (read_all(child.stdout.take()), read_all(child.stderr.take()));
    let left = || deadline.saturating_duration_since(Instant::now());
    let finished = stdout.recv_timeout(left()).ok().and_then(|stdout| {
        let stderr = stderr.recv_timeout(left()).ok()?;
        Some((stdout, stderr))
    });
    let ended = finished.and_then(|(stdout, stderr)| {
        let complete = (stdout.len() as u64) < MAX_ANSWER;
        let status = if complete { wait(&mut child, deadline)? } else { return Some(Err(Failure::Long)) };
        Some(Ok(Output { status, stdout, stderr }))
    });
    if !matches!(ended, Some(Ok(_))) {
        // It may have ended by itself in the meantime.
        let _ = child.kill();
        let _ = child.wait();
    }
    ended.unwrap_or(Err(Failure::Slow(limit)))
}

/// Reads in a thread of its own, which ends with the stream.
fn read_all(stream: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(stream) = stream {
            // What was read before an error is no complete answer, and is told by that.
            let _ = stream.take(MAX_ANSWER).read_to_end(&mut bytes);
        }
        let _ = sender.send(bytes);
    });
    receiver
}

/// Its streams are closed, so that it ends in a moment.
fn wait(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(1)),
            _ => return None,
        }
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use tempfile::TempDir;

    use super::*;

    /// A program in place of ShellCheck, with the folder that holds it.
    fn program(script: &str) -> (TempDir, ShellCheckProgram) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shellcheck");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        // A test beside this one may just have started a program, which holds the file open until it runs.
        let mut probe = Command::new(&path);
        probe.env("PATH", "").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let busy = |error: std::io::Error| error.kind() == ErrorKind::ExecutableFileBusy;
        while probe.spawn().map_or_else(busy, |mut child| {
            child.kill().unwrap();
            child.wait().unwrap();
            false
        }) {}
        (folder, ShellCheckProgram { path, start_time: START_TIME })
    }

    fn said(script: &str, scripts: &[&str]) -> Result<Vec<Vec<Comment>>, Wording> {
        program(script).1.check(scripts)
    }

    const COMMENT: &str = r#"{"comments":[{"file":"1","line":2,"endLine":3,"column":4,"endColumn":5,"level":"style","code":2006,"message":"Use x.","fix":null}]}"#;

    #[test]
    fn comments_belong_to_their_scripts() {
        let answer = said(&format!("echo '{COMMENT}'; exit 1"), &["a", "b"]).unwrap();
        let code = ScCode::new(2006).unwrap();
        let expected = Comment { code, level: Level::Style, message: "Use x".into(), start: (2, 4), end: (3, 5) };
        assert_eq!(answer, [vec![], vec![expected]]);
        assert_eq!(said("cat 0 1 >&2; echo '{\"comments\":[]}'", &["a", "b"]).unwrap(), [[], []]);
    }

    #[test]
    fn a_program_that_fails_says_so() {
        for (script, reason) in [
            ("echo 'shellcheck: out of memory' >&2; exit 2", "it ended with exit status: 2: shellcheck: out of memory"),
            ("kill -SEGV $$", "it ended with signal: 11"),
            ("echo '{\"comments\":'", "its answer cannot be read"),
            (&format!("echo '{COMMENT}'"), "its answer cannot be read"),
            ("echo '[]'", "its answer cannot be read"),
            ("echo '{\"comments\":[{}]}'; exit 1", "its answer cannot be read"),
            ("cat /dev/zero", "it says more than can be read"),
        ] {
            let found = said(script, &["a"]).unwrap_err();
            assert!(found.english().starts_with(reason), "{script}: {found:?}");
        }
    }

    #[test]
    fn a_program_that_does_not_end_is_ended() {
        let (_folder, mut program) = program("exec sleep 60");
        program.start_time = Duration::ZERO;
        assert_eq!(program.check(&["a"]).unwrap_err().english(), "it does not end within 1 seconds");
    }

    #[test]
    fn a_child_that_keeps_the_stream_open_does_not_hold_us_up() {
        let (_folder, mut program) = program("sleep 3 &\necho '{\"comments\":[]}'");
        program.start_time = Duration::ZERO;
        assert_eq!(program.check(&["a"]).unwrap_err().english(), "it does not end within 1 seconds");
    }

    #[test]
    fn a_version_is_asked_for() {
        let version = |text: &str| program(&format!("printf '{text}'")).1.proved();
        assert!(version("ShellCheck - shell script analysis tool\\nversion: 0.9.0\\n").unwrap().is_some());
        assert!(version("version: 0.10.0-dev").unwrap().is_some());
        assert_eq!(version("version: 0.6.0\\n").unwrap_err().english(), "ShellCheck 0.6 is too old");
        assert!(version("hello").unwrap_err().english().contains("another program"));
        let (folder, gone) = program("");
        std::fs::remove_file(folder.path().join("shellcheck")).unwrap();
        assert!(gone.proved().unwrap().is_none());
        let (folder, shut) = program("");
        std::fs::set_permissions(folder.path().join("shellcheck"), std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(shut.proved().unwrap_err().english().contains("it cannot be started"));
    }
}
