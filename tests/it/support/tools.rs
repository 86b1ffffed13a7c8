//! Programs of other people that read and check what was written.

use std::process::Command;
use std::time::Duration;

use super::process::{Output, program, run};

const LIMIT: Duration = Duration::from_mins(1);

/// Runs skopeo without a policy file and without the user's credentials.
#[track_caller]
pub fn skopeo(arguments: &[&str]) -> Output {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(program("skopeo"));
    command.arg("--insecure-policy").args(arguments).env_clear().env("HOME", home.path()).env("PATH", "/usr/bin:/bin");
    command.env("XDG_RUNTIME_DIR", home.path());
    run(command, LIMIT)
}

/// The bytes under a tag, as skopeo reads them over plain HTTP.
#[track_caller]
pub fn skopeo_raw(reference: &str) -> String {
    skopeo(&["inspect", "--tls-verify=false", "--raw", &format!("docker://{reference}")]).expect_success().stdout
}

/// An HMAC-SHA256 in lower-case hex, as openssl computes it.
#[track_caller]
pub fn openssl_hmac(key: &str, message: &str) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), message).unwrap();
    let mut command = Command::new(program("openssl"));
    command.args(["dgst", "-sha256", "-r", "-hmac", key]).arg(file.path());
    let output = run(command, LIMIT).expect_success().stdout;
    output.split_whitespace().next().expect("openssl prints the digest first").to_owned()
}
