//! Reading a whole image: its manifest, the children that are kept, and the rewrite applied.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::reads::ConfigFacts;
use super::{Error, Reads, Store};
use crate::diag::{Problem, say};
use crate::image::rewrite::{self, ImageTree, MAX_DEPTH, Rewrite, RewriteError};
use crate::image::{
    Descriptor, Digest, Manifest, ManifestReference, Platform, RawManifest, Repository, created_in_config,
    layers_in_config, recompressed_images, same_content,
};

/// Manifests read at a time below one index.
const CHILDREN_AT_A_TIME: usize = 8;
/// Most manifests below an index, and bytes of all of them: some ten times what the largest images have.
const MAX_CHILDREN: usize = 1000;
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// Reads the manifests of `repository@digest`, as far as `reads` lacks them, and rewrites them; blobs are not touched.
///
/// # Errors
/// When a manifest cannot be read or the image cannot be rewritten as asked.
pub async fn read_image(
    store: &Store,
    repository: &Repository,
    digest: &Digest,
    wanted: &Rewrite,
    reads: &Reads,
) -> Result<ImageTree, Error> {
    let root = read_manifest(store, repository, digest, reads).await?;
    let mut children = BTreeMap::new();
    let mut bytes = root.bytes.len();
    let mut level = vec![root.clone()];
    for _ in 0..=MAX_DEPTH {
        let mut digests = BTreeSet::new();
        for manifest in &level {
            let parsed = manifest.parse().map_err(|error| refused(repository, &error.into()))?;
            digests.extend(rewrite::wanted_children(&parsed, wanted).into_iter().map(|child| child.digest));
        }
        digests.retain(|digest| !children.contains_key(digest));
        if digests.is_empty() {
            break;
        }
        if children.len() + digests.len() > MAX_CHILDREN {
            return Err(too_large(repository, &root));
        }
        level = Vec::with_capacity(digests.len());
        let children_read: Vec<_> =
            digests.iter().map(|digest| read_child(store, repository, (&root, digest), reads)).collect();
        let mut children_read = stream::iter(children_read).buffered(CHILDREN_AT_A_TIME);
        while let Some(child) = children_read.try_next().await? {
            bytes += child.bytes.len();
            if bytes > MAX_BYTES {
                return Err(too_large(repository, &root));
            }
            level.push(child);
        }
        drop(children_read);
        children.extend(level.iter().map(|manifest| (manifest.digest.clone(), manifest.clone())));
    }
    let mut platforms = BTreeMap::new();
    let configs = rewrite::configs_to_read(&root, &children, wanted);
    for (image, config) in configs.iter().filter(|(_, config)| config.size <= MAX_CONFIG) {
        let platform = read_config(store, repository, config, reads).await?.platform;
        platforms.extend(platform.map(|platform| (image.clone(), platform)));
    }
    let mut tree =
        rewrite::rewrite(&root, &children, &platforms, wanted).map_err(|error| refused(repository, &error))?;
    tree.reads.extend(configs.into_values().map(|config| config.digest));
    if !wanted.platforms.is_empty() {
        tree.reads.extend(require_platform(store, repository, (&root, wanted), reads).await?);
    }
    Ok(tree)
}

/// Whether `repository@digest` of a target is the image `wanted` in other words. What is damaged is not, so that it is
/// written again.
///
/// # Errors
/// When it cannot be read now.
pub async fn is_equivalent(
    store: &Store,
    held: (&Repository, &Digest),
    wanted: &ImageTree,
    reads: &Reads,
) -> Result<bool, Error> {
    match compare(store, held, wanted, reads).await {
        Err(error) if !error.temporary => Ok(false),
        compared => compared,
    }
}

