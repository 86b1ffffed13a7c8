//! nginx in front of a registry: TLS, HTTP/2, redirects, refusals, and a limit of bytes a second for each connection.

use std::net::SocketAddr;
use std::time::Duration;

use tempfile::TempDir;

use super::authority::Identity;
use super::faults::closed_port;
use super::netns::Host;
use super::process::Daemon;

#[derive(Debug)]
pub struct Nginx {
    address: SocketAddr,
    folder: TempDir,
    _daemon: Daemon,
}

/// What stands in the configuration for `http { … }`; `%FRONT%`, `%SECOND%` and `%UPSTREAM%` are addresses.
fn configuration(folder: &str, http: &str) -> String {
    // One process: workers would outlive a master that is killed.
    let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let paths = paths.map(|name| format!("    {name}_temp_path {folder}/{name};\n")).concat();
    format!(
        "pid {folder}/pid;\nerror_log stderr;\nmaster_process off;\nevents {{}}\nhttp {{\n{paths}    \
         log_format lines '$server_protocol $request_method $uri $status $body_bytes_sent \"$http_range\"';\n    \
         access_log {folder}/access lines;\n    client_max_body_size 0;\n    proxy_buffering off;\n    \
         proxy_request_buffering off;\n    proxy_http_version 1.1;\n    proxy_set_header Host $http_host;\n    \
         proxy_set_header X-Forwarded-Proto $scheme;\n{http}\n}}\n"
    )
}

/// nginx on another host, with TLS: serves what `http` configures, in which `%FOLDER%` is where `tls.crt` and `tls.key` lie.
pub fn on(host: &Host, label: &str, identity: &Identity, http: &str) -> Daemon {
    let folder = host.path(label);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("tls.crt"), &identity.certificate).unwrap();
    std::fs::write(folder.join("tls.key"), &identity.key).unwrap();
    let name = folder.to_str().expect("temporary paths are UTF-8");
    let file = format!("{name}/nginx.conf");
    std::fs::write(&file, configuration(name, &http.replace("%FOLDER%", name))).unwrap();
    let pid = folder.join("pid");
    let _ = std::fs::remove_file(&pid);
    let mut daemon = host.start("nginx", label, &["-p", name, "-c", &file, "-g", "daemon off;"]);
    // Written once the sockets are open.
    daemon.wait_until(|_| std::fs::read_to_string(&pid).ok().filter(|text| !text.is_empty()).map(drop));
    daemon
}

impl Nginx {
    /// Serves what `http` configures, in front of `upstream`; with TLS where it names `%CERTIFICATE%`.
    pub fn start(upstream: SocketAddr, identity: Option<&Identity>, http: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().to_str().expect("temporary paths are UTF-8").to_owned();
        if let Some(identity) = identity {
            std::fs::write(folder.path().join("tls.crt"), &identity.certificate).unwrap();
            std::fs::write(folder.path().join("tls.key"), &identity.key).unwrap();
        }
        let (address, second) = (closed_port(), closed_port());
        let http = http
            .replace("%FRONT%", &address.to_string())
            .replace("%SECOND%", &second.to_string())
            .replace("%UPSTREAM%", &upstream.to_string())
            .replace("%TLS%", &format!("ssl_certificate {name}/tls.crt; ssl_certificate_key {name}/tls.key;"));
        std::fs::write(folder.path().join("nginx.conf"), configuration(&name, &http)).unwrap();
        let file = format!("{name}/nginx.conf");
        let log = folder.path().join("log");
        let mut daemon = Daemon::spawn("nginx", &log, &["-p", &name, "-c", &file, "-g", "daemon off;"]);
        let answers = || std::net::TcpStream::connect_timeout(&address, Duration::from_millis(100)).ok();
        daemon.wait_until(|_| answers().map(drop));
        Self { address, folder, _daemon: daemon }
    }

    /// `127.0.0.1:PORT`, as image names spell it.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// Lines of `protocol method path status bytes "range"`.
    pub fn requests(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.folder.path().join("access")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}
