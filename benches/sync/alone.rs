//! What the registries need for an unchanged run: its HEAD requests over plain sockets, and nothing else.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::corpus::Corpus;
use crate::registry::Registry;
use crate::support::content::MANIFEST_TYPES;

/// To each registry: as many as swrctl has.
const CONNECTIONS: usize = 16;

/// Longest head of an answer.
const MAX_HEAD: usize = 8 * 1024;

/// Seconds until both registries have told what every tag holds.
pub fn ask(corpus: &Corpus, registries: [&Registry; 2]) -> f64 {
    let queues = registries.map(|registry| (registry.address(), Mutex::new(corpus.manifests())));
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for (address, paths) in &queues {
            for _ in 0..CONNECTIONS {
                scope.spawn(move || ask_over_one_connection(*address, paths));
            }
        }
    });
    begin.elapsed().as_secs_f64()
}

fn ask_over_one_connection(address: SocketAddr, paths: &Mutex<impl Iterator<Item = String>>) {
    let next = || paths.lock().unwrap_or_else(PoisonError::into_inner).next();
    let mut connection = TcpStream::connect(address).unwrap();
    connection.set_nodelay(true).unwrap();
    let mut answer = [0; MAX_HEAD];
    while let Some(path) = next() {
        let accepted = MANIFEST_TYPES.join(", ");
        let request = format!("HEAD {path} HTTP/1.1\r\nHost: {address}\r\nAccept: {accepted}\r\n\r\n");
        connection.write_all(request.as_bytes()).unwrap();
        let mut length = 0;
        while !answer[..length].ends_with(b"\r\n\r\n") {
            let read = connection.read(&mut answer[length..]).unwrap();
            assert!(read > 0, "{path}: the answer has no end");
            length += read;
        }
        assert!(answer.starts_with(b"HTTP/1.1 200 "), "{path}: {}", String::from_utf8_lossy(&answer[..length]));
    }
}
