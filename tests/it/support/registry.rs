//! A real registry (Distribution) on a free loopback port, with a folder of its own.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::authority::{Authority, Identity};
use super::http::Http;
use super::netns::Host;
use super::process::{Daemon, program, run};
use super::token::{self, TokenServer};

pub const USER: &str = "robot";
pub const PASSWORD: &str = "correct-horse";

/// The environment variable that names a program of Distribution 3.
pub const DISTRIBUTION_3: &str = "SWRCTL_TEST_DISTRIBUTION_3";

#[derive(Debug)]
pub struct Registry {
    address: SocketAddr,
    authority: Option<String>,
    daemon: Daemon,
    folder: TempDir,
}

impl Registry {
    /// Anonymous, over plain HTTP.
    pub fn plain() -> Self {
        Self::start("", None)
    }

    /// Basic authentication of [`USER`] with [`PASSWORD`], over plain HTTP.
    pub fn htpasswd() -> Self {
        let mut command = Command::new(program("htpasswd"));
        command.args(["-B", "-b", "-n", "-C", "4", USER, PASSWORD]);
        let line = run(command, Duration::from_secs(10)).expect_success().stdout;
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("htpasswd"), line.trim()).unwrap();
        let path = folder.path().join("htpasswd");
        let section = format!("auth:\n  htpasswd:\n    realm: test registry\n    path: {}\n", path.display());
        Self::start_in(folder, &section, None)
    }

    /// Anonymous, over TLS with a certificate of `authority`.
    pub fn tls(authority: &Authority) -> Self {
        Self::tls_with(authority, &authority.identity())
    }

    /// The same with a given certificate: an expired one, or one for another host.
    pub fn tls_with(authority: &Authority, identity: &Identity) -> Self {
        Self::start("", Some((authority, identity)))
    }

    /// Bearer tokens of `tokens`, over plain HTTP.
    pub fn token(tokens: &TokenServer) -> Self {
        Self::start(&token_section(tokens), None)
    }

    /// Anonymous, over plain HTTP: Distribution 3, which goes on with uploads that broke off. Debian packages version 2 only, so
    /// [`DISTRIBUTION_3`] names its program.
    pub fn distribution_3() -> Self {
        Self::start_distribution_3("")
    }

    /// The same with bearer tokens of `tokens`.
    pub fn distribution_3_with_token(tokens: &TokenServer) -> Self {
        Self::start_distribution_3(&token_section(tokens))
    }

    fn start_distribution_3(section: &str) -> Self {
        let program = std::env::var(DISTRIBUTION_3).unwrap_or_else(|_| panic!("{DISTRIBUTION_3} is not set"));
        Self::start_program(program.leak(), tempfile::tempdir().unwrap(), section, None)
    }

    /// Anonymous, over TLS, on another host at port 443 of `address`, with a certificate for its name there.
    pub fn on(host: &Host, address: &str, authority: &Authority, identity: &Identity) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tls = Some((authority, identity));
        let config = config(&folder, "", &format!("{address}:443"), tls);
        let daemon = host.start("docker-registry", &format!("registry-{address}"), &["serve", &config]);
        Self::answering(daemon, folder, tls)
    }

    fn start(section: &str, tls: Option<(&Authority, &Identity)>) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), section, tls)
    }

    fn start_in(folder: TempDir, section: &str, tls: Option<(&Authority, &Identity)>) -> Self {
        Self::start_program("docker-registry", folder, section, tls)
    }

    fn start_program(
        program: &'static str,
        folder: TempDir,
        section: &str,
        tls: Option<(&Authority, &Identity)>,
    ) -> Self {
        let config = config(&folder, section, "127.0.0.1:0", tls);
        let daemon = Daemon::spawn(program, &folder.path().join("log"), &["serve", &config]);
        Self::answering(daemon, folder, tls)
    }

    fn answering(mut daemon: Daemon, folder: TempDir, tls: Option<(&Authority, &Identity)>) -> Self {
        let address = daemon.wait_until(listening_address);
        Self { address, authority: tls.map(|(authority, _)| authority.pem().to_owned()), daemon, folder }
    }

    /// `127.0.0.1:PORT`, as image names spell it.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self) -> String {
        let scheme = if self.authority.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// A client without credentials, which trusts the registry's authority.
    pub fn http(&self) -> Http {
        match &self.authority {
            Some(authority) => Http::trusting(self.url(), authority),
            None => Http::new(self.url()),
        }
    }

    /// Where it keeps a blob, to damage or remove it behind its back.
    pub fn blob_file(&self, digest: &str) -> PathBuf {
        let hex = digest.strip_prefix("sha256:").expect("test content is addressed by SHA-256");
        let blobs = self.folder.path().join("storage/docker/registry/v2/blobs/sha256");
        blobs.join(&hex[..2]).join(hex).join("data")
    }

    pub fn log(&self) -> String {
        self.daemon.log()
    }
}

fn token_section(tokens: &TokenServer) -> String {
    format!(
        "auth:\n  token:\n    realm: {}\n    service: {}\n    issuer: {}\n    rootcertbundle: {}\n",
        tokens.realm(),
        token::SERVICE,
        token::ISSUER,
        tokens.certificate_file().display()
    )
}

/// Writes the configuration and what it names; returns its path.
fn config(folder: &TempDir, section: &str, listen: &str, tls: Option<(&Authority, &Identity)>) -> String {
    let path = |name: &str| folder.path().join(name);
    let tls_section = tls.map_or(String::new(), |(_, identity)| {
        let (certificate, key) = (path("tls.crt"), path("tls.key"));
        std::fs::write(&certificate, &identity.certificate).unwrap();
        std::fs::write(&key, &identity.key).unwrap();
        format!("  tls:\n    certificate: {}\n    key: {}\n", certificate.display(), key.display())
    });
    let storage = format!("    rootdirectory: {}\n", path("storage").display());
    let config = format!(
        "version: 0.1\nlog:\n  accesslog:\n    disabled: true\nstorage:\n  filesystem:\n{storage}  delete:\n    enabled: true\n{section}\
         http:\n  addr: {listen}\n  secret: tests\n{tls_section}"
    );
    std::fs::write(path("config.yml"), config).unwrap();
    path("config.yml").into_os_string().into_string().expect("temporary paths are UTF-8")
}

/// The address that a registry which was given port 0 says it listens on.
fn listening_address(log: &str) -> Option<SocketAddr> {
    let after = log.split_once("listening on ")?.1;
    let end = after.find(|c: char| !matches!(c, '0'..='9' | '.' | ':'))?;
    after[..end].parse().ok()
}
