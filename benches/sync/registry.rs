//! A real registry with an access log, in a temporary folder (`TMPDIR=/dev/shm` keeps it in memory), near or far away.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;

use crate::support::faults::{Fault, FaultProxy};
use crate::support::http::Http;
use crate::support::process::Daemon;

#[derive(Debug)]
pub struct Registry {
    address: SocketAddr,
    /// What makes it far away.
    line: Option<FaultProxy>,
    _daemon: Daemon,
    folder: TempDir,
}

/// Requests by method.
#[derive(Debug, Clone, Copy, Default)]
pub struct Requests {
    pub all: u64,
    pub head: u64,
    pub get: u64,
    pub post: u64,
    pub put: u64,
    /// Of the PUTs, those that end the upload of a blob.
    pub uploads: u64,
}

impl Registry {
    /// A registry to which a byte and its answer take so long; no time means that it is on this machine.
    pub fn start(round_trip: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let address = free_address();
        let config = format!(
            "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {}\n\
             http:\n  addr: {address}\n  secret: bench\n",
            path("storage").display()
        );
        std::fs::write(path("config.yml"), config).unwrap();
        let config = path("config.yml");
        let mut daemon = Daemon::spawn("docker-registry", &path("log"), &["serve", config.to_str().unwrap()]);
        daemon.wait_until(|_| TcpStream::connect(address).ok());
        let line = (!round_trip.is_zero()).then(|| FaultProxy::start(address, move |_| Fault::far_away(round_trip)));
        Self { address, line, _daemon: daemon, folder }
    }

    /// Where tools are told that it is.
    pub fn address(&self) -> SocketAddr {
        self.line.as_ref().map_or(self.address, FaultProxy::address)
    }

    /// A client that is never far away.
    pub fn http(&self) -> Http {
        Http::new(format!("http://{}", self.address))
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// Requests that the access log has so far.
    pub fn requests(&self) -> Requests {
        let log = std::fs::read_to_string(self.log_file()).unwrap();
        let mut requests = Requests::default();
        for (method, path) in log.lines().filter_map(|line| line.split_once("] \"")?.1.split_once(' ')) {
            requests.all += 1;
            requests.uploads += u64::from(method == "PUT" && path.contains("/blobs/uploads/"));
            match method {
                "HEAD" => requests.head += 1,
                "GET" => requests.get += 1,
                "POST" => requests.post += 1,
                "PUT" => requests.put += 1,
                _ => {}
            }
        }
        requests
    }

    /// Bytes of all blobs it holds.
    pub fn stored(&self) -> u64 {
        let blobs = ignore::WalkBuilder::new(self.folder.path().join("storage/docker/registry/v2/blobs")).build();
        blobs
            .filter_map(|entry| entry.ok()?.metadata().ok())
            .filter(std::fs::Metadata::is_file)
            .map(|file| file.len())
            .sum()
    }
}

impl std::ops::Sub for Requests {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            all: self.all - before.all,
            head: self.head - before.head,
            get: self.get - before.get,
            post: self.post - before.post,
            put: self.put - before.put,
            uploads: self.uploads - before.uploads,
        }
    }
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
