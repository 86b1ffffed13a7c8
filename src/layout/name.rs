//! Names of images in `index.json`: which annotation says them, and how they are written. No I/O.

use serde_json::{Map, Value};

use crate::image::{Reference, Repository, Tag};

pub(super) const REF_NAME: &str = "org.opencontainers.image.ref.name";
const CONTAINERD_NAME: &str = "io.containerd.image.name";

/// What an entry is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) repository: Repository,
    pub(super) tag: Tag,
    /// Named as [`write`] names it, or with the bare tag of the directory's repository. Another name (of another registry,
    /// with a digest) is somebody else's: it is read as this one, and never replaced or taken away.
    pub(super) own: bool,
}

/// The name that the annotations of an entry give; none when they give no whole name.
///
/// `own` is the repository that bare tags belong to: skopeo writes them in `oci:DIR:TAG`.
pub(super) fn read(annotations: &Map<String, Value>, own: Option<&Repository>) -> Option<Name> {
    if let Some(name) = annotations.get(CONTAINERD_NAME) {
        return read_full(name.as_str()?);
    }
    let name = annotations.get(REF_NAME)?.as_str()?;
    if name.contains(':') {
        return read_full(name);
    }
    Some(Name { repository: own?.clone(), tag: name.parse().ok()?, own: true })
}

fn read_full(written: &str) -> Option<Name> {
    let name = written.split_once('@').map_or(written, |(name, _digest)| name);
    let (repository, tag) = if starts_with_host(name) {
        let reference: Reference = name.parse().ok()?;
        (reference.repository, reference.tag?)
    } else {
        let (repository, tag) = name.rsplit_once(':')?;
        (repository.parse().ok()?, tag.parse().ok()?)
    };
    let own = written == write(&repository, &tag);
    Some(Name { repository, tag, own })
}

/// `<repository>:<tag>`; `localhost/` goes before a repository that would else be read as a registry with a path.
pub(super) fn write(repository: &Repository, tag: &Tag) -> String {
    let registry = if starts_with_host(repository.as_str()) { "localhost/" } else { "" };
    format!("{registry}{repository}:{tag}")
}

/// Docker's habit, as in [`Reference`].
fn starts_with_host(name: &str) -> bool {
    name.split_once('/').is_some_and(|(first, _)| first.contains(['.', ':']) || first == "localhost")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// The name, and whether it is this tool's own.
    fn name(annotations: Value) -> Option<(String, bool)> {
        let own = "shop".parse().unwrap();
        let Value::Object(annotations) = annotations else { panic!("an object") };
        read(&annotations, Some(&own)).map(|name| (format!("{}:{}", name.repository, name.tag), name.own))
    }

    #[test]
    fn every_tool_s_names_are_read() {
        let containerd = "docker.io/library/nginx:1.27";
        for (annotations, expected) in [
            (json!({ REF_NAME: "team/app:1.0" }), Some(("team/app:1.0", true))),
            (json!({ REF_NAME: "app:1.0" }), Some(("app:1.0", true))),
            (json!({ REF_NAME: "quay.io/team/app:1.0" }), Some(("team/app:1.0", false))),
            (json!({ REF_NAME: "localhost/app:1.0" }), Some(("app:1.0", false))),
            (json!({ REF_NAME: "localhost/quay.io/app:1.0" }), Some(("quay.io/app:1.0", true))),
            (json!({ REF_NAME: "host:5000/app:1.0" }), Some(("app:1.0", false))),
            (json!({ REF_NAME: "1.0" }), Some(("shop:1.0", true))),
            (json!({ CONTAINERD_NAME: containerd, REF_NAME: "1.27" }), Some(("library/nginx:1.27", false))),
            (json!({ REF_NAME: format!("app:1.0@sha256:{}", "0".repeat(64)) }), Some(("app:1.0", false))),
            (json!({ REF_NAME: "host:5000/app" }), None),
            (json!({ REF_NAME: "team/app" }), None),
            (json!({ REF_NAME: "App:1.0" }), None),
            (json!({ REF_NAME: 1 }), None),
            (json!({}), None),
        ] {
            let expected = expected.map(|(name, own)| (name.to_owned(), own));
            assert_eq!(name(annotations.clone()), expected, "{annotations}");
        }
    }

    proptest! {
        #[test]
        fn a_written_name_reads_back(
            repository in "(localhost|[a-z0-9]{1,4}(\\.[a-z]{1,3})?)(/[a-z0-9]{1,4}(\\.[a-z]{1,3})?){0,3}",
            tag in "[a-zA-Z0-9_][a-zA-Z0-9._-]{0,8}",
        ) {
            let (repository, tag): (Repository, Tag) = (repository.parse().unwrap(), tag.parse().unwrap());
            let Value::Object(annotations) = json!({ REF_NAME: write(&repository, &tag) }) else { panic!() };
            prop_assert_eq!(read(&annotations, None), Some(Name { repository, tag, own: true }));
        }
    }
}
