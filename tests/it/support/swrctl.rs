//! The real binary, in a project folder of the test's own and an environment that holds nothing of the machine's.

use std::ffi::{OsStr, OsString};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::netns::Host;
use super::process::{Output, Running, program, run};
use super::sources::paths;

/// Longer than any command of the tests takes, shorter than anyone waits.
const LIMIT: Duration = Duration::from_mins(2);

const SHELLCHECK: &str = r#"#!/bin/sh
case $1 in
    --version) echo 'version: 0.9.0' ;;
    *) echo '{"comments":[]}' ;;
esac
"#;

/// A project folder and a home folder; both are removed when dropped.
#[derive(Debug)]
pub struct Project {
    folder: TempDir,
    home: TempDir,
    environment: Vec<(OsString, OsString)>,
}

impl Project {
    /// A folder without a project file.
    ///
    /// Its ShellCheck finds nothing, whether the machine has one or not.
    pub fn empty() -> Self {
        let (folder, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let project = Self { folder, home, environment: Vec::new() };
        project.executable("shellcheck", SHELLCHECK)
    }

    /// A folder whose `swr.kdl` has this text.
    pub fn new(kdl: &str) -> Self {
        Self::empty().file("swr.kdl", kdl)
    }

    /// A copy of a folder of the repository, of the files that git knows.
    pub fn copy_of(folder: &str) -> Self {
        let mut project = Self::empty();
        for (path, file) in paths(folder) {
            let name = path.strip_prefix(folder).and_then(|name| name.strip_prefix('/'));
            project = project.file(name.expect("it is below the folder"), std::fs::read(file).unwrap());
        }
        project
    }

    /// Writes a file of the project, making its folders.
    pub fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        write(&self.path(name), content.as_ref());
        self
    }

    /// Writes a program that the binary finds on its `PATH`, e.g. a credential helper.
    pub fn executable(self, name: &str, script: &str) -> Self {
        let path = self.home.path().join("bin").join(name);
        write(&path, script.as_bytes());
        std::fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
        self
    }

    /// Writes a file under the home folder, e.g. `.docker/config.json`.
    pub fn home_file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        write(&self.home.path().join(name), content.as_ref());
        self
    }

    /// Sets an environment variable for every run.
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file under the home folder.
    pub fn home(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Runs the binary here to its end.
    #[track_caller]
    pub fn run<const N: usize>(&self, arguments: [&str; N]) -> Output {
        self.run_all(&arguments)
    }

    /// Runs the binary here to its end, on another host.
    #[track_caller]
    pub fn run_on<const N: usize>(&self, host: &Host, arguments: [&str; N]) -> Output {
        run(host.inside(&self.command(&arguments)), LIMIT)
    }

    /// The same with arguments that were read from somewhere.
    #[track_caller]
    pub fn run_all(&self, arguments: &[&str]) -> Output {
        run(self.command(arguments), LIMIT)
    }

    /// Runs a line of bash here, in which `swrctl` is the binary.
    #[track_caller]
    pub fn bash(&self, script: &str) -> Output {
        let mut command = self.prepared(program("bash"));
        command.args(["-euo", "pipefail", "-c"]);
        command.arg(format!("swrctl() {{ \"$SWRCTL\" \"$@\"; }}; {script}"));
        command.env("SWRCTL", env!("CARGO_BIN_EXE_swrctl"));
        run(command, LIMIT)
    }

    /// Starts the binary here, to be interrupted or killed.
    pub fn spawn<const N: usize>(&self, arguments: [&str; N]) -> Running {
        Running::spawn(self.command(&arguments))
    }

    /// As [`Self::spawn`], into a pipe that nobody reads.
    pub fn spawn_unread<const N: usize>(&self, arguments: [&str; N]) -> Running {
        Running::unread(self.command(&arguments))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.prepared(env!("CARGO_BIN_EXE_swrctl"));
        command.args(arguments);
        command
    }

    fn prepared(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.home.path())
            .env("PATH", format!("{}:/usr/bin:/bin", self.home.path().join("bin").display()))
            .env("LC_ALL", "C.UTF-8")
            .envs(self.environment.iter().cloned());
        command
    }
}

fn write(path: &Path, content: &[u8]) {
    std::fs::create_dir_all(path.parent().expect("a file stands in a folder")).unwrap();
    std::fs::write(path, content).unwrap();
}
