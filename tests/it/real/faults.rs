//! The fault proxy misbehaves as it is told.

use std::time::{Duration, Instant};

use reqwest::Method;

use crate::support::content::image;
use crate::support::faults::{Fault, FaultProxy, closed_port, first};
use crate::support::http::Http;
use crate::support::registry::Registry;

const SIZE: usize = 200_000;

/// A registry with one image of one large layer, and that layer's path.
fn registry_with_layer() -> (Registry, String) {
    let registry = Registry::plain();
    let artifact = image(1).layers(1, SIZE).build();
    artifact.push(&registry.http(), "a/b", "v1");
    let path = format!("/v2/a/b/blobs/{}", artifact.blobs[1].digest);
    (registry, path)
}

fn client(proxy: &FaultProxy) -> Http {
    Http::new(format!("http://{}", proxy.address()))
}

#[test]
fn a_download_is_cut_on_the_first_connections_only() {
    let (registry, path) = registry_with_layer();
    let proxy = FaultProxy::start(registry.address(), first(2, Fault::cut_download(50_000)));
    for _ in 0..2 {
        assert!(client(&proxy).try_send(Method::GET, &path, &[], Vec::new()).is_err());
    }
    assert!(client(&proxy).get(&path).body.len() > SIZE);
    assert_eq!(proxy.connections(), 3);
}

#[test]
fn an_upload_is_cut() {
    let registry = Registry::plain();
    let proxy = FaultProxy::start(registry.address(), first(1, Fault::cut_upload(10_000)));
    let upload = |client: &Http| client.try_send(Method::POST, "/v2/a/b/blobs/uploads/", &[], vec![0; SIZE]);
    assert!(upload(&client(&proxy)).is_err());
    assert_eq!(upload(&client(&proxy)).unwrap().status, 202);
}

#[test]
fn a_connection_is_reset_or_refused() {
    let registry = Registry::plain();
    let proxy = FaultProxy::start(registry.address(), |_| Fault::reset());
    assert!(client(&proxy).try_send(Method::GET, "/v2/", &[], Vec::new()).is_err());
    assert!(proxy.host().starts_with("127.0.0.1:"));
    let refused = Http::new(format!("http://{}", closed_port())).try_send(Method::GET, "/v2/", &[], Vec::new());
    assert!(refused.unwrap_err().is_connect());
}

#[test]
fn a_connection_is_slow() {
    let (registry, path) = registry_with_layer();
    let took = |fault: Fault| {
        let proxy = FaultProxy::start(registry.address(), move |_| fault);
        let begin = Instant::now();
        client(&proxy).get(&path).expect_status(200);
        begin.elapsed()
    };
    assert!(took(Fault::delay(Duration::from_millis(300))) >= Duration::from_millis(300));
    assert!(took(Fault::throttle(SIZE as u64 * 2)) >= Duration::from_millis(400));
    // To connect, and to ask.
    assert!(took(Fault::far_away(Duration::from_millis(150))) >= Duration::from_millis(300));
}
