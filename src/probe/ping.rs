//! One echo request to each address, by the system's `ping`: sockets for ICMP are for the privileged.

use std::net::IpAddr;
use std::process::Stdio;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::process::Command;
use tokio::time::timeout;

use crate::diag::say;
use crate::network::judge::Echo;

/// The exit code of every `ping` that got no echo.
const NO_ECHO: i32 = 1;

/// One echo an address, all at the same time.
pub(super) async fn observe(addresses: &[IpAddr], limit: Duration) -> Vec<(IpAddr, Echo)> {
    join_all(addresses.iter().map(|address| async move { (*address, echo(*address, limit).await) })).await
}

async fn echo(address: IpAddr, limit: Duration) -> Echo {
    let mut command = Command::new("ping");
    command.args(if cfg!(windows) { ["-n", "1"] } else { ["-c", "1"] }).arg(address.to_string());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    match timeout(limit, command.status()).await {
        Ok(Ok(status)) if status.success() => Echo::Heard,
        Ok(Ok(status)) if status.code() != Some(NO_ECHO) => {
            Echo::Unsent(say!("ping ended with {status}", "ping 结束：{status}", status))
        }
        Ok(Ok(_)) | Err(_) => Echo::Silent,
        Ok(Err(error)) => {
            Echo::Unsent(say!("the program ping does not run: {error}", "无法运行程序 ping：{error}", error))
        }
    }
}
