//! Asks the system by which way packets to an address leave; sends none.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use crate::diag::Wording;
use crate::network::judge::{Departure, Source};

/// One departure an address.
pub(super) fn observe(addresses: &[IpAddr]) -> Vec<Departure> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let departure = |to: &IpAddr| {
        let from = source(*to).map_err(|error| Wording::of_system(&error)).map(|address| {
            let owner = interfaces.iter().find(|interface| interface.ip() == address);
            Source { address, interface: owner.map(|interface| interface.name.clone()) }
        });
        Departure { to: *to, from }
    };
    addresses.iter().map(departure).collect()
}

/// Connecting a datagram socket looks the route up and binds the address that it would use.
fn source(to: IpAddr) -> io::Result<IpAddr> {
    let any: IpAddr = if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0))?;
    // The port is of no matter to a route.
    socket.connect(SocketAddr::new(to, 443))?;
    Ok(socket.local_addr()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_to_this_machine_leave_by_its_loopback() {
        let departures = observe(&["127.0.0.1".parse().unwrap()]);
        let source = departures[0].from.as_ref().unwrap();
        assert_eq!(source.address, IpAddr::from(Ipv4Addr::LOCALHOST));
        assert!(source.interface.as_ref().unwrap().starts_with("lo"), "{source:?}");
    }
}
