//! The protocol of `docker-credential-…` programs: server on standard input, JSON on standard output.

use std::process::{Output, Stdio};
use std::time::Duration;

use serde::Deserialize;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::Credentials;
use super::docker_config::Environment;
use crate::diag::{Problem, Wording, say};
use crate::registry::{Secret, redact};

/// A helper that asks somebody a question in a window nobody sees must not hold everything up.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// What the helper says instead of credentials it does not have.
const NOT_FOUND: &str = "credentials not found";

/// Asks `docker-credential-<helper> get` for `server`; `None` when it does not know it.
pub(super) async fn get(
    helper: &str,
    server: &str,
    environment: Environment<'_>,
) -> Result<Option<Credentials>, Problem> {
    get_within(TIME_LIMIT, helper, server, environment).await
}

async fn get_within(
    limit: Duration,
    helper: &str,
    server: &str,
    environment: Environment<'_>,
) -> Result<Option<Credentials>, Problem> {
    let program = format!("docker-credential-{helper}");
    if helper.contains(['/', '\\', '\0']) {
        return Err(failed(
            &program,
            server,
            &say!("its name holds something that no program name does", "它的名字里有程序名不能有的字符"),
        ));
    }
    let output = match tokio::time::timeout(limit, run(&program, server, environment)).await {
        Ok(Ok(output)) => output,
        Ok(Err(error)) => {
            let reason = say!("it cannot be run: {error}", "无法运行：{error}", error = Wording::of_system(&error));
            return Err(failed(&program, server, &reason));
        }
        Err(_) => {
            let reason = say!(
                "it did not answer within {seconds} seconds",
                "{seconds} 秒内没有应答",
                seconds = limit.as_secs_f32()
            );
            return Err(failed(&program, server, &reason));
        }
    };
    if !output.status.success() {
        return refused(&program, server, &output);
    }
    // The parser's message may quote the secret.
    read(&output.stdout).map_err(|_| {
        let reason = say!("its answer is not the JSON of a credential helper", "它的应答不是凭据助手该有的 JSON");
        failed(&program, server, &reason)
    })
}

async fn run(program: &str, server: &str, environment: Environment<'_>) -> std::io::Result<Output> {
    let mut command = Command::new(program);
    command.arg("get").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    if let Some(path) = environment("PATH") {
        command.env("PATH", path);
    }
    let mut child = command.spawn()?;
    if let Some(mut input) = child.stdin.take() {
        // A helper that answers without reading its input closes it; its answer is what counts.
        let _ = input.write_all(format!("{server}\n").as_bytes()).await;
    }
    child.wait_with_output().await
}

fn refused(program: &str, server: &str, output: &Output) -> Result<Option<Credentials>, Problem> {
    let said = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).join(" ");
    if said.contains(NOT_FOUND) {
        return Ok(None);
    }
    // JSON on standard output would be credentials, whatever the exit status says.
    let said = if said.contains('{') { String::new() } else { redact::text(&said, &[]) };
    let status = output.status;
    let said = said.trim();
    let reason = if said.is_empty() {
        say!("it ended with {status}", "它以 {status} 结束", status)
    } else {
        say!("it ended with {status}: {said}", "它以 {status} 结束：{said}", status, said)
    };
    Err(failed(program, server, &reason))
}

fn read(output: &[u8]) -> serde_json::Result<Option<Credentials>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Answer {
        username: String,
        secret: String,
    }
    let Answer { username, secret } = serde_json::from_slice(output)?;
    Ok(match (username.as_str(), secret.as_str()) {
        ("", _) | (_, "") => None,
        ("<token>", _) => Some(Credentials::IdentityToken(Secret::new(secret))),
        _ => Some(Credentials::Basic { username, password: Secret::new(secret) }),
    })
}

fn failed(program: &str, server: &str, reason: &Wording) -> Problem {
    let message = say!(
        "`{program}` gives no credentials for {server}: {reason}",
        "`{program}` 没有给出 {server} 的凭据：{reason}",
        program,
        server,
        reason
    );
    Problem::new("credential-helper", message).with_help(say!(
        "repair or install the helper, or write `auth` into the `registry` section instead of `docker-config`",
        "修复或安装这个凭据助手，或者在 `registry` 小节里写 `auth` 代替 `docker-config`"
    ))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[tokio::test]
    async fn a_helper_that_does_not_answer_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("docker-credential-mute");
        std::fs::write(&program, "#!/bin/sh\nexec sleep 30\n").unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}:/usr/bin:/bin", folder.path().display());
        let environment = move |_: &str| Some(path.clone().into());
        let problem = get_within(Duration::from_millis(200), "mute", "a.io", &environment).await.unwrap_err();
        assert!(problem.message.english().ends_with("it did not answer within 0.2 seconds"), "{problem}");
    }
}
