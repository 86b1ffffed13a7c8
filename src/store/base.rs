//! What a store says of an image that others are built on: the platforms that it is for, and the variables that it sets.

use std::collections::{BTreeMap, BTreeSet};

use super::image::{MAX_CONFIG, config_bytes};
use super::{Error, Store};
use crate::diag::{Problem, Wording, say};
use crate::image::{
    Child, Descriptor, Digest, Manifest, ManifestReference, Platform, RawManifest, Repository, variables_in_config,
};
use crate::lint::{BaseImage, Offer};

/// Variables by the platform that was asked for.
type Variables = BTreeMap<Option<Platform>, BTreeSet<String>>;

/// Reads the manifest of an image, and the configs of the platforms whose variables are `wanted`; of a single image always
/// its config, which alone says what it is for. Blobs of layers are left alone.
///
/// # Errors
/// When there is no such image, when it does not say what it is for, or when it cannot be read.
pub async fn read_base(
    store: &Store,
    repository: &Repository,
    reference: &ManifestReference,
    wanted: &BTreeSet<Option<Platform>>,
) -> Result<BaseImage, Error> {
    let root = manifest(store, repository, reference).await?;
    match parse(&root)? {
        Manifest::Image { config, .. } => {
            let config = read_config(store, repository, &config).await?;
            let platform = Platform::of_config(&config).ok_or_else(|| unclear(&root.digest))?;
            let set = variables_in_config(&config).unwrap_or_default();
            let variables = wanted.iter().map(|platform| (platform.clone(), set.clone())).collect();
            Ok(BaseImage { offer: Offer::Only(platform), variables })
        }
        Manifest::Index { children, .. } => {
            let images: Vec<_> = children.into_iter().filter(|child| !child.attestation).collect();
            let platforms = images.iter().map(|image| image.platform.clone()).collect::<Option<Vec<_>>>();
            let mut platforms = platforms.ok_or_else(|| unclear(&root.digest))?;
            let mut seen = BTreeSet::new();
            platforms.retain(|platform| seen.insert(platform.clone()));
            let variables = variables(store, repository, &images, wanted).await?;
            Ok(BaseImage { offer: Offer::Each(platforms), variables })
        }
    }
}

async fn variables(
    store: &Store,
    repository: &Repository,
    images: &[Child],
    wanted: &BTreeSet<Option<Platform>>,
) -> Result<Variables, Error> {
    let mut read: BTreeMap<&Digest, BTreeSet<String>> = BTreeMap::new();
    let mut variables = Variables::new();
    for platform in wanted {
        let Some(digest) = chosen(images, platform.as_ref()).map(|image| &image.descriptor.digest) else { continue };
        if !read.contains_key(digest) {
            let image = manifest(store, repository, &ManifestReference::Digest(digest.clone())).await?;
            // An index in an index.
            let Manifest::Image { config, .. } = parse(&image)? else { continue };
            let config = read_config(store, repository, &config).await?;
            read.insert(digest, variables_in_config(&config).ok_or_else(|| unclear(&image.digest))?);
        }
        variables.insert(platform.clone(), read[digest].clone());
    }
    Ok(variables)
}

/// The image that a builder takes out of an index for a platform; where none is named, the one that most people mean.
fn chosen<'i>(images: &'i [Child], platform: Option<&Platform>) -> Option<&'i Child> {
    let find = |fits: &dyn Fn(&Platform) -> bool| images.iter().find(|image| image.platform.as_ref().is_some_and(fits));
    match platform {
        Some(wanted) => find(&|one| one.normalized() == wanted.normalized()).or_else(|| find(&|one| wanted.runs(one))),
        None => find(&|one| one.os == "linux" && one.architecture == "amd64")
            .or_else(|| find(&|one| one.os == "linux"))
            .or_else(|| images.first()),
    }
}

async fn manifest(store: &Store, repository: &Repository, reference: &ManifestReference) -> Result<RawManifest, Error> {
    store.manifest(repository, reference).await?.ok_or_else(|| {
        let sign = if reference.tag().is_some() { ':' } else { '@' };
        let image = format_args!("{repository}{sign}{reference}");
        let message = say!("there is no image {image}", "没有镜像 {image}", image);
        refused("no-such-image", message, say!("correct its name or its tag", "修正镜像名或标签"))
    })
}

fn parse(manifest: &RawManifest) -> Result<Manifest, Error> {
    manifest.parse().map_err(|error| refused("not-an-image", error.wording(), NAME_AN_IMAGE))
}

async fn read_config(store: &Store, repository: &Repository, config: &Descriptor) -> Result<Vec<u8>, Error> {
    if config.size > MAX_CONFIG { Err(unclear(&config.digest)) } else { config_bytes(store, repository, config).await }
}

fn unclear(digest: &Digest) -> Error {
    let message = say!("{digest} does not say which platform it is for", "{digest} 没有说明它适用于哪个平台", digest);
    refused("not-an-image", message, NAME_AN_IMAGE)
}

const NAME_AN_IMAGE: Wording = say!("name an image that programs run in", "写一个能运行程序的镜像");

fn refused(code: &'static str, message: Wording, help: Wording) -> Error {
    Error { problem: Problem::new(code, message).with_help(help), temporary: false }
}
