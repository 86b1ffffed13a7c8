//! Opens a connection to each address.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::diag::Wording;
use crate::network::judge::{Attempt, ConnectFailure};

/// One attempt an address, all at the same time.
pub(super) async fn observe(addresses: &[IpAddr], port: u16, limit: Duration) -> Vec<Attempt> {
    join_all(addresses.iter().map(|address| attempt(SocketAddr::new(*address, port), limit))).await
}

async fn attempt(address: SocketAddr, limit: Duration) -> Attempt {
    let start = Instant::now();
    let outcome = match timeout(limit, TcpStream::connect(address)).await {
        Ok(Ok(_)) => Ok(start.elapsed()),
        Ok(Err(error)) => Err(failure(&error, limit)),
        Err(_) => Err(ConnectFailure::TimedOut(limit)),
    };
    Attempt { address, outcome }
}

fn failure(error: &io::Error, limit: Duration) -> ConnectFailure {
    match error.kind() {
        ErrorKind::ConnectionRefused => ConnectFailure::Refused,
        ErrorKind::TimedOut => ConnectFailure::TimedOut(limit),
        ErrorKind::NetworkUnreachable | ErrorKind::AddrNotAvailable => ConnectFailure::Unreachable,
        ErrorKind::HostUnreachable => ConnectFailure::Rejected,
        _ => ConnectFailure::Other(Wording::of_system(error)),
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(3);

    #[tokio::test]
    async fn a_listener_accepts_and_a_free_port_refuses() {
        let loopback: IpAddr = "127.0.0.1".parse().unwrap();
        let listener = TcpListener::bind((loopback, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(observe(&[loopback], port, LIMIT).await[0].outcome.is_ok());
        drop(listener);
        assert_eq!(observe(&[loopback], port, LIMIT).await[0].outcome, Err(ConnectFailure::Refused));
    }

    #[tokio::test]
    async fn each_address_has_its_own_outcome() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addresses = ["127.0.0.1", "127.0.0.2"].map(|address| address.parse().unwrap());
        let attempts = observe(&addresses, listener.local_addr().unwrap().port(), LIMIT).await;
        assert!(attempts[0].outcome.is_ok());
        assert_eq!(attempts[1].outcome, Err(ConnectFailure::Refused));
    }
}
