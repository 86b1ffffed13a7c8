//! Tags away where a registry deletes manifests only: whatever fails on the way, nobody is left in doubt.

use std::sync::Mutex;

use super::server::{Answer, Seen, Server};
use super::{client, repository};
use crate::image::Digest;
use crate::registry::{Error, Kind, Removal};

const ORIGINAL: &str = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#;

/// A registry that deletes by digest only, with what its tag holds and how often that was written.
struct Tagged {
    held: Mutex<(Vec<u8>, usize)>,
    /// Answers to what is written under the tag, and whether that is stored all the same.
    puts: [(u16, bool); 2],
}

impl Tagged {
    fn answer(&self, seen: &Seen) -> Answer {
        let mut held = self.held.lock().unwrap();
        let (is_tag, is_manifest) = (seen.target.ends_with("/manifests/t"), seen.target.contains("/manifests/"));
        match seen.method.as_str() {
            "DELETE" if is_tag => Answer::error(405, "UNSUPPORTED", "by digest only"),
            "DELETE" if held.1 == 0 => Answer::error(404, "MANIFEST_UNKNOWN", "manifest unknown"),
            "DELETE" => Answer::error(403, "DENIED", "no deletion"),
            "POST" => Answer::new(202).header("Location", "/v2/a/blobs/uploads/1"),
            "PUT" if is_tag => {
                let (status, stored) = self.puts[held.1];
                held.1 += 1;
                if stored {
                    held.0.clone_from(&seen.body);
                }
                Answer::new(status)
            }
            "PUT" => Answer::new(201),
            _ if is_manifest => Answer::new(200)
                .body(&held.0)
                .header("Content-Type", "application/vnd.oci.image.index.v1+json")
                .header("Docker-Content-Digest", Digest::sha256(&held.0).to_string()),
            _ => Answer::new(200),
        }
    }
}

/// The error of deleting the tag, and whether it holds what it held.
async fn failing(puts: [(u16, bool); 2]) -> (Error, bool) {
    let held = Mutex::new((ORIGINAL.as_bytes().to_vec(), 0));
    let tagged = std::sync::Arc::new(Tagged { held, puts });
    let registry = std::sync::Arc::clone(&tagged);
    let server = Server::start(move |seen| registry.answer(seen)).await;
    let error = client(&server)
        .delete_tag(&repository("a"), &"t".parse().unwrap(), &Digest::sha256(ORIGINAL.as_bytes()))
        .await
        .unwrap_err();
    let is_kept = tagged.held.lock().unwrap().0 == ORIGINAL.as_bytes();
    (error, is_kept)
}

#[tokio::test]
async fn a_tag_that_cannot_go_is_put_back() {
    let (error, is_kept) = failing([(201, true), (201, true)]).await;
    assert_eq!((error.kind(), is_kept), (&Kind::Denied, true));
}

#[tokio::test]
async fn a_tag_is_put_back_where_only_the_answer_was_lost() {
    let (error, is_kept) = failing([(500, true), (201, true)]).await;
    assert_eq!((error.kind(), is_kept), (&Kind::ServerError, true));
    let (error, is_kept) = failing([(500, false), (500, false)]).await;
    assert_eq!((error.kind(), is_kept), (&Kind::ServerError, true), "nothing changed, so that nothing is put back");
}

#[tokio::test]
async fn a_tag_that_cannot_be_put_back_is_told_with_what_it_held() {
    let (error, is_kept) = failing([(201, true), (500, false)]).await;
    assert!(!is_kept);
    let digest = Digest::sha256(ORIGINAL.as_bytes());
    assert_eq!(*error.kind(), Kind::PlaceholderLeft(digest.clone()));
    let problem = error.problem();
    let told = format!("the tag could not be deleted, and holds a placeholder in place of {digest}: PUT ");
    assert!(problem.message.english().starts_with(&told), "{problem}");
    assert!(problem.help.is_some());
}

