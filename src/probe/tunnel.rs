//! A connection to the registry: straight, or through a proxy by `CONNECT` (RFC 9110, section 9.3.6).

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::network::{Proxy, Route};

#[derive(Debug, thiserror::Error)]
pub(super) enum TunnelError {
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Status line of the proxy's answer.
    #[error("{0}")]
    Refused(String),
}

/// Connects to `address`, the registry's or the proxy's, and on to `authority`.
pub(super) async fn open(route: &Route, address: SocketAddr, authority: &str) -> Result<TcpStream, TunnelError> {
    let mut stream = TcpStream::connect(address).await?;
    if let Route::Through(proxy) = route {
        connect(&mut stream, proxy, authority).await?;
    }
    Ok(stream)
}

async fn connect(stream: &mut TcpStream, proxy: &Proxy, authority: &str) -> Result<(), TunnelError> {
    let mut request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n");
    if let Some(authorization) = proxy.authorization() {
        request.extend(["Proxy-Authorization: ", authorization, "\r\n"]);
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).await?;
    let head = head(stream).await?;
    let status: String = head.lines().next().unwrap_or_default().chars().filter(|char| !char.is_control()).collect();
    match status.split_ascii_whitespace().nth(1) {
        Some(code) if status.starts_with("HTTP/1.") && code.len() == 3 && code.starts_with('2') => Ok(()),
        _ => Err(TunnelError::Refused(status)),
    }
}

/// Headers up to the empty line and not a byte further: what follows belongs to the tunnel.
async fn head(stream: &mut TcpStream) -> io::Result<String> {
    const LONGEST: usize = 16 * 1024;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < LONGEST {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && !head.is_empty() => break,
            Err(error) => return Err(error),
        }
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}
