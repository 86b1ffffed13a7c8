//! Hosts of the tests' own: network namespaces with addresses, a `resolv.conf` and a hosts file that nobody else sees.
//!
//! As root they are plain namespaces; for everybody else they are made inside a user namespace, which Debian allows.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::process::{Daemon, Output, program, run};

const LIMIT: Duration = Duration::from_secs(30);

/// One such host. It is gone when the value is dropped.
#[derive(Debug)]
pub struct Host {
    /// Holds the namespaces open.
    holder: Daemon,
    folder: TempDir,
}

impl Host {
    /// A host that has `addresses` and reaches nothing but itself; no name server, an empty hosts file.
    pub fn new(addresses: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["resolv.conf", "hosts"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let mut script = "ip link set lo up\n".to_owned();
        for address in addresses {
            let _ = writeln!(script, "ip address add {address} dev lo");
        }
        for name in ["resolv.conf", "hosts"] {
            let _ = writeln!(script, "mount --bind {0}/{name} /etc/{name}", folder.path().display());
        }
        script.push_str("echo ready\nexec sleep infinity\n");
        let mut arguments = vec!["--net", "--mount", "--propagation", "private"];
        if !is_root() {
            arguments.extend(["--user", "--map-root-user"]);
        }
        arguments.extend(["--", "sh", "-euc", &script]);
        let mut holder = Daemon::spawn("unshare", &folder.path().join("log"), &arguments);
        holder.wait_until(|log| log.contains("ready").then_some(()));
        Self { holder, folder }
    }

    /// Replaces the host's `/etc/resolv.conf`.
    pub fn resolv_conf(&self, text: &str) {
        std::fs::write(self.path("resolv.conf"), text).unwrap();
    }

    /// Replaces the host's `/etc/hosts`.
    pub fn hosts(&self, text: &str) {
        std::fs::write(self.path("hosts"), text).unwrap();
    }

    /// A file of the host's folder, which is the same path inside and outside.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The same command, on this host.
    pub fn inside(&self, command: &Command) -> Command {
        let mut inside = Command::new(program("nsenter"));
        inside.args(self.entry());
        // Entering a mount namespace leaves the working folder behind.
        if let Some(folder) = command.get_current_dir() {
            inside.arg(format!("--wd={}", folder.display()));
        }
        inside.arg("--").arg(command.get_program()).args(command.get_args());
        // Commands of tests start with an empty environment.
        inside.env_clear();
        inside.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        inside
    }

    /// Starts a server on this host, which logs to `NAME.log` in the host's folder.
    pub fn start(&self, name: &'static str, label: &str, arguments: &[&str]) -> Daemon {
        let path = program(name);
        let mut entry = self.entry();
        entry.extend(["--".to_owned(), path.to_str().expect("programs have plain names").to_owned()]);
        entry.extend(arguments.iter().map(ToString::to_string));
        let entry: Vec<&str> = entry.iter().map(String::as_str).collect();
        Daemon::spawn("nsenter", &self.path(&format!("{label}.log")), &entry)
    }

    /// Applies rules of `nft` here: what packets this host drops or rejects.
    #[track_caller]
    pub fn firewall(&self, rules: &str) {
        let file = self.path("rules.nft");
        std::fs::write(&file, rules).unwrap();
        self.run(Command::new(program("nft")).arg("-f").arg(file)).expect_success();
    }

    /// Runs a program here to its end.
    #[track_caller]
    pub fn run(&self, command: &Command) -> Output {
        run(self.inside(command), LIMIT)
    }

    /// Whether something accepts connections at `address` (`10.0.0.2:443`) here.
    pub fn accepts(&self, address: &str) -> bool {
        let script = format!("exec 3<>/dev/tcp/{}", address.replace(':', "/"));
        self.run(Command::new(program("bash")).args(["-c", &script])).code == Some(0)
    }

    fn entry(&self) -> Vec<String> {
        let mut entry = vec![format!("--target={}", self.holder.id()), "--net".to_owned(), "--mount".to_owned()];
        if !is_root() {
            entry.extend(["--user".to_owned(), "--preserve-credentials".to_owned()]);
        }
        entry
    }
}

/// A name server on `host` that listens on `address` and knows these names, `(name, address)`; it denies all others.
pub fn name_server(host: &Host, address: &str, names: &[(&str, &str)]) -> Daemon {
    let mut arguments = vec![
        "--keep-in-foreground".to_owned(),
        "--conf-file=/dev/null".to_owned(),
        "--no-resolv".to_owned(),
        "--no-hosts".to_owned(),
        "--bind-interfaces".to_owned(),
        "--log-facility=-".to_owned(),
        "--pid-file=".to_owned(),
        "--user=".to_owned(),
        "--local=//".to_owned(),
        format!("--listen-address={address}"),
    ];
    arguments.extend(names.iter().map(|(name, address)| format!("--host-record={name},{address}")));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut server = host.start("dnsmasq", &format!("dns-{address}"), &arguments);
    server.wait_until(|_| host.accepts(&format!("{address}:53")).then_some(()));
    server
}

fn is_root() -> bool {
    let output = Command::new(program("id")).arg("-u").output().unwrap();
    output.stdout.trim_ascii() == b"0"
}
