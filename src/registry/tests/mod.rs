//! How the client behaves towards servers that do what registries do, right and wrong.

mod deletes;
mod downloads;
mod faults;
mod lists;
mod login;
mod manifests;
mod referrers;
mod secure;
mod server;
mod storage;
mod uploads;
mod vendor;

use server::Server;

use super::{Access, CheckedBy, Client, Credentials, Secret, Settings, TlsSettings};
use crate::image::{BlobError, BlobStream, Descriptor, Digest, ManifestReference, MediaType, RawManifest, Repository};

const PASSWORD: &str = "hunter2-is-secret";

fn settings(server: &Server) -> Settings {
    let tls = TlsSettings { plain_http: true, ..TlsSettings::default() };
    Settings { tls, retries: 0, ..Settings::new(server.host().parse().unwrap()) }
}

fn client(server: &Server) -> Client {
    Client::new(settings(server)).unwrap()
}

fn logged_in(server: &Server) -> Client {
    let credentials = Credentials::Basic { username: "bob".to_owned(), password: Secret::new(PASSWORD) };
    Client::new(Settings { credentials, ..settings(server) }).unwrap()
}

fn repository(text: &str) -> Repository {
    text.parse().unwrap()
}

fn tag(text: &str) -> ManifestReference {
    ManifestReference::Tag(text.parse().unwrap())
}

fn blob_of(bytes: &[u8]) -> Descriptor {
    Descriptor { media_type: MediaType::OciLayerTar, digest: Digest::sha256(bytes), size: bytes.len() as u64 }
}

async fn read(mut stream: BlobStream) -> Result<Vec<u8>, BlobError> {
    use futures_util::StreamExt;
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.next().await {
        bytes.extend_from_slice(&chunk?);
    }
    Ok(bytes)
}

/// Tasks run on several threads; that every method can be one is a promise.
#[test]
fn every_method_can_be_a_task() {
    fn task<T: Send>(_: fn(&'static Client) -> T) {}
    task(Client::ping);
    task(Client::catalog);
    task(|client| async { client.authorize(&repository("a"), Access::Pull).await });
    task(|client| async { client.tags(&repository("a")).await });
    task(|client| async { client.head_manifest(&repository("a"), &tag("t")).await });
    task(|client| async { client.manifest(&repository("a"), &tag("t")).await });
    task(|client| async { client.put_manifest(&repository("a"), &tag("t"), &RawManifest::new(None, "")).await });
    task(|client| async { client.head_blob(&repository("a"), &blob_of(b"").digest).await });
    task(|client| async { client.blob(&repository("a"), &blob_of(b"")).await });
    task(|client| async { client.blob_storage(&repository("a"), &blob_of(b"").digest).await });
    task(|client| async { client.mount_blob(&repository("a"), &blob_of(b"").digest, &repository("b")).await });
    task(|client| async {
        let (from, upload) =
            (client.blob(&repository("a"), &blob_of(b"")).await?, client.start_upload(&repository("a")).await?);
        client.finish_upload(upload, &blob_of(b""), from, CheckedBy::Us).await
    });
}