async fn compare(
    store: &Store,
    (repository, digest): (&Repository, &Digest),
    wanted: &ImageTree,
    reads: &Reads,
) -> Result<bool, Error> {
    let present = read_image(store, repository, digest, &Rewrite::default(), reads).await?;
    if !same_content(wanted, &present) {
        return Ok(false);
    }
    // The configs are the same: do they tell what recompressed layers hold?
    for (config, layers) in recompressed_images(wanted) {
        if config.size > MAX_CONFIG || read_config(store, repository, &config, reads).await?.layers != layers {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Configs are a few KiB; what is larger is none.
pub(super) const MAX_CONFIG: u64 = 4 * 1024 * 1024;

/// An image without an index says in its config what it runs on: it must be one of the platforms that are wanted.
/// Returns the config that was read for it.
async fn require_platform(
    store: &Store,
    repository: &Repository,
    (root, wanted): (&RawManifest, &Rewrite),
    reads: &Reads,
) -> Result<Option<Digest>, Error> {
    let Ok(Manifest::Image { config, .. }) = root.parse() else { return Ok(None) };
    if config.size > MAX_CONFIG {
        return Err(refused(repository, &RewriteError::UnknownPlatform(config.digest)));
    }
    let Some(platform) = read_config(store, repository, &config, reads).await?.platform else {
        return Err(refused(repository, &RewriteError::UnknownPlatform(config.digest)));
    };
    if wanted.platforms.iter().any(|wanted| wanted.selects(&platform)) {
        return Ok(Some(config.digest));
    }
    Err(refused(repository, &RewriteError::OtherPlatform { found: platform, wanted: wanted.platform_list() }))
}

/// What a config says, of at most [`MAX_CONFIG`] bytes.
pub(super) async fn read_config(
    store: &Store,
    repository: &Repository,
    config: &Descriptor,
    reads: &Reads,
) -> Result<ConfigFacts, Error> {
    let read = Box::pin(async {
        let bytes = config_bytes(store, repository, config).await?;
        let (platform, created) = (Platform::of_config(&bytes), created_in_config(&bytes));
        Ok(ConfigFacts { platform, created, layers: layers_in_config(&bytes) })
    });
    reads.configs.get(&config.digest, read).await
}

/// A config of at most [`MAX_CONFIG`] bytes.
pub(super) async fn config_bytes(
    store: &Store,
    repository: &Repository,
    config: &Descriptor,
) -> Result<Vec<u8>, Error> {
    let chunks: Vec<Bytes> = store.blob(repository, config).await?.try_collect().await?;
    Ok(chunks.concat())
}

/// Reads what a tag or digest names, whatever `reads` has of it; `None` where it names nothing.
///
/// # Errors
/// When it cannot be read.
pub async fn read_tagged(
    store: &Store,
    repository: &Repository,
    reference: &ManifestReference,
    reads: &Reads,
) -> Result<Option<RawManifest>, Error> {
    let read = store.manifest(repository, reference).await?;
    if let Some(manifest) = &read {
        reads.manifests.put(manifest.digest.clone(), manifest.clone());
    }
    Ok(read)
}

pub(super) async fn read_manifest(
    store: &Store,
    repository: &Repository,
    digest: &Digest,
    reads: &Reads,
) -> Result<RawManifest, Error> {
    reads.manifests.get(digest, Box::pin(read(store, repository, digest))).await
}

/// A child of the index `root`.
async fn read_child(
    store: &Store,
    repository: &Repository,
    (root, digest): (&RawManifest, &Digest),
    reads: &Reads,
) -> Result<RawManifest, Error> {
    let read = read_manifest(store, repository, digest, reads).await;
    read.map_err(|error| if error.problem.code.as_str() == GONE { incomplete(repository, root, digest) } else { error })
}

fn incomplete(repository: &Repository, root: &RawManifest, digest: &Digest) -> Error {
    let platform = match root.parse() {
        Ok(Manifest::Index { children, .. }) => {
            let child = children.into_iter().find(|child| child.descriptor.digest == *digest);
            child.and_then(|child| child.platform)
        }
        _ => None,
    };
    let child = platform.map_or_else(|| digest.to_string(), |platform| format!("{platform} ({digest})"));
    let message = say!(
        "{image} is incomplete at the source: its index names {child}, which is not there",
        "源上的 {image} 不完整：它的索引引用了 {child}，而源里没有",
        image = format_args!("{repository}@{}", root.digest),
        child
    );
    let help = say!(
        "push the image again; or select the platforms that are there with `platforms`, or leave the tag out with `except`",
        "重新推送该镜像；或者用 `platforms` 只选择已有的平台，或者用 `except` 排除这个标签"
    );
    Error { problem: Problem::new("incomplete-index", message).with_help(help), temporary: false }
}

/// Code of the problem that a manifest is not there.
pub const GONE: &str = "manifest-gone";

async fn read(store: &Store, repository: &Repository, digest: &Digest) -> Result<RawManifest, Error> {
    let found = store.manifest(repository, &ManifestReference::Digest(digest.clone())).await?;
    found.ok_or_else(|| Error {
        problem: Problem::new(
            GONE,
            say!(
                "the source has no manifest {name} any more",
                "源里已经没有清单 {name}",
                name = format_args!("{repository}@{digest}")
            ),
        )
        .with_help(say!(
            "plan again: the image was deleted or moved since its tag was read",
            "重新制定计划：读取标签之后镜像被删除或移动了"
        )),
        temporary: false,
    })
}

fn too_large(repository: &Repository, root: &RawManifest) -> Error {
    let message = say!(
        "{image}: its index names more than {most} manifests or {size} MiB of them",
        "{image}：它的索引超过 {most} 个清单或 {size} MiB",
        image = format_args!("{repository}@{}", root.digest),
        most = MAX_CHILDREN,
        size = MAX_BYTES / (1024 * 1024)
    );
    let help = say!(
        "look who writes such an index; leave this tag out with `except`",
        "查明是什么写出这样的索引；用 `except` 排除这个标签"
    );
    Error { problem: Problem::new("image-too-large", message).with_help(help), temporary: false }
}

fn refused(repository: &Repository, error: &RewriteError) -> Error {
    let problem = Problem::new(
        "image-refused",
        say!("{repository}: {reason}", "{repository}：{reason}", repository, reason = error.wording()),
    );
    let help = match error {
        RewriteError::NoSuchPlatform(_) | RewriteError::OtherPlatform { .. } | RewriteError::UnknownPlatform(_) => {
            say!("name platforms that the image has, or drop `platforms`", "写镜像具有的平台，或者去掉 `platforms`")
        }
        RewriteError::Artifact { .. } | RewriteError::NoManifest(_) => say!(
            "leave this tag out with `except`, or use SWR Enterprise for artifacts",
            "用 `except` 排除这个标签，或者用 SWR 企业版存放制品"
        ),
        RewriteError::Layer { .. } => say!(
            "rebuild the image with gzip layers, or use SWR Enterprise",
            "用 gzip 层重新构建镜像，或者使用 SWR 企业版"
        ),
        RewriteError::Nested(_) => say!(
            "leave this tag out with `except`, or push an index that names its images itself",
            "用 `except` 排除这个标签，或者推送一个直接引用镜像的索引"
        ),
        RewriteError::Homeless(_) => say!(
            "leave this tag out with `except`, or build the image again for a platform",
            "用 `except` 排除这个标签，或者为某个平台重新构建镜像"
        ),
        RewriteError::Manifest(_) | RewriteError::MissingChild(_) | RewriteError::TooDeep => {
            say!(
                "push the image to the source again, or leave this tag out with `except`",
                "重新把镜像推送到源，或者用 `except` 排除这个标签"
            )
        }
    };
    Error { problem: problem.with_help(help), temporary: false }
}
