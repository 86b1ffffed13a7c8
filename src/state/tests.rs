//! The state file as runs leave and find it.

use std::os::unix::fs::PermissionsExt;

use proptest::prelude::*;

use super::*;

fn key(repository: &str) -> Key {
    let digest = Digest::sha256(repository.as_bytes());
    Key { registry: "registry.example:5000".parse().unwrap(), repository: repository.parse().unwrap(), digest }
}

fn now() -> Timestamp {
    "2026-11-22T00:00:00Z".parse().unwrap()
}

#[test]
fn the_next_run_finds_what_was_under_way() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/uploads.json");
    let uploads = Uploads::in_file(&path, now());
    assert_eq!(uploads.find(&key("a")), None);
    uploads.note(key("a"), "http://h/v2/a/blobs/uploads/1?_state=x", now());
    uploads.note(key("b"), "http://h/v2/b/blobs/uploads/2", now());
    uploads.forget(&key("b"));
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!format!("{uploads:?}").contains("_state"));
    drop(uploads);

    let next = Uploads::in_file(&path, now() + SignedDuration::from_hours(24));
    assert_eq!(next.find(&key("a")).as_deref(), Some("http://h/v2/a/blobs/uploads/1?_state=x"));
    assert_eq!(next.find(&key("b")), None);
    next.forget(&key("a"));
    assert!(!path.exists(), "nothing to remember is no file");
}

#[test]
fn old_entries_and_those_of_the_future_are_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("uploads.json");
    Uploads::in_file(&path, now()).note(key("a"), "http://h/1", now());
    for days in [-1, 7, 400] {
        let later = now() + SignedDuration::from_hours(24 * days);
        assert_eq!(Uploads::in_file(&path, later).find(&key("a")), None, "{days} days later");
    }
}

#[test]
fn two_runs_at_once_do_not_share_uploads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("uploads.json");
    let first = Uploads::in_file(&path, now());
    first.note(key("a"), "http://h/1", now());
    let second = Uploads::in_file(&path, now());
    assert_eq!(second.find(&key("a")), None);
    second.note(key("b"), "http://h/2", now());
    second.forget(&key("a"));
    drop((first, second));
    let third = Uploads::in_file(&path, now());
    assert_eq!((third.find(&key("a")).is_some(), third.find(&key("b")).is_some()), (true, false));
}

#[test]
fn a_file_of_another_version_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("uploads.json");
    let newer = r#"{"version": 2, "sessions": {}}"#;
    fs::write(&path, newer).unwrap();
    let uploads = Uploads::in_file(&path, now());
    uploads.note(key("a"), "http://h/1", now());
    assert_eq!(uploads.find(&key("a")).as_deref(), Some("http://h/1"), "good for this run");
    assert_eq!(fs::read_to_string(&path).unwrap(), newer);
}

#[test]
fn a_place_that_cannot_be_written_is_no_error() {
    let uploads = Uploads::in_file(Path::new("/proc/none/uploads.json"), now());
    uploads.note(key("a"), "http://h/1", now());
    assert!(uploads.find(&key("a")).is_some());
}

#[test]
fn the_state_folder_is_the_specification_s() {
    fn path(variables: &[(&str, &str)]) -> Option<PathBuf> {
        default_path(|name| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).into()))
    }
    let home = ("HOME", "/h");
    assert_eq!(path(&[home]), Some("/h/.local/state/swrctl/uploads.json".into()));
    assert_eq!(path(&[home, ("XDG_STATE_HOME", "/s")]), Some("/s/swrctl/uploads.json".into()));
    assert_eq!(path(&[home, ("XDG_STATE_HOME", "s")]), Some("/h/.local/state/swrctl/uploads.json".into()));
    assert_eq!(path(&[]), None);
}

proptest! {
    #[test]
    fn no_file_breaks_anything(text in "\\PC*|[\\[\\]{}\":,0-9a-z]{0,40}") {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("uploads.json");
        fs::write(&path, &text).unwrap();
        let uploads = Uploads::in_file(&path, now());
        prop_assert_eq!(uploads.find(&key("a")), None);
        uploads.note(key("a"), "http://h/1", now());
        prop_assert!(uploads.find(&key("a")).is_some());
    }
}
