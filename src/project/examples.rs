//! Holds what the examples and the guides show.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Project, load};
use crate::diag::Source;
use crate::image::Digest;

/// Files named `*.kdl` of a folder.
pub(super) fn kdl_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|end| end == "kdl")).collect()
}

/// The project files of `examples`.
pub(super) fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let examples = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    examples.flat_map(|example| kdl_files(&example)).collect()
}

#[test]
fn every_example_parses_without_a_warning() {
    let examples = files();
    assert!(examples.iter().filter(|file| file.ends_with("swr.kdl")).count() >= 5, "{examples:?}");
    for file in examples {
        let (_, warnings) = load(&file).unwrap_or_else(|found| panic!("{}: {found:?}", file.display()));
        assert!(warnings.is_empty(), "{}: {warnings:?}", file.display());
    }
}

#[test]
fn every_blob_of_the_quickstart_is_what_its_name_says() {
    let images = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart/images");
    let index = std::fs::read_to_string(images.join("index.json")).unwrap();
    assert!(index.contains("\"org.opencontainers.image.ref.name\": \"hello:1.0\""));
    let mut manifests = 0;
    for blob in std::fs::read_dir(images.join("blobs/sha256")).unwrap() {
        let blob = blob.unwrap();
        let bytes = std::fs::read(blob.path()).unwrap();
        let digest = Digest::sha256(&bytes);
        assert_eq!(digest.to_string(), format!("sha256:{}", blob.file_name().display()));
        manifests += usize::from(bytes.starts_with(b"{\n  \"schemaVersion\": 2"));
    }
    assert_eq!(manifests, 3, "an index and a manifest for each of two platforms");
}

#[test]
fn every_project_file_in_the_guides_parses() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let guides = std::fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut count = 0;
    for guide in guides.filter(|path| path.extension().is_some_and(|end| end == "md")) {
        let text = std::fs::read_to_string(&guide).unwrap();
        for block in text.split("```kdl\n").skip(1) {
            let (block, _) = block.split_once("```").unwrap();
            let source = Arc::new(Source::new(guide.display().to_string(), block));
            Project::parse(source, PathBuf::from(".")).unwrap_or_else(|found| panic!("{found:#?}\n{block}"));
            count += 1;
        }
    }
    assert!(count > 0, "no guide shows a project file");
}
