//! The Docker engine with folders of its own: what most people pull with.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use tempfile::TempDir;

use super::containerd::{Containerd, is_root};
use super::process::{Daemon, Output, program, run};

const LIMIT: Duration = Duration::from_mins(1);

/// Gives the engine an empty `/run` and `/etc`: it keeps keys and sockets there that no option moves.
const CONFINED: &str = "mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /etc && exec \"$@\"";

#[derive(Debug)]
pub struct Docker {
    _daemon: Daemon,
    /// It would start one of its own, which would outlive it.
    _containerd: Containerd,
    folder: TempDir,
}

impl Docker {
    pub fn start() -> Self {
        let (folder, containerd) = (tempfile::tempdir().unwrap(), Containerd::start());
        let path = |name: &str| folder.path().join(name).to_str().expect("temporary paths are UTF-8").to_owned();
        let config = json!({
            "hosts": [format!("unix://{}", path("socket"))],
            "containerd": containerd.socket(),
            "data-root": path("root"),
            "exec-root": path("exec"),
            "pidfile": path("pid"),
            "group": "0",
            "storage-driver": "vfs",
            "bridge": "none",
            "iptables": false,
            "ip6tables": false,
        });
        std::fs::write(path("daemon.json"), config.to_string()).unwrap();
        let dockerd = program("dockerd");
        let user: &[&str] = if is_root() { &[] } else { &["--user", "--map-root-user"] };
        let start = ["sh", dockerd.to_str().expect("a UTF-8 path"), "--config-file", &path("daemon.json")];
        let arguments = [user, &["--mount", "sh", "-c", CONFINED], &start].concat();
        let mut daemon = Daemon::spawn("unshare", &folder.path().join("log"), &arguments);
        daemon.wait_until(|log| log.contains("API listen on").then_some(()));
        Self { _daemon: daemon, _containerd: containerd, folder }
    }

    /// Pulls with this login, as `docker login` would leave it, for the platform that the machine has.
    #[track_caller]
    pub fn pull(&self, reference: &str, login: Option<(&str, &str)>) -> Output {
        let (host, _) = reference.split_once('/').expect("a reference begins with the registry's host");
        let entry = login.map(|(user, password)| (host, BASE64_STANDARD.encode(format!("{user}:{password}"))));
        let auths: serde_json::Map<_, _> =
            entry.into_iter().map(|(host, pair)| (host.to_owned(), json!({ "auth": pair }))).collect();
        let config = self.folder.path().join("client/config.json");
        std::fs::create_dir_all(config.parent().expect("it stands in a folder")).unwrap();
        std::fs::write(&config, json!({ "auths": auths }).to_string()).unwrap();
        std::fs::set_permissions(config, Permissions::from_mode(0o600)).unwrap();
        self.docker(&["pull", reference])
    }

    /// `repository@digest` under which an image that was pulled is known.
    #[track_caller]
    pub fn repo_digests(&self, reference: &str) -> Vec<String> {
        let inspect = ["image", "inspect", "--format", "{{json .RepoDigests}}", reference];
        let listed = self.docker(&inspect).expect_success().stdout;
        serde_json::from_str(&listed).expect("docker prints a list")
    }

    #[track_caller]
    fn docker(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(program("docker"));
        let folder = self.folder.path().display();
        command.args(["--host", &format!("unix://{folder}/socket"), "--config", &format!("{folder}/client")]);
        command.args(arguments).env_clear().env("HOME", self.folder.path()).env("PATH", "/usr/bin:/bin");
        run(command, LIMIT)
    }
}
