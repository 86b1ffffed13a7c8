//! containerd with folders of its own: a real puller, strict about digests, that unpacks what it pulls.

use std::os::unix::fs::MetadataExt;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::process::{Daemon, Output, program, run};

const LIMIT: Duration = Duration::from_mins(1);

#[derive(Debug)]
pub struct Containerd {
    socket: String,
    _daemon: Daemon,
    _folder: TempDir,
}

impl Containerd {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().expect("temporary paths are UTF-8").to_owned();
        let (socket, config) = (path("socket"), path("config.toml"));
        let disabled = ["grpc.v1.cri", "snapshotter.v1.aufs", "snapshotter.v1.btrfs", "snapshotter.v1.devmapper"]
            .map(|plugin| format!("\"io.containerd.{plugin}\""));
        let text = format!(
            "version = 2\nroot = \"{}\"\nstate = \"{}\"\ntemp = \"{}\"\ndisabled_plugins = [{}]\n\n[grpc]\naddress = \"{socket}\"\n",
            path("root"),
            path("state"),
            path("temp"),
            disabled.join(", ")
        );
        std::fs::write(&config, text).unwrap();
        let log = folder.path().join("log");
        let start = ["--config", &config];
        let mut daemon = if is_root() {
            Daemon::spawn("containerd", &log, &start)
        } else {
            // Unpacking needs mounts, which a user may do in a namespace of its own.
            let unshare = ["--user", "--map-root-user", "--mount", "containerd"];
            Daemon::spawn("unshare", &log, &[&unshare[..], &start[..]].concat())
        };
        daemon.wait_until(|log| log.contains("containerd successfully booted").then_some(()));
        Self { socket, _daemon: daemon, _folder: folder }
    }

    /// Where it listens.
    pub fn socket(&self) -> &str {
        &self.socket
    }

    /// Pulls an image over plain HTTP and unpacks it for one platform, e.g. `linux/amd64`.
    #[track_caller]
    pub fn pull(&self, reference: &str, platform: &str) -> Output {
        let pull = ["images", "pull", "--plain-http", "--snapshotter", "native", "--platform", platform, reference];
        self.ctr(&pull)
    }

    /// The digest under which a pulled image is stored.
    #[track_caller]
    pub fn digest(&self, reference: &str) -> String {
        let listed = self.ctr(&["images", "list"]).expect_success().stdout;
        let line = listed.lines().find(|line| line.starts_with(&format!("{reference} ")));
        let line = line.unwrap_or_else(|| panic!("{reference} is not among\n{listed}"));
        line.split_whitespace().find(|word| word.starts_with("sha256:")).expect("ctr prints a digest").to_owned()
    }

    #[track_caller]
    fn ctr(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(program("ctr"));
        command.args(["--address", &self.socket, "--namespace", "tests"]).args(arguments);
        run(command, LIMIT)
    }
}

pub fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}