/// A registry that deletes by digest only and breaks off so many times, when the manifest is gone and the tag is not.
async fn breaking_off(times: usize) -> (Result<Removal, Error>, bool) {
    // What the tag holds, whether its name is there, and how often a deletion broke off.
    let state = std::sync::Arc::new(Mutex::new((Some(ORIGINAL.as_bytes().to_vec()), true, 0)));
    let registry = std::sync::Arc::clone(&state);
    let server = Server::start(move |seen| {
        let mut state = registry.lock().unwrap();
        let is_tag = seen.target.ends_with("/manifests/t");
        match seen.method.as_str() {
            "DELETE" if is_tag => Answer::error(405, "UNSUPPORTED", "by digest only"),
            "DELETE"
                if state.0.as_ref().is_none_or(|held| !seen.target.ends_with(&Digest::sha256(held).to_string())) =>
            {
                Answer::error(404, "MANIFEST_UNKNOWN", "manifest unknown")
            }
            "DELETE" => {
                state.0 = None;
                state.1 = state.2 < times;
                state.2 += 1;
                if state.1 { Answer::error(500, "UNKNOWN", "path not found") } else { Answer::new(202) }
            }
            "POST" => Answer::new(202).header("Location", "/v2/a/blobs/uploads/1"),
            "PUT" if is_tag => {
                (state.0, state.1) = (Some(seen.body.clone()), true);
                Answer::new(201)
            }
            "PUT" => Answer::new(201),
            _ if seen.target.contains("/tags/list") => {
                Answer::json(200, if state.1 { r#"{"tags":["t"]}"# } else { r#"{"tags":null}"# })
            }
            _ => match &state.0 {
                None => Answer::error(404, "MANIFEST_UNKNOWN", "manifest unknown"),
                Some(held) => Answer::new(200)
                    .body(held)
                    .header("Content-Type", "application/vnd.oci.image.index.v1+json")
                    .header("Docker-Content-Digest", Digest::sha256(held).to_string()),
            },
        }
    })
    .await;
    let deleted =
        client(&server).delete_tag(&repository("a"), &"t".parse().unwrap(), &Digest::sha256(ORIGINAL.as_bytes())).await;
    let is_kept = state.lock().unwrap().0.as_deref() == Some(ORIGINAL.as_bytes());
    (deleted, is_kept)
}

#[tokio::test]
async fn a_name_that_is_left_is_deleted_again_or_leads_to_what_it_held() {
    let (deleted, is_kept) = breaking_off(2).await;
    assert_eq!((deleted.unwrap(), is_kept), (Removal::Done, false));
    let (deleted, is_kept) = breaking_off(usize::MAX).await;
    assert_eq!((deleted.unwrap_err().kind(), is_kept), (&Kind::ServerError, true));
}

/// What becomes of a tag that is found to hold another manifest than it did, with a config like this.
async fn found(config: &'static str) -> (Removal, Digest) {
    let manifest = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": { "mediaType": "application/vnd.docker.container.image.v1+json", "size": config.len(),
                    "digest": Digest::sha256(config.as_bytes()) },
        "layers": [],
    });
    let manifest = manifest.to_string();
    let held = Digest::sha256(manifest.as_bytes());
    let stated = held.to_string();
    let server = Server::start(move |seen| match seen.method.as_str() {
        "GET" | "HEAD" if seen.target.contains("/blobs/") => Answer::new(200).body(config),
        "GET" | "HEAD" => Answer::new(200)
            .body(&manifest)
            .header("Content-Type", "application/vnd.docker.distribution.manifest.v2+json")
            .header("Docker-Content-Digest", &stated),
        _ => panic!("{} changes what somebody else wrote", seen.line()),
    })
    .await;
    let before = Digest::sha256(ORIGINAL.as_bytes());
    (client(&server).delete_tag(&repository("a"), &"t".parse().unwrap(), &before).await.unwrap(), held)
}

#[tokio::test]
async fn a_tag_that_another_process_deletes_is_left_to_it_and_one_that_moved_stays() {
    let (removal, _) = found(r#"{"comment":"a:t is being deleted by process 7 at 1"}"#).await;
    assert_eq!(removal, Removal::Absent);
    let (removal, held) = found(r#"{"comment":"a:other is being deleted by process 7 at 1"}"#).await;
    assert_eq!(removal, Removal::Moved(held));
}
